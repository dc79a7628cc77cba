"""What a page shows, as plain values: cards, charts, tables. Templates render, exports write them out."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

# How the values of a column are written; `figures` knows each of them.
KINDS = ("text", "count", "money", "share", "duration", "moment", "id")


@dataclass(frozen=True, slots=True)
class Column:
    """`key` is the name in exports, `label` the one for people."""

    key: str
    label: str
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Link:
    """A value that leads somewhere."""

    value: Any
    href: str


@dataclass(frozen=True, slots=True)
class Table:
    """`meter` is the column that small bars beside it compare."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]
    empty: str = "Nothing in this time."
    note: str = ""
    meter: str = ""
    shape: str = "table"

    def highest(self) -> float:
        """The value that a full bar stands for; 0 without bars."""
        keys = [column.key for column in self.columns]
        if self.meter not in keys:
            return 0
        return max((float(row[keys.index(self.meter)] or 0) for row in self.rows), default=0)

    def records(self) -> list[dict[str, Any]]:
        """The rows as exports hold them, without links."""
        keys = [column.key for column in self.columns]
        return [dict(zip(keys, map(plain, row), strict=True)) for row in self.rows]


@dataclass(frozen=True, slots=True)
class Chart:
    """The columns of a table as a picture: the first one names the places, the others are series."""

    table: Table
    kind: str = "bar"
    unit: str = "count"
    stacked: bool = False
    shape: str = "chart"

    def any(self) -> bool:
        """Whether there is anything to see."""
        return any(plain(value) for row in self.table.rows for value in row[1:])

    def data(self) -> dict[str, Any]:
        """What the browser draws from."""
        columns = list(zip(*self.table.rows, strict=True)) or [() for _ in self.table.columns]
        return {
            "kind": self.kind,
            "unit": self.unit,
            "stacked": self.stacked,
            "labels": [str(plain(value)) for value in columns[0]],
            "series": [
                {"name": column.label, "values": [_number(value) for value in values]}
                for column, values in zip(self.table.columns[1:], columns[1:], strict=True)
            ],
        }


@dataclass(frozen=True, slots=True)
class Card:
    """One figure that matters, with what helps to judge it."""

    label: str
    value: Any
    kind: str = "count"
    detail: str = ""
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Heat:
    """Rows against columns; each cell has a number and a warmth from 0 to 9."""

    table: Table
    places: tuple[str, ...]
    rows: Sequence[tuple[str, tuple[tuple[int, int], ...]]]
    shape: str = "heat"


@dataclass(frozen=True, slots=True)
class View:
    """`blocks` are shown in their order, below the cards."""

    cards: Sequence[Card] = ()
    blocks: Sequence[Table | Chart | Heat] = ()
    notice: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def every_table(self) -> dict[str, Table]:
        """All that can be exported, by name."""
        tables = (block if isinstance(block, Table) else block.table for block in self.blocks)
        return {table.name: table for table in tables}


def plain(value: Any) -> Any:
    return value.value if isinstance(value, Link) else value


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
