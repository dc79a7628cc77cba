"""The dashboard over HTTP, without a browser: right figures, honest files, kind words for nothing."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
import redis
from flask.testing import FlaskClient

from api.app import create_app
from api.dashboard.pages import PAGES
from tests.events import make_event, make_events
from tests.servers import Valkey, free_port
from workers.letters import make_letter
from workers.parcels import make_store
from workers.settings import Settings
from workers.sinks.sqlite import SqliteSink

pytestmark = pytest.mark.integration

NAMES = (*PAGES, "operations")
OURS = {"Origin": "http://localhost"}
Open = Callable[..., FlaskClient]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "analytics.sqlite"


@pytest.fixture
def sink(path: Path) -> Iterator[SqliteSink]:
    with closing(SqliteSink(path)) as opened:
        yield opened


@pytest.fixture
def open_(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> Open:
    def opened(**more: str) -> FlaskClient:
        env = {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path), **more}
        return create_app(Settings.from_env(env)).test_client()

    return opened


@pytest.fixture
def client(open_: Open) -> FlaskClient:
    return open_()


def text(client: FlaskClient, url: str, status: int = 200) -> str:
    reply = client.get(url, headers={"Accept": "text/html"})
    assert reply.status_code == status, reply.get_data(as_text=True)
    return reply.get_data(as_text=True)


def rows(client: FlaskClient, url: str) -> list[dict[str, str]]:
    reply = client.get(url)
    assert reply.status_code == 200
    return list(csv.DictReader(io.StringIO(reply.get_data(as_text=True))))


def cards(page: str) -> dict[str, str]:
    found = re.findall(
        r'<div class="card.*?<h2>(.*?)</h2>\s*<p class="value.*?title="(.*?)"', page, re.DOTALL
    )
    return dict(found)


TREE = {"app1": ("0", "0.08"), "app2": ("0", "0.05"), "model1": ("0.05", "0.05"), "model2": ("0.03", "0.03")}


def test_the_tree_of_nested_calls_costs_eight_cents_on_every_page(
    sink: SqliteSink, client: FlaskClient
) -> None:
    sink.write(
        [
            make_event(model=name, deployment=name, deployment_price=Decimal(own), price=Decimal(price))
            for name, (own, price) in TREE.items()
        ]
    )

    for name in ("overview", "cost"):
        page = text(client, f"/{name}")
        assert cards(page)["Cost"] == "$0.08"
        assert "0.21" not in page
    assert sum(Decimal(row["cost_usd"]) for row in rows(client, "/cost/cost_by_model.csv")) == Decimal("0.08")
    assert [row["cost_usd"] for row in rows(client, "/conversations/conversations.csv")] == ["0.08"]


def test_people_land_on_the_dashboard_and_programs_do_not(client: FlaskClient) -> None:
    assert client.get("/", headers={"Accept": "text/html,*/*;q=0.8"}).location == "/overview"
    assert client.get("/", headers={"Accept": "*/*"}).json["service"] == "dial-analytics"  # type: ignore[index]


@pytest.mark.parametrize("name", NAMES)
def test_every_table_of_a_page_comes_as_csv_and_json(
    sink: SqliteSink, client: FlaskClient, name: str
) -> None:
    sink.write(make_events(5))
    page = text(client, f"/{name}?model=gpt-4o-2024")
    links = {link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*\.(?:csv|json)[^"]*)"', page)}

    assert links
    for link in links:
        reply = client.get(link)
        assert reply.status_code == 200
        assert name == "operations" or "model=gpt-4o-2024" in link
        assert "attachment" in reply.headers["Content-Disposition"]


def test_a_filter_changes_the_figures_and_the_files(sink: SqliteSink, client: FlaskClient) -> None:
    sink.write(make_events(6, model=lambda n: "gpt" if n < 2 else "claude"))

    assert cards(text(client, "/overview?model=gpt"))["Requests"] == "2"
    assert [row["model"] for row in rows(client, "/overview/by_model.csv?model=gpt")] == ["gpt"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "query",
    [
        "range=today",
        "range=2d",
        "from=2026-09-01&to=2026-09-02",
        "model=nobody",
        "at=99&sort=x",
        "topic=%3Cb%3E",
    ],
)
def test_every_address_is_a_page(sink: SqliteSink, client: FlaskClient, name: str, query: str) -> None:
    sink.write(make_events(3, topic=lambda n: "<b>"))

    assert "<b>" not in text(client, f"/{name}?{query}")


@pytest.mark.parametrize("name", PAGES)
def test_a_store_that_is_not_there_yet_is_told_with_what_to_do(client: FlaskClient, name: str) -> None:
    page = text(client, f"/{name}")

    assert "Nothing has arrived yet" in page
    assert "dial-analytics ingest" in page
    assert client.get(f"/{name}/anything.csv").status_code == 503


@pytest.mark.parametrize("name", PAGES)
def test_an_empty_store_is_a_page_of_nothing(sink: SqliteSink, client: FlaskClient, name: str) -> None:
    sink.check()

    assert "in this time" in text(client, f"/{name}")


def test_without_an_embedded_store_one_learns_how_to_have_one(open_: Open) -> None:
    client = open_(INFLUX_URL="http://127.0.0.1:1", INFLUX_DATABASE="x")

    assert "SQLITE_PATH=" in text(client, "/overview")
    assert "Queues" in text(client, "/operations")


def test_a_damaged_store_is_told_too(path: Path, client: FlaskClient) -> None:
    path.write_text("Dear diary, " * 1000)

    assert "cannot be read" in text(client, "/overview", 503)


def test_without_a_broker_the_pages_over_the_store_go_on(sink: SqliteSink, open_: Open) -> None:
    sink.write([make_event()])
    client = open_(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert "does not answer" in text(client, "/operations", 503)
    assert cards(text(client, "/overview"))["Requests"] == "1"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_may_run_our_own_files_and_nothing_else(
    sink: SqliteSink, client: FlaskClient, name: str
) -> None:
    sink.write([make_event()])
    reply = client.get(f"/{name}")
    page = reply.get_data(as_text=True)

    assert "unsafe" not in reply.headers["Content-Security-Policy"]
    assert reply.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script>|https?://", page)


@pytest.fixture
def letters(valkey_server: Valkey, valkey: redis.Redis) -> list[str]:
    """Two dead letters."""
    made = [make_letter("analyze", "", [f"words of somebody {n}"], "invalid_json") for n in range(2)]
    make_store(Settings.from_env({"REDIS_URL": valkey_server.url})).put([], letters=made)
    return [letter.id for letter in made]


def test_dead_letters_are_shown_without_what_they_hold(client: FlaskClient, letters: list[str]) -> None:
    page = text(client, "/operations")

    assert all(letter in page for letter in letters)
    assert "words of somebody" not in page


def test_a_chosen_letter_is_replayed_and_the_others_stay(
    client: FlaskClient, valkey: redis.Redis, letters: list[str]
) -> None:
    reply = client.post("/operations/replay", data={"id": letters[:1]}, headers=OURS)

    assert (reply.status_code, reply.location) == (303, "/operations?replayed=1")
    assert valkey.zcard("dial:letters") == 1
    assert "1 dead letter will" in text(client, reply.location)


def test_all_letters_are_replayed_at_once(
    client: FlaskClient, valkey: redis.Redis, letters: list[str]
) -> None:
    client.post("/operations/replay", data={"which": "all"}, headers=OURS)

    assert valkey.zcard("dial:letters") == 0


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://elsewhere"}, {**OURS, "Sec-Fetch-Site": "cross-site"}]
)
def test_another_site_cannot_replay(
    client: FlaskClient, valkey: redis.Redis, letters: list[str], headers: dict[str, str]
) -> None:
    reply = client.post("/operations/replay", data={"which": "all"}, headers=headers)

    assert reply.status_code == 403
    assert valkey.zcard("dial:letters") == 2


def test_a_replay_of_nothing_is_refused(client: FlaskClient, letters: list[str]) -> None:
    assert client.post("/operations/replay", data={}, headers=OURS).status_code == 400


def test_a_note_that_is_no_number_is_not_shown(client: FlaskClient) -> None:
    assert "tried again" not in text(client, "/operations?replayed=%3Cb%3E")
