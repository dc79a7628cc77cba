"""The usage report as a table in Markdown."""

from collections.abc import Iterator, Sequence

from api.usage.report import Contents, Head, cached_share, money, totals
from workers.reports.llm_usage import ModelUse

_COLUMNS = {
    "Model": ":----",
    "Requests": "-------:",
    "Prompt Tokens": "------------:",
    "Completion Tokens": "----------------:",
    "Cached Tokens": "-----------:",
    "Total Tokens": "-----------:",
}
_COST = {"Total Cost": "---------:"}
_EXTENDED = {"Cached": "-----:", "Unpriced Requests": "----------------:", "Errors": "-----:"}


def lines(head: Head, contents: Contents) -> Iterator[str]:
    """The report, line by line."""
    yield f"# LLM usage report for {head.application} in {head.environment}"
    yield ""
    uses = contents.models if head.extended else contents.used
    yield from _table(head, [((use.model,), use) for use in uses])
    if head.extended:
        yield ""
        yield "## Projects"
        yield ""
        rows = [((use.project, use.model), use) for use in contents.projects]
        yield from _table(head, rows, {"Project": ":----"})


def _table(
    head: Head, rows: Sequence[tuple[tuple[str, ...], ModelUse]], before: dict[str, str] | None = None
) -> Iterator[str]:
    before = before or {}
    columns = before | _COLUMNS | (_COST if head.costs else {}) | (_EXTENDED if head.extended else {})
    yield "|".join(columns)
    yield "|".join(columns.values())
    for names, use in rows:
        yield "|".join((*map(_cell, names), *_cells(head, use)))
    bold = ["Total", *[""] * len(before), *_cells(head, totals(use for _, use in rows))]
    yield "|".join(f"**{cell}**" if cell else "" for cell in bold)


def _cell(name: str) -> str:
    """A name that comes from outside must not end its cell."""
    return " ".join(name.split()).replace("|", "\\|")


def _cells(head: Head, use: ModelUse) -> list[str]:
    tokens = use.tokens
    counts = [use.requests, tokens.prompt, tokens.completion, tokens.cached, tokens.total]
    cells = [str(count) for count in counts]
    if head.costs:
        cells.append(money(tokens.cost, head.currency))
    if head.extended:
        cells += [cached_share(tokens), str(use.unpriced), str(use.errors)]
    return cells
