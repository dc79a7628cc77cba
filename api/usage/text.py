"""The usage report as plain text."""

from collections.abc import Iterator

from api.usage.report import Contents, Head, cached_share, money, totals
from workers.reports.llm_usage import ModelUse


def lines(head: Head, contents: Contents) -> Iterator[str]:
    """The report, line by line."""
    yield f"LLM USAGE REPORT FOR {head.application} IN {head.environment}"
    yield ""
    yield "PER MODEL USAGE"
    yield ""
    uses = contents.models if head.extended else contents.used
    for use in uses:
        yield from _section(head, f"MODEL: {use.model}", use)
    if head.extended:
        yield "PER PROJECT USAGE"
        yield ""
        for use in contents.projects:
            yield from _section(head, f"PROJECT: {use.project}, MODEL: {use.model}", use)
    yield "TOTALS"
    yield ""
    yield from _figures(head, totals(uses))


def _section(head: Head, title: str, use: ModelUse) -> Iterator[str]:
    yield title
    yield ""
    yield f"Requests: {use.requests}"
    yield from _figures(head, use)
    yield ""


def _figures(head: Head, use: ModelUse) -> Iterator[str]:
    tokens = use.tokens
    yield f"Prompt Tokens: {tokens.prompt}"
    yield f"Completion Tokens: {tokens.completion}"
    yield f"Cached Tokens: {tokens.cached}"
    yield f"Total Tokens: {tokens.total}"
    if head.costs:
        yield f"Total Cost: {money(tokens.cost, head.currency)}"
    if head.extended:
        yield f"Cached: {cached_share(tokens)}"
        yield f"Unpriced Requests: {use.unpriced}"
        yield f"Errors: {use.errors}"
