"""The overview: requests, users, tokens and cost over time, and by everything that people ask for first."""

from api.dashboard.address import Address
from api.dashboard.figures import count, money, share
from api.dashboard.pages import parts
from api.dashboard.view import Card, Chart, Column, Table, View
from workers.reports import Store, people, subjects, usage
from workers.reports.usage import NOTHING, Moment, Usage

TOP = 10


def make(db: Store, address: Address) -> View:
    scope = address.scope
    for report in (usage, people, subjects):
        report.gather(db, scope)
    moments = usage.over_time(db, scope, address.unit)
    total = sum((moment.usage for moment in moments), NOTHING)
    charts = [*_charts(address, moments), *_users(db, address)]
    tables = [*_uses(db, address), *_counts(db, address, total)]
    return View(cards=_cards(total, people.users(db)), blocks=[*charts, *tables])


def _cards(total: Usage, users: int) -> list[Card]:
    failed = total.errors / total.events if total.events else 0
    rated = total.likes + total.dislikes
    return [
        Card("Requests", total.requests, detail=f"{count(total.events)} events of every kind"),
        Card("Users", users, detail="known by a hash only"),
        Card("Tokens", total.tokens, detail=f"{count(total.completion_tokens)} of them answers"),
        Card("Cost", total.cost, "money", _per_request(total)),
        Card("Failed", total.errors, detail=f"{share(failed)} of all events", alarm=failed > 0.05),  # noqa: PLR2004
        Card("Liked", total.likes / rated if rated else None, "share", f"{count(rated)} ratings"),
    ]


def _per_request(total: Usage) -> str:
    return f"{money(total.cost / total.requests)} a request" if total.requests else "no requests"


def _charts(address: Address, moments: tuple[Moment, ...]) -> list[Chart]:
    def table(name: str, title: str, *series: parts.Series) -> Table:
        return parts.time_table(address, name, title, series, moments)

    return [
        Chart(
            table(
                "requests_over_time",
                "Requests",
                (Column("requests", "Answered", "count"), lambda use: use.requests),
                (Column("failed", "Failed", "count"), lambda use: use.errors),
            ),
            stacked=True,
        ),
        Chart(
            table("cost_over_time", "Cost", (Column("cost_usd", "Cost", "money"), lambda use: use.cost)),
            unit="money",
        ),
        Chart(
            table(
                "tokens_over_time",
                "Tokens",
                (Column("prompt_tokens", "Prompt", "count"), lambda use: use.prompt_tokens),
                (Column("completion_tokens", "Completion", "count"), lambda use: use.completion_tokens),
            ),
            stacked=True,
        ),
    ]


def _users(db: Store, address: Address) -> list[Chart]:
    """Users are told by the day; within one or two days there is nothing to draw."""
    if address.unit != "day":
        return []
    found = people.users_by_day(db)
    rows = [(label, found.get(number, 0)) for number, label in parts.slots(address)]
    columns = (Column("day", "Day (UTC)"), Column("users", "Users", "count"))
    return [Chart(Table("users_by_day", "Users a day", columns, rows))]


def _uses(db: Store, address: Address) -> list[Table]:
    columns = {"model": "model", "project": "project_id", "deployment": "deployment"}
    return [
        parts.use_table(address, f"by_{what}", f"By {what}", column, usage.calls_by(db, column, top=TOP))
        for what, column in columns.items()
    ]


def _counts(db: Store, address: Address, total: Usage) -> list[Table]:
    topics = [(topic.name, topic.calls) for topic in subjects.topics(db)]
    languages = [
        (parts.linked(address, "language", each.name), each.usage.requests)
        for each in usage.calls_by(db, "language", top=TOP)
    ]
    failures = [(each.name, each.usage.errors) for each in usage.failures_by(db, "status", top=TOP)]
    asked = sum(calls for _, calls in topics)
    by_status = parts.counted(
        "failures",
        "Failures",
        Column("status", "Status"),
        failures,
        of=total.errors,
        empty="Nothing failed in this time.",
    )
    return [
        parts.counted("topics", "Topics", Column("topic", "Topic"), topics[:TOP], of=asked),
        parts.counted("languages", "Languages", Column("language", "Language"), languages, of=total.requests),
        by_status,
    ]
