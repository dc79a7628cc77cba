"""How a panel looks: the JSON that Grafana's own visualisations understand. No plugin of others is needed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from string import ascii_uppercase
from typing import Any

from grafana import queries
from grafana.queries import Column, Json, Source

INFLUX = {"type": "influxdb", "uid": "${datasource}"}
PROMETHEUS = {"type": "prometheus", "uid": "${prometheus}"}
LINKS = {
    "type": "dashboards",
    "title": "DIAL",
    "tags": ["dial"],
    "asDropdown": True,
    "keepTime": True,
    "includeVars": True,
}
SIZES = {
    "stat": "6x4",
    "series": "12x8",
    "table": "12x9",
    "log": "24x10",
    "bars": "12x9",
    "matrix": "12x9",
    "pie": "12x8",
    "histogram": "12x8",
    "decile_pie": "12x9",
    "deciles": "12x9",
    "class_bars": "12x9",
    "class_table": "12x9",
    "months": "12x8",
    "prom": "12x8",
    "prom_stat": "4x4",
}
# What the log does not know; `analytics` leaves some unknown tags out, which then are empty.
UNKNOWN = [
    {"type": "value", "options": {name: {"text": "unknown", "index": place}}}
    for place, name in enumerate(("", "undefined"))
]
Told = Mapping[str, Any]


def sources(*, prometheus: bool) -> list[Json]:
    """The variable that says where to read, so that a dashboard can be imported anywhere."""
    kind, name = ("prometheus", "prometheus") if prometheus else ("influxdb", "datasource")
    uid = "dial-prometheus" if prometheus else "dial-influxdb"
    current = {"selected": False, "text": uid, "value": uid}
    return [{"type": "datasource", "name": name, "label": "data source", "query": kind, "current": current}]


def variable(name: str, label: str, measurements: Sequence[str]) -> Json:
    """A filter over the values of a tag; all of them at first.

    Without a time, InfluxDB 3 would tell the values of the last day only.
    """
    named = ", ".join(f'"{measurement}"' for measurement in measurements)
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": INFLUX,
        "query": f'SHOW TAG VALUES FROM {named} WITH KEY = "{name}" WHERE $timeFilter',
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"selected": True, "text": ["All"], "value": ["$__all"]},
    }


def stat(source: Source, columns: Sequence[Column], told: Told) -> Json:
    """One figure, of all rows together."""
    [column] = columns
    by = told.get("by", [])
    asked = queries.grouped(source, by, columns, queries.FORECASTS.get(told.get("forecast", ""), ""))
    calc = told.get("calc") or queries.ADDED_UP[column.function]
    steps = queries.add_up(by, columns, raw=True) if by else []
    options = {"colorMode": "none", "graphMode": "none", "reduceOptions": _reduce(calc, column.name)}
    return _panel("stat", asked, steps, options, _defaults(column.unit) | {"noValue": "0"})


def series(source: Source, columns: Sequence[Column], told: Told) -> Json:
    """Lines or stacked areas over time; a name that comes from several APIs is one series of each."""
    by = told.get("by", [])
    parts = [f"$tag_{name}" for name in by] or (["$col"] if len(columns) > 1 else [])
    alias = " ".join([*parts, "($m)"] if len(source.measurements) > 1 else parts or ["$col"])
    drawn = {"fillOpacity": 20, "showPoints": "auto"}
    if told.get("stack", True):
        drawn |= {"stacking": {"mode": "normal", "group": "A"}}
    targets = [
        {**_target(ref, query), "resultFormat": "time_series", "alias": alias}
        for ref, query in zip(ascii_uppercase, queries.over_time(source, by, columns), strict=False)
    ]
    legend = {"displayMode": "table", "placement": "bottom", "showLegend": True, "calcs": ["sum"]}
    options = {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {
        "type": "timeseries",
        "datasource": INFLUX,
        "targets": targets,
        "options": options,
        "fieldConfig": {"defaults": _defaults(columns[0].unit) | {"custom": drawn}, "overrides": []},
    }


def _rows(source: Source, columns: Sequence[Column], told: Told) -> tuple[list[str], list[Json]]:
    """Queries and steps that give one row per group, sorted, and no more than wanted."""
    by = told["by"]
    steps = queries.add_up(by, columns, raw=bool(source.fields.intersection(by)))
    if "sort" in told:
        steps.append(queries.sort(told["sort"]))
    if "top" in told:
        steps.append(queries.limit(told["top"]))
    return queries.grouped(source, by, columns), steps


def table(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    added = [column.name for column in columns if column.function in ("count", "sum")]
    footer = {"show": True, "reducer": ["sum"], "countRows": False, "fields": added}
    return _panel("table", asked, steps, {"showHeader": True, "footer": footer}, _defaults(), columns)


def bars(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    options = {"orientation": "horizontal", "xField": told["by"][0], "legend": {"showLegend": False}}
    return _panel("barchart", asked, steps, options, _defaults(columns[0].unit))


def matrix(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    rows, places = told["by"]
    steps.append(queries.matrix(rows, places, columns[0].name))
    shown = {"color": {"mode": "continuous-BlPu"}, "custom": {"cellOptions": {"type": "color-background"}}}
    return _panel("table", asked, steps, {"showHeader": True}, _defaults() | shown)


def histogram(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    return _panel("histogram", asked, steps, {"bucketCount": 20, "combine": True}, _defaults())


def decile_pie(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    options = _pie() | {"reduceOptions": _reduce("lastNotNull", columns[0].name) | {"values": True}}
    steps += queries.deciles(columns[0].name)
    return _panel("piechart", asked, steps, options, _defaults(columns[0].unit))


def decile_table(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked, steps = _rows(source, columns, told)
    steps += queries.deciles(columns[0].name)
    return _panel("table", asked, steps, {"showHeader": True}, _defaults(), columns)


def pie(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked = queries.classes(source, columns[0], told["classes"])
    options = _pie() | {"reduceOptions": _reduce("sum")}
    return _panel("piechart", asked, [], options, _defaults(columns[0].unit))


def class_bars(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked = queries.classes(source, columns[0], told["classes"])
    options = {"orientation": "horizontal", "displayMode": "basic", "reduceOptions": _reduce("sum")}
    return _panel("bargauge", asked, [], options, _defaults(columns[0].unit))


def class_table(source: Source, columns: Sequence[Column], told: Told) -> Json:
    asked = queries.classes(source, columns[0], told["classes"])
    return _panel("table", asked, [queries.reduced()], {"showHeader": True}, _defaults())


def months(source: Source, columns: Sequence[Column], told: Told) -> Json:
    """Days added up; `beside` says which tags to count the different values of, and under which condition."""
    beside = told.get("beside", {"by": []})
    asked = queries.daily(source, [], columns)
    if beside["by"]:
        asked += queries.daily(replace(source, conditions=(beside["where"],)), beside["by"], [])
    steps = queries.by_month(beside["by"], columns, len(asked))
    if told.get("ratio"):
        steps.append(queries.divided(columns[0].name, columns[1].name))
    return _panel("table", asked, steps, {"showHeader": True}, _defaults(), columns)


def log(asked: Sequence[str], most: int) -> Json:
    """The latest points, newest first."""
    steps = [*([queries.merge()] if len(asked) > 1 else []), queries.sort("Time"), queries.limit(most)]
    return _panel("table", asked, steps, {"showHeader": True}, _defaults())


KINDS: Mapping[str, Callable[[Source, Sequence[Column], Told], Json]] = {
    "stat": stat,
    "series": series,
    "table": table,
    "bars": bars,
    "matrix": matrix,
    "histogram": histogram,
    "decile_pie": decile_pie,
    "deciles": decile_table,
    "pie": pie,
    "class_bars": class_bars,
    "class_table": class_table,
    "months": months,
}


def prometheus(asked: Mapping[str, str], unit: str, *, stat: bool) -> Json:
    targets = [
        {"refId": ref, "datasource": PROMETHEUS, "expr": query, "legendFormat": legend, "range": True}
        for ref, (legend, query) in zip(ascii_uppercase, asked.items(), strict=False)
    ]
    options: Json = {"reduceOptions": _reduce("lastNotNull")} if stat else {"tooltip": {"mode": "multi"}}
    return {
        "type": "stat" if stat else "timeseries",
        "datasource": PROMETHEUS,
        "targets": targets,
        "options": options,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
    }


def _panel(
    kind: str,
    asked: Sequence[str],
    steps: Sequence[Json],
    options: Json,
    defaults: Json,
    columns: Sequence[Column] = (),
) -> Json:
    units = [
        {
            "matcher": {"id": "byName", "options": column.name},
            "properties": [{"id": "unit", "value": column.unit}],
        }
        for column in columns
        if column.unit != "short"
    ]
    return {
        "type": kind,
        "datasource": INFLUX,
        "targets": [_target(ref, query) for ref, query in zip(ascii_uppercase, asked, strict=False)],
        "transformations": list(steps),
        "options": options,
        "fieldConfig": {"defaults": defaults, "overrides": units},
    }


def _target(ref: str, query: str) -> Json:
    return {"refId": ref, "datasource": INFLUX, "rawQuery": True, "query": query, "resultFormat": "table"}


def _defaults(unit: str = "short") -> Json:
    return {"unit": unit, "mappings": UNKNOWN}


def _reduce(calc: str, name: str = "") -> Json:
    return {"values": False, "calcs": [calc], "fields": f"/^{name}$/" if name else ""}


def _pie() -> Json:
    legend = {
        "displayMode": "table",
        "placement": "right",
        "showLegend": True,
        "values": ["percent", "value"],
    }
    return {"pieType": "donut", "legend": legend}
