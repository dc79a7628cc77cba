"""InfluxQL for the panels, as InfluxDB 1.8, 2 and 3 speak it, and how Grafana puts the answers together.

InfluxQL groups by tags only, keeps measurements apart and sorts by nothing but time. So a table asks for
one row per group and measurement, and Grafana adds those up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

YEAR_MS = 31_536_000_000
# What the cost of the range on the screen is multiplied by.
FORECASTS = {
    "year": f" * {YEAR_MS} / (${{__to}} - ${{__from}})",
    "month": f" * {YEAR_MS // 12} / (${{__to}} - ${{__from}})",
    "twelfth": " / 12",
}
ADDED_UP = {"count": "sum", "sum": "sum", "mean": "mean", "distinct": "distinctCount"}
RAW = {**ADDED_UP, "count": "count"}
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A figure: its name, one of ADDED_UP, the fields it is made from."""

    name: str
    function: str
    fields: tuple[str, ...]
    unit: str = ""

    @classmethod
    def parse(cls, name: str, words: Mapping[str, Any]) -> "Column":
        [(function, fields)] = ((word, words[word]) for word in words if word != "unit")
        listed = (fields,) if isinstance(fields, str) else tuple(fields)
        return cls(name, function, listed, words.get("unit", "short"))

    def select(self, factor: str = "", name: str = "") -> str:
        made = " + ".join(f'{self.function}("{field}")' for field in self.fields)
        return f'{made}{factor} AS "{name or self.name}"'

    def raw(self, factor: str = "") -> str:
        return " + ".join(f'"{field}"' for field in self.fields) + f'{factor} AS "{self.name}"'


@dataclass(frozen=True, slots=True)
class Source:
    """Where a panel reads; `fields` are columns that InfluxQL cannot group by."""

    measurements: tuple[str, ...]
    conditions: tuple[str, ...]
    fields: frozenset[str]

    def clause(self, *more: str) -> str:
        named = ", ".join(f'"{name}"' for name in self.measurements)
        return f"FROM {named} WHERE {' AND '.join(('$timeFilter', *self.conditions, *filter(None, more)))}"


def group_by(names: Sequence[str], window: str = "") -> str:
    parts = ([f"time({window})"] if window else []) + [f'"{name}"' for name in names]
    return f" GROUP BY {', '.join(parts)}" if parts else ""


def grouped(source: Source, by: Sequence[str], columns: Sequence[Column], factor: str = "") -> list[str]:
    """The queries of a table: sums in one, and who is to be counted once in another."""
    if source.fields.intersection(by):
        named = ", ".join([f'"{name}"' for name in by] + [column.raw(factor) for column in columns])
        return [f"SELECT {named} {source.clause()}"]
    return _two(source, columns, group_by(by), factor)


def daily(source: Source, by: Sequence[str], columns: Sequence[Column]) -> list[str]:
    """The same for each day in UTC; without columns, one row for whoever was there."""
    end = group_by(by, "1d") + " fill(none)"
    if not columns:
        return [f'SELECT count("user_hash") AS "calls" {source.clause()}{end}']
    return _two(source, columns, end, "")


def _two(source: Source, columns: Sequence[Column], end: str, factor: str) -> list[str]:
    sums = [column.select(factor) for column in columns if column.function != "distinct"]
    once = [column.select() for column in columns if column.function == "distinct"]
    return [f"SELECT {', '.join(part)} {source.clause()}{end}" for part in (sums, once) if part]


def over_time(source: Source, by: Sequence[str], columns: Sequence[Column]) -> list[str]:
    fill = "none" if any(column.function == "mean" for column in columns) else "0"
    ends = group_by(by, "$__interval") + f" fill({fill})"
    return [f"SELECT {column.select()} {source.clause()}{ends}" for column in columns]


def classes(source: Source, column: Column, conditions: Mapping[str, str]) -> list[str]:
    """One query for each class, named like it."""
    return [
        f"SELECT {column.select(name=name)} {source.clause(condition)}"
        for name, condition in conditions.items()
    ]


def latest(source: Source, names: Sequence[str], limit: int) -> list[str]:
    """One query for each measurement: an id is a tag in one and a field in another, and would get lost."""
    named = ", ".join(f'"{name}"' for name in names)
    alone = (replace(source, measurements=(name,)) for name in source.measurements)
    return [f"SELECT {named} {one.clause()} ORDER BY time DESC LIMIT {limit}" for one in alone]


def add_up(by: Sequence[str], columns: Sequence[Column], *, raw: bool = False) -> list[Json]:
    """Grafana's steps from the rows of all measurements to one row per group, with the columns' own names."""
    how = {column.name: (RAW if raw else ADDED_UP)[column.function] for column in columns}
    return [_group(by, how), *_merged(how), _rename(how)]


def by_month(by: Sequence[str], columns: Sequence[Column], asked: int) -> list[Json]:
    """From days to months in UTC, of so many queries; `by` is counted once a month."""
    how = {column.name: ADDED_UP[column.function] for column in columns} | dict.fromkeys(by, "distinctCount")
    month = {"timeField": "Time", "outputFormat": "YYYY-MM", "timezone": "utc", "useTimezone": True}
    return [
        {"id": "formatTime", "options": month},
        _group(["Time"], how),
        *([merge()] if asked > 1 else []),
        _rename(how),
        sort("Time", descending=False),
    ]


def deciles(name: str) -> list[Json]:
    """The tenth with the most, the next, ...: how much each has of it."""
    return [
        sort(name),
        _calculate("place", mode="index", index={"asPercentile": True}),
        _calculate("tenths", mode="binary", binary=_binary("place", "*", "10")),
        _calculate("floor", mode="unary", unary={"fieldName": "tenths", "operator": "floor"}),
        _calculate("decile", mode="binary", binary=_binary("floor", "+", "1")),
        _group(["decile"], {name: "sum"}),
        _rename({name: "sum"}),
        {"id": "convertFieldType", "options": {"fields": {}, "conversions": [_as_text("decile")]}},
    ]


def divided(over: str, under: str) -> Json:
    return _calculate(f"{over} / {under}", mode="binary", binary=_binary(over, "/", under))


def sort(name: str, *, descending: bool = True) -> Json:
    return {"id": "sortBy", "options": {"fields": {}, "sort": [{"field": name, "desc": descending}]}}


def merge() -> Json:
    return {"id": "merge", "options": {}}


def limit(number: int) -> Json:
    return {"id": "limit", "options": {"limitField": number}}


def matrix(rows: str, columns: str, value: str) -> Json:
    options = {"rowField": rows, "columnField": columns, "valueField": value, "emptyValue": "null"}
    return {"id": "groupingToMatrix", "options": options}


def reduced() -> Json:
    return {"id": "reduce", "options": {"mode": "seriesToRows", "reducers": ["sum"]}}


def _group(by: Sequence[str], how: Mapping[str, str]) -> Json:
    fields: Json = {name: {"operation": "groupby", "aggregations": []} for name in by}
    fields |= {name: {"operation": "aggregate", "aggregations": [one]} for name, one in how.items()}
    return {"id": "groupBy", "options": {"fields": fields}}


def _merged(how: Mapping[str, str]) -> list[Json]:
    """Who is counted once comes from a query of its own."""
    return [merge()] if len({one == "distinctCount" for one in how.values()}) > 1 else []


def _rename(how: Mapping[str, str]) -> Json:
    names = {f"{name} ({one})": name for name, one in how.items()}
    return {"id": "organize", "options": {"excludeByName": {}, "indexByName": {}, "renameByName": names}}


def _calculate(alias: str, **options: Any) -> Json:
    return {"id": "calculateField", "options": {"alias": alias, "replaceFields": False, **options}}


def _binary(left: str, operator: str, right: str) -> Json:
    return {"left": left, "operator": operator, "right": right}


def _as_text(name: str) -> Json:
    return {"targetField": name, "destinationType": "string"}
