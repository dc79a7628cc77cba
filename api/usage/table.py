"""The log of calls as CSV, errors included, in the columns of Dev Proxy's OpenAIUsageDebuggingPlugin.

DIAL logs no headers of replies, so that what is left of a quota, and policies, are not known.
"""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime

from api.usage.report import Contents, Head
from workers.reports.llm_usage import Call

COLUMNS = (
    "time",
    "status",
    "retry-after",
    "policy",
    "prompt tokens",
    "completion tokens",
    "cached tokens",
    "total tokens",
    "remaining tokens",
    "remaining requests",
)
EXTENDED = ("model", "deployment", "project", "cost", "price source")


def lines(head: Head, contents: Contents) -> Iterator[str]:
    """The report, line by line."""
    yield _line([*COLUMNS, *(EXTENDED if head.extended else ())])
    for call in contents.calls_by_time():
        yield _line([*_cells(call), *(_more(head, call) if head.extended else ())])


def _cells(call: Call) -> list[str]:
    moment = datetime.fromtimestamp(call.time_ns // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tokens = call.tokens
    counts = ["", "", "", ""]
    if tokens is not None:
        counts = [str(count) for count in (tokens.prompt, tokens.completion, tokens.cached, tokens.total)]
    return [moment, call.status, "", "", *counts, "", ""]


def _more(head: Head, call: Call) -> list[str]:
    cost = f"{call.tokens.cost.normalize():f}" if head.costs and call.tokens else ""
    return [call.model, call.deployment, call.project, cost, call.price_source]


def _line(cells: list[str]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()
