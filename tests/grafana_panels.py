"""Runs a panel as Grafana would: variables filled in, queries sent to InfluxDB, steps applied to the rows.

Only the steps that our dashboards use are known, and one that names a column that is not there fails. They do
what the npm package @grafana/data 12.1 does: all panels with steps were run through both, with equal rows.
"""

import json
import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.influx_server import InfluxServer
from tests.servers import ROOT

DASHBOARDS = sorted((ROOT / "grafana/dashboards").glob("*.json"))
Row = dict[str, Any]
Frames = list[list[Row]]
Options = dict[str, Any]


def dashboard(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((ROOT / f"grafana/dashboards/{name}.json").read_text("utf-8"))
    return found


def panels(path: Path) -> Iterator[dict[str, Any]]:
    yield from dashboard(path.stem)["panels"]


def panel(name: str, title: str) -> dict[str, Any]:
    found: dict[str, Any]
    [found] = [panel for panel in dashboard(name)["panels"] if panel["title"] == title]
    return found


class Viewer:
    """Somebody who looks at a database from one moment to another; `chosen` are filters."""

    def __init__(self, server: InfluxServer, database: str, since_ms: int, until_ms: int) -> None:
        self._server = server
        self._database = database
        self._range = (since_ms, until_ms)
        self.chosen: dict[str, str] = {}

    def ask(self, query: str) -> list[Row]:
        since, until = self._range
        filled = query.replace("$timeFilter", f"time >= {since}ms AND time <= {until}ms")
        filled = filled.replace("${__from}", str(since)).replace("${__to}", str(until))
        filled = filled.replace("$__interval", "1h")
        for name in ("project_id", "deployment", "model"):
            filled = filled.replace(f"${{{name}:regex}}", self.chosen.get(name, ".*"))
        assert "$" not in filled.replace("$/", ""), filled
        return self._server.query(self._database, filled)

    def frames(self, panel: dict[str, Any]) -> Frames:
        """One frame for each query, as Grafana's table format makes them; the time is called Time there."""
        frames = [self.ask(target["query"]) for target in panel["targets"]]
        return [[{"Time": row.pop("time"), **row} for row in frame] for frame in frames]

    def rows(self, panel: dict[str, Any]) -> list[Row]:
        """What is left in the end, of a panel with one frame then."""
        frames = self.frames(panel)
        for step in panel["transformations"]:
            frames = STEPS[step["id"]](frames, step["options"])
        [rows] = frames
        return rows

    def figure(self, panel: dict[str, Any]) -> float:
        """The figure of a panel of kind stat."""
        reduce = panel["options"]["reduceOptions"]
        name = reduce["fields"].strip("/^$")
        values = [row[name] for row in self.rows(panel)]
        return REDUCERS[reduce["calcs"][0]](values)


REDUCERS: dict[str, Callable[[list[Any]], float]] = {
    "sum": lambda values: sum(value or 0 for value in values),
    "count": len,
    "mean": lambda values: sum(values) / len(values) if values else 0,
    "distinctCount": lambda values: len(set(values)),
}


def group(frames: Frames, options: Options) -> Frames:
    fields = options["fields"]
    by = [name for name, how in fields.items() if how["operation"] == "groupby"]
    return [_grouped(frame, by, fields) for frame in frames]


def _grouped(frame: list[Row], by: list[str], fields: Options) -> list[Row]:
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in frame:
        found.setdefault(tuple(row[name] for name in by), []).append(row)
    sums = [(name, one) for name, how in fields.items() for one in how["aggregations"]]
    return [
        dict(zip(by, key, strict=True))
        | {f"{name} ({one})": REDUCERS[one]([r[name] for r in rows]) for name, one in sums if name in rows[0]}
        for key, rows in found.items()
    ]


def merge(frames: Frames, _: Options) -> Frames:
    """Rows that agree in all columns that both have become one."""
    shared = set.intersection(*(set(frame[0]) for frame in frames if frame))
    found: dict[tuple[Any, ...], Row] = {}
    for row in (row for frame in frames for row in frame):
        found.setdefault(tuple(row[name] for name in sorted(shared)), {}).update(row)
    return [list(found.values())]


def rename(frames: Frames, options: Options) -> Frames:
    names = options["renameByName"]
    for frame in frames:
        assert not frame or set(names) <= set(frame[0])
    return [[{names.get(name, name): value for name, value in row.items()} for row in f] for f in frames]


def sort(frames: Frames, options: Options) -> Frames:
    [how] = options["sort"]
    return [sorted(frame, key=lambda row: row[how["field"]], reverse=how["desc"]) for frame in frames]


def limit(frames: Frames, options: Options) -> Frames:
    return [frame[: options["limitField"]] for frame in frames]


def calculate(frames: Frames, options: Options) -> Frames:
    alias = options["alias"]
    return [
        [{**row, alias: _calculated(row, place / len(frame), options)} for place, row in enumerate(frame)]
        for frame in frames
    ]


def _calculated(row: Row, place: float, options: Options) -> float:
    if options["mode"] == "index":
        return place
    if options["mode"] == "unary":
        return math.floor(_number(row, options["unary"]["fieldName"]))
    left, right = (_number(row, options["binary"][side]) for side in ("left", "right"))
    operator = options["binary"]["operator"]
    return left * right if operator == "*" else left + right if operator == "+" else left / right


def _number(row: Row, said: str) -> float:
    return float(row[said]) if said in row else float(said)


def to_text(frames: Frames, options: Options) -> Frames:
    for conversion in options["conversions"]:
        name = conversion["targetField"]
        frames = [[{**row, name: f"{row[name]:g}"} for row in frame] for frame in frames]
    return frames


def format_time(frames: Frames, options: Options) -> Frames:
    name = options["timeField"]
    assert options["outputFormat"] == "YYYY-MM"

    def month(ns: int) -> str:
        return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%Y-%m")

    return [[{**row, name: month(row[name])} for row in frame] for frame in frames]


def matrix(frames: Frames, options: Options) -> Frames:
    rows, columns, value = options["rowField"], options["columnField"], options["valueField"]
    found: dict[str, Row] = {}
    for row in frames[0]:
        found.setdefault(row[rows], {f"{rows}\\{columns}": row[rows]})[row[columns]] = row[value]
    return [list(found.values())]


def reduce(frames: Frames, options: Options) -> Frames:
    [calc] = options["reducers"]
    names = [[name for name in frame[0] if name != "Time"] for frame in frames if frame]
    full = [frame for frame in frames if frame]
    return [
        [
            {"Field": name, "Total": REDUCERS[calc]([row[name] for row in frame])}
            for frame, listed in zip(full, names, strict=True)
            for name in listed
        ]
    ]


STEPS: dict[str, Callable[[Frames, Options], Frames]] = {
    "groupBy": group,
    "merge": merge,
    "organize": rename,
    "sortBy": sort,
    "limit": limit,
    "calculateField": calculate,
    "convertFieldType": to_text,
    "formatTime": format_time,
    "groupingToMatrix": matrix,
    "reduce": reduce,
}
