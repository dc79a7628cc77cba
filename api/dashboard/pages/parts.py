"""Tables that several pages show: usage by a name, and usage over time."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from api.dashboard.address import FILTERS, Address
from api.dashboard.figures import day
from api.dashboard.view import Column, Link, Table
from workers.reports.usage import Moment, Named, Usage

Series = tuple[Column, Callable[[Usage], Any]]

USE_COLUMNS = (
    Column("requests", "Requests", "count"),
    Column("tokens", "Tokens", "count"),
    Column("cost_usd", "Cost", "money"),
    Column("mean_ms", "Mean time", "duration"),
)
_PARAMETERS = {column: name for name, column in FILTERS.items()}


def linked(address: Address, column: str, name: str) -> Any:
    """A name that can be filtered by is a link that does so."""
    parameter = _PARAMETERS.get(column)
    return Link(name, address.url(**{parameter: name})) if parameter and name else name


def use_table(address: Address, name: str, title: str, column: str, found: Sequence[Named]) -> Table:
    """Requests, tokens, money and time by a name."""
    rows = [
        (
            linked(address, column, each.name),
            each.usage.requests,
            each.usage.tokens,
            each.usage.cost,
            each.usage.mean_ms,
        )
        for each in found
    ]
    return Table(
        name,
        title,
        (Column(column, title.removeprefix("By ").capitalize()), *USE_COLUMNS),
        rows,
        meter="requests",
    )


def counted(
    name: str, title: str, first: Column, rows: Sequence[tuple[Any, int]], *, of: int = 0, empty: str = ""
) -> Table:
    """Names and how often each of them came, with its share `of` the whole: without one, of the rows."""
    whole = of or sum(number for _, number in rows) or 1
    columns = (first, Column("requests", "Requests", "count"), Column("share", "Share", "share"))
    shared = [(name_, number, number / whole) for name_, number in rows]
    return Table(name, title, columns, shared, meter="share", **({"empty": empty} if empty else {}))


def time_table(
    address: Address, name: str, title: str, series: Sequence[Series], moments: Sequence[Moment]
) -> Table:
    """A row for every day or hour of the range, also for those in which nothing happened."""
    known = {moment.number: moment.usage for moment in moments}
    nothing = tuple(0 for _ in series)
    rows = [
        (label, *(tuple(read(known[number]) for _, read in series) if number in known else nothing))
        for number, label in slots(address)
    ]
    return Table(name, title, (first_column(address), *(column for column, _ in series)), rows)


def first_column(address: Address) -> Column:
    return Column(address.unit, "Hour (UTC)" if address.unit == "hour" else "Day (UTC)")


def day_name(number: int) -> str:
    return day(number).isoformat()


def noted(table: Table, note: str) -> Table:
    return replace(table, note=note)


def slots(address: Address) -> list[tuple[int, str]]:
    """The number and the name of every day or hour of the range."""
    first, after = address.days
    if address.unit == "day":
        return [(number, day_name(number)) for number in range(first, after)]
    return [
        (number, f"{datetime.fromtimestamp(number * 3600, UTC):%Y-%m-%d %H:00}")
        for number in range(first * 24, after * 24)
    ]
