"""The named read-only queries over the embedded store, behind the dashboard and `dial-analytics summary`."""

from workers.reports.store import ReportError, Store, reading
from workers.reports.summary import (
    ALL_TIME,
    Count,
    Period,
    Ratings,
    Summary,
    Totals,
    Use,
    by_model,
    by_project,
    errors,
    languages,
    ratings,
    summary,
    topics,
    totals,
)

__all__ = [
    "ALL_TIME",
    "Count",
    "Period",
    "Ratings",
    "ReportError",
    "Store",
    "Summary",
    "Totals",
    "Use",
    "by_model",
    "by_project",
    "errors",
    "languages",
    "ratings",
    "reading",
    "summary",
    "topics",
    "totals",
]
