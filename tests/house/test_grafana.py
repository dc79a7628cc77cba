"""Grafana's files: made from one description, complete, as Grafana takes them; alerts name real series."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from api.metrics import counters, histograms
from grafana import generate
from tests.house.tree import ROOT, compose, service, text

FOLDER = ROOT / "grafana"
FILES = sorted((FOLDER / "dashboards").glob("*.json"))
DASHBOARDS = [pytest.param(json.loads(path.read_text("utf-8")), id=path.stem) for path in FILES]
# What every Grafana brings along.
OWN_KINDS = {"stat", "timeseries", "table", "barchart", "bargauge", "piechart", "histogram"}
GAUGES = {"backlog_parcels", "oldest_parcel_seconds", "dead_letters", "sink_paused", "workers"}
# What the predecessor's dashboards show, and what we add, as "dashboard: panel | panel".
PANELS = {
    line.partition(": ")[0]: line.partition(": ")[2].split(" | ")
    for line in """\
analytics: Unique Users | Popular Topics | Title-Topic Heatmap | System Usage | Stats Table | Project \
Stats Table | Deployment/Model Stats Table
raw-data: Raw Data
mcp: Total MCP Calls | Unique Users | Tool Calls | Requests per DIAL Project | Requests per MCP Method | \
Calls by Deployment | Most Called Tools | Recent Activity Log
routes: Total Route Calls | Unique Users | Requests per DIAL Project | Requests per DIAL Deployment | \
Top Route Paths | Top Projects | Recent Route Activity
application-insights: Request Count - Applications | Top Models | Application Stats | Application \
Insights
user-insights: Messages per Conversation | Distribution of Cost (User/Project) | Distribution of Requests \
(User/Project) | Distribution of Conversation Length | Cost Share by Deciles of Users in Chat | Chat Usage \
by Title | Requests Share by Deciles of Users in Chat | Chat Usage by Deployment/Model | Chat Usage by \
Topic | Distribution of Messages Length in Tokens | Language Stats
project-insights: Project Stats | Distribution of Requests (User/Project) | Distribution of Cost \
(User/Project) | Project/Deployment/Model Stats | Deployment/Model Stats | Project Requests Share by \
Deciles | Top 10 Projects by Request Count | Project Cost Share by Deciles | Top 10 Projects by Cost | \
Distribution of Messages Length in Tokens | Model - Deployment Mismatch
cost-insights: Total Cost Current Year Forecast | Project API Cost Current Year Forecast | Chat Cost \
Current Year Forecast | Avg Cost Per User Per Month Current Year Forecast | Total Cost Full Previous Year | \
Project API Cost Full Previous Year | Chat Cost Full Previous Year | Avg Cost Per User Per Month Full \
Previous Year | Monthly Stats | Monthly Total User Cost and Avg Cost Per User | Monthly Active Users and \
Projects
quality: Errors by Deployment | Unpriced Requests by Model | Ratings by Deployment
operations: Delivery Lag | Backlog | Dead Letters | Workers
responses: Total Requests | Unique Users | Total Cost | Total Tokens | Requests per Project | \
Requests per Model | Tokens | Cost per DIAL Deployment | Top Models | Top Projects | Top Topics | Top \
Languages | Recent Activity""".splitlines()
}
PANELS["anthropic"] = PANELS["responses"]
Json = dict[str, Any]


def test_the_dashboards_are_what_the_description_makes() -> None:
    made = {name: generate.text(dashboard) for name, dashboard in generate.book().dashboards()}

    assert {path.name: path.read_text("utf-8") for path in FILES} == made


@pytest.mark.parametrize("name", PANELS)
def test_a_dashboard_has_the_panels_that_people_know(name: str) -> None:
    shown = {panel["title"] for panel in json.loads(text(f"grafana/dashboards/{name}.json"))["panels"]}

    assert set(PANELS[name]) <= shown


def test_every_dashboard_is_one_of_its_own() -> None:
    boards = [case.values[0] for case in DASHBOARDS]

    for key in ("uid", "title"):
        assert len({board[key] for board in boards}) == len(boards)  # type: ignore[index]
    assert {path.stem for path in FILES} == set(PANELS)


@pytest.mark.parametrize("board", DASHBOARDS)
def test_panels_have_a_number_a_title_and_a_place_of_their_own(board: Json) -> None:
    panels = board["panels"]

    assert len({panel["id"] for panel in panels}) == len(panels)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        spot = panel["gridPos"]
        assert 0 <= spot["x"] < spot["x"] + spot["w"] <= 24
        assert spot["h"] > 0
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        assert apart(one, other), (one, other)


def apart(one: Json, other: Json) -> bool:
    def before(first: Json, second: Json) -> bool:
        return bool(first["x"] + first["w"] <= second["x"] or first["y"] + first["h"] <= second["y"])

    return before(one, other) or before(other, one)


@pytest.mark.parametrize("board", DASHBOARDS)
def test_every_panel_reads_a_provisioned_source_and_needs_no_plugin(board: Json) -> None:
    provisioned = {
        source["uid"]: source["type"]
        for source in yaml.safe_load(text("grafana/provisioning/datasources/dial.yaml"))["datasources"]
    }
    sources = {
        f"${{{one['name']}}}": provisioned[one["current"]["value"]]
        for one in board["templating"]["list"]
        if one["type"] == "datasource"
    }

    for panel in board["panels"]:
        assert panel["type"] in OWN_KINDS
        for place in (panel, *panel["targets"]):
            assert sources[place["datasource"]["uid"]] == place["datasource"]["type"]
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0


@pytest.mark.parametrize("board", DASHBOARDS)
def test_no_query_adds_up_prices_that_contain_each_other(board: Json) -> None:
    """The price of a call contains its children's; its own cost is `deployment_price`."""
    for panel in board["panels"]:
        for target in panel["targets"]:
            assert not re.search(r'\(\s*"price"', target.get("query", ""))


def series() -> set[str]:
    """Every name that /metrics may show."""
    names = {f"dial_analytics_{name}" for name in GAUGES}
    names |= {f"{family.name}_total" for family in counters({})}
    for family in histograms({}):
        names |= {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return names


@pytest.mark.parametrize("path", [FOLDER / "alerts.yaml", FOLDER / "panels.yaml"], ids=lambda path: path.name)
def test_alerts_and_panels_name_series_that_exist(path: Path) -> None:
    told = set(re.findall(r"dial_analytics_[a-z_]+", path.read_text("utf-8")))

    assert told
    assert told - series() == set()


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    [group] = yaml.safe_load(text("grafana/alerts.yaml"))["groups"]

    assert len({rule["alert"] for rule in group["rules"]}) == len(group["rules"])
    for rule in group["rules"]:
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert all(rule["annotations"][part] for part in ("summary", "description"))


def test_compose_shows_grafana_and_prometheus_the_files_that_they_name() -> None:
    for name in ("grafana", "prometheus"):
        mounts = [volume.split(":") for volume in service(name)["volumes"]]
        ours = {parts[0]: parts[1] for parts in mounts if parts[0].startswith("./")}

        assert all((ROOT / place).exists() for place in ours)
    dashboards = yaml.safe_load(text("grafana/provisioning/dashboards/dial.yaml"))["providers"][0]
    assert dashboards["options"]["path"] in [v.split(":")[1] for v in service("grafana")["volumes"]]


def test_compose_gives_grafana_every_variable_of_its_sources() -> None:
    wanted = set(re.findall(r"\$(\w+)", text("grafana/provisioning/datasources/dial.yaml"))) - {"VARIABLES"}

    assert wanted
    assert wanted <= set(compose()["services"]["grafana"]["environment"])
