"""Makes grafana/dashboards/*.json from grafana/panels.yaml: python grafana/generate.py.

The same description gives the same bytes; a test compares them with what is committed.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from grafana import queries, visuals  # noqa: E402 - as a script, Python knows this folder only
from grafana.queries import Column, Json, Source  # noqa: E402

WIDTH = 24
EVERY = "[$__rate_interval]"
TAGS = ["dial"]
LABELS = {"project_id": "project"}


class Book:
    """The description as a whole, and how one of its panels becomes Grafana's."""

    def __init__(self, told: Mapping[str, Any]) -> None:
        self._told = told
        self._columns = {name: Column.parse(name, words) for name, words in told["columns"].items()}

    def dashboards(self) -> Iterator[tuple[str, Json]]:
        for told in self._told["dashboards"]:
            yield f"{told['file']}.json", self.dashboard(told)

    def dashboard(self, told: Mapping[str, Any]) -> Json:
        panels = [self.panel(told, panel) for panel in told["panels"]]
        variables = visuals.sources(prometheus="from" not in told)
        measurements = self._told["sets"][told["from"]] if "from" in told else []
        for name in told.get("filters", []):
            variables.append(visuals.variable(name, LABELS.get(name, name), measurements))
        return {
            "uid": f"dial-{told['file']}",
            "title": told["title"],
            "description": told.get("about", ""),
            "tags": TAGS,
            "editable": True,
            "graphTooltip": 1,
            "schemaVersion": 39,
            "version": 1,
            "refresh": told.get("refresh", "1m"),
            "time": {"from": told.get("time", "now-7d"), "to": "now"},
            "timepicker": {},
            "timezone": "browser",
            "links": [visuals.LINKS],
            "annotations": {"list": []},
            "templating": {"list": variables},
            "panels": placed(panels),
        }

    def panel(self, dashboard: Mapping[str, Any], told: Mapping[str, Any]) -> Json:
        kind = told["kind"]
        made = self._prometheus(told) if kind.startswith("prom") else self._influx(dashboard, told)
        size = told.get("size", visuals.SIZES[kind])
        width, height = (int(part) for part in size.split("x"))
        shown = {"title": told["title"], "gridPos": {"w": width, "h": height}}
        if "about" in told:
            shown["description"] = told["about"]
        if "shift" in told:
            shown["timeShift"] = told["shift"]
        return shown | made

    def _influx(self, dashboard: Mapping[str, Any], told: Mapping[str, Any]) -> Json:
        source = Source(
            tuple(self._told["sets"][told.get("from", dashboard["from"])]),
            tuple(self._conditions(dashboard, told)),
            frozenset(self._told["fields"]),
        )
        names = told.get("columns", [told["column"]] if "column" in told else [])
        if told["kind"] == "log":
            return visuals.log(queries.latest(source, names, told.get("limit", 100)), told.get("limit", 100))
        columns = [self._columns[name] for name in names]
        return visuals.KINDS[told["kind"]](source, columns, told)

    def _conditions(self, dashboard: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[str]:
        for name in dashboard.get("filters", []):
            yield f'"{name}" =~ /^${{{name}:regex}}$/'
        yield from (words["where"] for words in (dashboard, told) if "where" in words)

    def _prometheus(self, told: Mapping[str, Any]) -> Json:
        asked = told.get("queries") or {told.get("legend", told["title"]): told["query"]}
        found = {legend: query.replace("$every", EVERY) for legend, query in asked.items()}
        return visuals.prometheus(found, told.get("unit", "short"), stat=told["kind"] == "prom_stat")


def placed(panels: list[Json]) -> list[Json]:
    """Put panels beside each other, from left to right and then below what is there."""
    x = y = height = 0
    for number, panel in enumerate(panels, start=1):
        spot = panel["gridPos"]
        if x + spot["w"] > WIDTH:
            x, y, height = 0, y + height, 0
        spot |= {"x": x, "y": y}
        x, height = x + spot["w"], max(height, spot["h"])
        panel["id"] = number
    return panels


def text(dashboard: Json) -> str:
    return json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"


def book() -> Book:
    return Book(yaml.safe_load((HERE / "panels.yaml").read_text("utf-8")))


def main() -> None:
    folder = HERE / "dashboards"
    folder.mkdir(exist_ok=True)
    made = dict(book().dashboards())
    for name, dashboard in made.items():
        (folder / name).write_text(text(dashboard), "utf-8")
    for path in folder.glob("*.json"):
        if path.name not in made:
            path.unlink()


if __name__ == "__main__":
    main()
