"""Every query of every panel, on a real InfluxDB with the sample log in it, tells what the store tells."""

import urllib.request
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics import pipeline
from analytics.event import Event
from analytics.exchange import MODEL_SURFACES, Surface
from analytics.points import PointSchema, to_line_protocol
from analytics.pricing import PriceBook, PriceSource
from tests.events import make_event
from tests.grafana_panels import DASHBOARDS, Viewer, dashboard, panel, panels
from tests.influx_server import InfluxServer
from tests.servers import ROOT
from workers.reports import Summary, summary
from workers.sinks.sqlite import SqliteSink

pytestmark = pytest.mark.integration

# 14 to 21 September 2026
SINCE_MS, UNTIL_MS = 1_789_344_000_000, 1_789_948_800_000
WEEK = 7 / 365
RATES = '{"llama-3.3-70b": {"unit": "token", "prompt_price": 0.000001, "completion_price": 0.00001}}'
# What the sample log has none of: long requests, prices by a provider, models behind other names, images.
EXTRA = [
    make_event(
        time_ns=(SINCE_MS + place) * 1_000_000,
        prompt_tokens=tokens,
        price_source=source,
        model=model,
        user_hash=user,
        surface=surface,
    )
    for place, (tokens, source, model, user, surface) in enumerate(
        (
            (2_000, "core", "gpt-4o", "", Surface.CHAT),
            (2_001, "core", "gpt-4o", "e3b0c442", Surface.CHAT),
            (7_000, "provider", "gpt-4o", "", Surface.CHAT),
            (7_001, "provider", "gpt-4o", "e3b0c442", Surface.CHAT),
            (20_000, "prices_file", "gpt-4o", "", Surface.CHAT),
            (20_001, "catalog", "gpt-4o", "e3b0c442", Surface.CHAT),
            (60_000, "core", "gpt-4o", "", Surface.CHAT),
            (60_001, "core", "gpt-4o-2024", "e3b0c442", Surface.CHAT),
            (0, "core", "gpt-4o", "e3b0c442", Surface.IMAGES),
        )
    )
]
CASES = [
    pytest.param(panel, id=f"{path.stem}: {panel['title']}")
    for path in DASHBOARDS
    for panel in panels(path)
    if panel["datasource"]["type"] == "influxdb"
]


def name_topics(texts: Sequence[str]) -> list[str]:
    return ["undefined" if len(text) % 5 == 0 else f"topic {len(text) % 7}" for text in texts]


@pytest.fixture(scope="module")
def events() -> tuple[Event, ...]:
    lines = [line for line in (ROOT / "samples/aidial.log").read_text("utf-8").split("\n") if line]
    tools = pipeline.Tools(
        lambda text: "en" if len(text) % 3 else "de", name_topics, PriceBook.from_model_rates(RATES)
    )
    return (*pipeline.analyze(lines, tools).events, *EXTRA)


@pytest.fixture(scope="module")
def told(events: tuple[Event, ...], tmp_path_factory: pytest.TempPathFactory) -> Summary:
    """What the embedded store says of the same events."""
    path = tmp_path_factory.mktemp("store") / "analytics.sqlite"
    sink = SqliteSink(path)
    sink.write(events)
    sink.close()
    return summary(path, top=1000)


def fill(server: InfluxServer, events: Sequence[Event], schema: PointSchema) -> Viewer:
    database = server.new_database()
    body = "\n".join(to_line_protocol(events, schema)).encode()
    with urllib.request.urlopen(f"http://127.0.0.1:{server.http}/write?db={database}", body, timeout=30):
        return Viewer(server, database, SINCE_MS, UNTIL_MS)


@pytest.fixture(scope="module")
def viewer(influx_server: InfluxServer, events: tuple[Event, ...]) -> Viewer:
    return fill(influx_server, events, PointSchema.COMPAT)


@pytest.fixture(scope="module")
def lean(influx_server: InfluxServer, events: tuple[Event, ...]) -> Viewer:
    return fill(influx_server, events, PointSchema.LEAN)


def calls(events: Sequence[Event]) -> list[Event]:
    """What the dashboards count as requests."""
    return [event for event in events if event.ok and event.surface in MODEL_SURFACES]


def known(name: str) -> str:
    """The store leaves empty what points call undefined, and `analytics` leaves out."""
    return "" if name == "undefined" else name


def by(rows: list[dict[str, Any]], key: str, value: str) -> dict[str, Any]:
    found: Counter[str] = Counter()
    for row in rows:
        found[known(row[key])] += row[value]
    return found


@pytest.mark.parametrize("panel", CASES)
def test_a_panel_has_its_figures_in_both_schemas(panel: dict[str, Any], viewer: Viewer, lean: Viewer) -> None:
    for target in panel["targets"]:
        rows, others = viewer.ask(target["query"]), lean.ask(target["query"])

        assert rows
        assert len(others) == len(rows)


@pytest.mark.parametrize("panel", CASES)
def test_the_steps_of_a_panel_find_the_columns_that_they_name(panel: dict[str, Any], viewer: Viewer) -> None:
    if panel["type"] in ("table", "barchart", "histogram", "stat"):
        assert viewer.rows(panel)


def test_the_totals_are_those_of_the_store(viewer: Viewer, told: Summary) -> None:
    totals = told.totals

    assert viewer.figure(panel("analytics", "Requests")) == totals.requests
    assert viewer.figure(panel("analytics", "Tokens")) == totals.prompt_tokens + totals.completion_tokens
    assert viewer.figure(panel("analytics", "Cost")) == pytest.approx(float(totals.cost))


def test_users_are_counted_once_whichever_api_they_use(viewer: Viewer, events: tuple[Event, ...]) -> None:
    users = {event.user_hash for event in calls(events)} - {""}

    assert viewer.figure(panel("analytics", "Unique Users")) == len(users)


def test_tables_by_model_and_by_project_are_those_of_the_store(viewer: Viewer, told: Summary) -> None:
    for title, key, uses in (
        ("Deployment/Model Stats Table", "model", told.models),
        ("Project Stats Table", "project_id", told.projects),
        ("Stats Table", "model", told.models),
    ):
        rows = viewer.rows(panel("analytics", title))

        assert by(rows, key, "requests") == {use.name: use.requests for use in uses}
        assert by(rows, key, "prompt tokens") == {use.name: use.prompt_tokens for use in uses}
        assert by(rows, key, "completion tokens") == {use.name: use.completion_tokens for use in uses}
        assert by(rows, key, "cost") == pytest.approx({use.name: float(use.cost) for use in uses})


def test_the_stats_table_counts_the_users_of_each_row(viewer: Viewer, events: tuple[Event, ...]) -> None:
    rows = viewer.rows(panel("analytics", "Stats Table"))
    users: dict[tuple[str, str, str], set[str]] = {}
    for event in calls(events):
        row = (event.project_id, event.deployment, event.model)
        users.setdefault(row, set()).add(event.user_hash)

    told = {
        tuple(known(row[name]) for name in ("project_id", "deployment", "model")): row["users"]
        for row in rows
    }
    alone = {key: len(found) for key, found in users.items() if key[0]}
    assert {key: count for key, count in told.items() if key[0]} == alone


def test_topics_and_languages_are_those_of_the_store(viewer: Viewer, told: Summary) -> None:
    popular = {row["topic"]: row["requests"] for row in viewer.rows(panel("analytics", "Popular Topics"))}
    heat = viewer.rows(panel("analytics", "Title-Topic Heatmap"))
    topics = {count.name: count.events for count in told.topics}

    assert {name: popular[name] for name in topics if name != "undefined"} == {
        name: number for name, number in topics.items() if name != "undefined"
    }
    cells = [number for row in heat for name, number in row.items() if name != "topic\\title"]
    assert sum(cells) == sum(popular.values())


def test_errors_and_ratings_are_those_of_the_store(viewer: Viewer, told: Summary) -> None:
    errors = viewer.rows(panel("quality", "Errors by Deployment"))

    assert by(errors, "status", "errors") == {count.name: count.events for count in told.errors}
    assert viewer.figure(panel("quality", "Errors")) == told.totals.errors
    assert viewer.figure(panel("quality", "Likes")) == told.ratings.likes
    rated = viewer.rows(panel("quality", "Ratings by Deployment"))
    assert sum(row["dislikes"] for row in rated) == told.ratings.dislikes


def test_what_nobody_could_price_is_shown_by_model(viewer: Viewer, events: tuple[Event, ...]) -> None:
    unpriced = Counter(event.model for event in calls(events) if event.price_source == "none")
    sources = Counter(event.price_source for event in calls(events))

    assert by(viewer.rows(panel("quality", "Unpriced Requests by Model")), "model", "requests") == unpriced
    shown = {
        row["Field"]: row["Total"] for row in viewer.rows(panel("quality", "Requests by Source of the Price"))
    }
    assert set(sources) == set(PriceSource)
    assert shown == {
        "DIAL Core": sources["core"],
        "the provider's answer": sources["provider"],
        "MODEL_RATES": sources["rates"],
        "the prices file": sources["prices_file"],
        "the catalogue": sources["catalog"],
        "nobody": sources["none"],
    }


def test_a_nested_call_is_paid_once(viewer: Viewer, events: tuple[Event, ...]) -> None:
    """The tree of the sample: an application calls another, which calls a model; it costs 0.08, not 0.21."""
    [trace] = {event.trace_id for event in events if event.deployment == "flight-scout"}
    tree = [event for event in events if event.trace_id == trace]
    rows = [
        row
        for row in viewer.rows(panel("raw-data", "Raw Data"))
        if row["response_id"] in {e.response_id for e in tree}
    ]

    assert len(rows) == len(tree)
    assert sum(row["price"] for row in rows) == pytest.approx(0.21)
    assert sum(row["deployment_price"] for row in rows) == pytest.approx(0.08)
    viewer.chosen = {"deployment": "(trip-planner|flight-scout)"}
    try:
        assert viewer.figure(panel("analytics", "Cost")) == 0
    finally:
        viewer.chosen = {}


def test_models_behind_a_deployment_of_another_name_are_told(viewer: Viewer) -> None:
    [row] = viewer.rows(panel("project-insights", "Model - Deployment Mismatch"))

    assert (row["model"], row["deployment"], row["requests"]) == ("gpt-4o-2024", "gpt-4o", 1)


def test_deciles_share_out_everything(viewer: Viewer, events: tuple[Event, ...]) -> None:
    costs: Counter[str] = Counter()
    for event in calls(events):
        if event.user_hash:
            costs[event.user_hash] += event.deployment_price  # type: ignore[assignment]
    ranked = sorted(map(float, costs.values()), reverse=True)

    rows = viewer.rows(panel("user-insights", "Cost Share by Deciles of Users in Chat (table)"))

    assert [row["decile"] for row in rows] == [str(number) for number in range(1, 11)]
    assert sum(row["cost"] for row in rows) == pytest.approx(sum(ranked))
    first = [cost for place, cost in enumerate(ranked) if place * 10 < len(ranked)]
    assert rows[0]["cost"] == pytest.approx(sum(first))


def test_every_request_is_in_one_class_of_length(viewer: Viewer, events: tuple[Event, ...]) -> None:
    parts = [
        sum(
            row["Total"]
            for row in viewer.rows(panel(name, "Distribution of Messages Length in Tokens (table)"))
        )
        for name in ("user-insights", "project-insights")
    ]

    assert sum(parts) == len(calls(events))


def test_conversations_are_told_by_their_id(viewer: Viewer, events: tuple[Event, ...]) -> None:
    chats = Counter(event.chat_id for event in calls(events) if event.chat_id)

    rows = viewer.rows(panel("user-insights", "Distribution of Conversation Length"))

    assert {row["chat_id"]: row["requests"] for row in rows} == chats
    mean = viewer.figure(panel("user-insights", "Messages per Conversation"))
    assert mean == pytest.approx(sum(chats.values()) / len(chats))


def test_a_forecast_is_the_week_for_a_year(viewer: Viewer, events: tuple[Event, ...], told: Summary) -> None:
    year = viewer.figure(panel("cost-insights", "Total Cost Current Year Forecast"))
    chat = [event for event in calls(events) if event.user_hash]
    cost = sum((event.deployment_price for event in chat), Decimal())

    assert year == pytest.approx(float(told.totals.cost) / WEEK)
    a_month = viewer.figure(panel("cost-insights", "Avg Cost Per User Per Month Current Year Forecast"))
    assert a_month == pytest.approx(float(cost) / len({event.user_hash for event in chat}) / WEEK / 12)


def test_months_add_up_days(viewer: Viewer, events: tuple[Event, ...], told: Summary) -> None:
    [month] = viewer.rows(panel("cost-insights", "Monthly Stats"))
    [people] = viewer.rows(panel("cost-insights", "Monthly Total User Cost and Avg Cost Per User"))

    assert (month["Time"], month["requests"]) == ("2026-09", told.totals.requests)
    assert people["users"] == len({event.user_hash for event in calls(events)} - {""})
    assert people["cost / users"] == pytest.approx(people["cost"] / people["users"])


def test_who_was_active_is_counted_once_a_month(viewer: Viewer, events: tuple[Event, ...]) -> None:
    [active] = viewer.rows(panel("cost-insights", "Monthly Active Users and Projects"))
    by_key = {event.project_id for event in calls(events) if not event.user_hash}

    assert active["users"] == len({event.user_hash for event in calls(events)} - {""})
    assert active["project_id"] == len(by_key)


def test_tool_calls_and_routes_are_all_counted(viewer: Viewer, events: tuple[Event, ...]) -> None:
    mcp = [event for event in events if event.surface == Surface.MCP and event.ok]
    routes = [event for event in events if event.surface == Surface.ROUTE and event.ok]
    tools = Counter(event.mcp_tool_call_name for event in mcp if event.mcp_method == "tools/call")

    assert viewer.figure(panel("mcp", "Total MCP Calls")) == len(mcp)
    assert viewer.figure(panel("mcp", "Tool Calls")) == sum(tools.values())
    assert by(viewer.rows(panel("mcp", "Most Called Tools")), "mcp_tool_call_name", "calls") == tools
    assert viewer.figure(panel("routes", "Total Route Calls")) == len(routes)


def test_a_filter_narrows_down(viewer: Viewer, told: Summary) -> None:
    viewer.chosen = {"model": "(gpt-5)"}
    try:
        requests = viewer.figure(panel("analytics", "Requests"))
    finally:
        viewer.chosen = {}

    assert requests == {use.name: use.requests for use in told.models}["gpt-5"]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_every_filter_has_something_to_offer(path: Path, viewer: Viewer) -> None:
    queries = [one for one in dashboard(path.stem)["templating"]["list"] if one["type"] == "query"]

    assert all(viewer.ask(one["query"]) for one in queries)


def test_the_filters_offer_what_there_is(viewer: Viewer, events: tuple[Event, ...]) -> None:
    offered = {row["value"] for row in viewer.ask(variable("analytics", "model"))}

    assert offered == {event.model for event in calls(events)}


def variable(name: str, of: str) -> str:
    [found] = [one for one in dashboard(name)["templating"]["list"] if one["name"] == of]
    query: str = found["query"]
    return query
