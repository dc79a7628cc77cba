"""How long each page of the dashboard takes over a million events: medians, beside adding up all events.

The store is made up: 30 days, 40 projects, 12 models, 3,000 users, 12 languages, 40 topics, and some 165,000
conversations. Popular names are more frequent than rare ones, as in life. Making it takes most of the time.
"""

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from analytics.event import Event  # noqa: E402 - a script finds the packages beside itself
from analytics.exchange import Surface  # noqa: E402
from api.app import create_app  # noqa: E402
from api.dashboard.figures import day  # noqa: E402
from workers import reports  # noqa: E402
from workers.settings import Settings  # noqa: E402
from workers.sinks.sqlite import SqliteSink, database, migrations, sink  # noqa: E402
from workers.sinks.sqlite.rows import event_row  # noqa: E402

DAY_NS = 86_400 * 10**9
FIRST_DAY = 20_700
DAYS = 30
PAGES = ("/overview", "/topics", "/cost", "/conversations")
# What is looked at -> the last so many days, and filters.
VIEWS = {
    "30 days": (30, ""),
    "7 days": (7, ""),
    "2 days, by the hour": (2, ""),
    "30 days of one project": (30, "&project=project-3"),
    "30 days of the largest project (53 %)": (30, "&project=project-0"),
    "30 days, model and language": (30, "&model=model-1&language=en"),
    "30 days of a deployment, by cost": (30, "&deployment=app-3&sort=cost"),
}
LIMIT_MS = 300


def zipf(noise: random.Random, names: list[str]) -> str:
    """The first names are frequent, the last ones rare."""
    return names[min(int(noise.paretovariate(1.1)) - 1, len(names) - 1)]


def names(kind: str, number: int) -> list[str]:
    return [f"{kind}-{n}" for n in range(number)]


PROJECTS, MODELS, TOPICS = names("project", 40), names("model", 12), names("topic", 40)
TITLES = names("title", 12)
LANGUAGES = ["en", "de", "fr", "es", "pl", "it", "uk", "nl", "ja", "zh", "pt", "undefined"]


def events(number: int) -> Iterator[Event]:
    """Conversations of some turns: each turn is a call of an application and a call of a model."""
    noise = random.Random(7)
    made = 0
    while made < number:
        user = noise.randrange(3000)
        chat = f"conversations/{noise.getrandbits(64):016x}"
        about: dict[str, Any] = {
            "project_id": zipf(noise, PROJECTS),
            "language": zipf(noise, LANGUAGES),
            "topic": zipf(noise, TOPICS),
            "title": TITLES[user % len(TITLES)],
            "user_hash": f"{user:064x}",
            "chat_id": chat,
        }
        start = FIRST_DAY * DAY_NS + noise.randrange(DAYS * DAY_NS)
        for turn in range(noise.randint(1, 5)):
            made += 2
            yield from _turn(noise, about, start + turn * 60 * 10**9)


def _turn(noise: random.Random, about: dict[str, Any], time_ns: int) -> Iterator[Event]:
    model = zipf(noise, MODELS)
    app = f"app-{int(model[6:]) % 12}"
    trace = f"{noise.getrandbits(128):032x}"
    call = Event(
        id=f"{noise.getrandbits(128):032x}",
        surface=Surface.CHAT,
        time_ns=time_ns,
        status="200" if noise.random() > 0.02 else "429",
        ok=True,
        deployment=app,
        model=app,
        trace_id=trace,
        operation_duration_ms=noise.randrange(300, 9000),
        price_source="core",
        **about,
    )
    yield replace(call, ok=call.status == "200")
    own = call.price + noise.randrange(1, 90_000) // 1000
    yield replace(
        call,
        id=f"{noise.getrandbits(128):032x}",
        status="200",
        deployment=model,
        model=model,
        parent_deployment=app,
        prompt_tokens=noise.randrange(50, 9000),
        completion_tokens=noise.randrange(20, 1500),
        cached_prompt_tokens=noise.randrange(50),
        price=own / 1000,
        deployment_price=own / 1000,
    )


def build(path: Path, number: int) -> None:
    """The events first, and then the figures beside them, as an upgrade of an old store makes them."""
    kept = migrations.MIGRATIONS
    migrations.MIGRATIONS = tuple(step for step in kept if step.name != "0003_rollups")
    with closing(database.connect(path, 10)) as db, database.transaction(db):
        db.executemany(sink._UPSERT, (event_row(event) for event in events(number)))  # noqa: SLF001
    migrations.MIGRATIONS = kept
    with closing(SqliteSink(path)) as store:
        store.check()


def medians_ms(action: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Time on the clock, and time on the processor, which other programs of the machine do not lengthen."""
    walls, works = [], []
    for _ in range(rounds):
        wall, work = time.perf_counter(), time.process_time()
        action()
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    return 1000 * statistics.median(walls), 1000 * statistics.median(works)


def client(path: Path) -> FlaskClient:
    """The real app over the store. The page of operations is left out: it reads Redis, and no events."""
    settings = Settings.from_env({"SQLITE_PATH": str(path), "DATA_DIR": str(path.parent)})
    return create_app(settings).test_client()


def fetch(web: FlaskClient, url: str) -> None:
    reply = web.get(url)
    assert reply.status_code == 200, url
    assert b"Nothing has arrived" not in reply.data


def last_days(number: int) -> str:
    """The time is chosen by dates, because the made-up days are not the latest ones."""
    first, last = (day(FIRST_DAY + DAYS - back) for back in (number, 1))
    return f"from={first}&to={last}"


def measure(path: Path, rounds: int) -> bool:
    """Print the medians of every page in every view; whether all of them are quick enough."""
    web, slowest = client(path), 0.0
    print(f"{'page':<14} {'view':<38} {'clock':>10} {'processor':>10}")
    for page in PAGES:
        for view, (days, more) in VIEWS.items():
            url = f"{page}?{last_days(days)}{more}"
            wall, work = medians_ms(partial(fetch, web, url), rounds)
            slowest = max(slowest, work)
            print(row(page[1:], view, wall, work), flush=True)
    naive = medians_ms(lambda: reports.summary(path), 1)
    print(row("yardstick", "adding up the events themselves", *naive))
    print(f"slowest page {slowest:.0f} ms of the processor, allowed {LIMIT_MS} ms")
    return slowest <= LIMIT_MS


def row(page: str, view: str, wall: float, work: float) -> str:
    return f"{page:<14} {view:<38} {wall:7.0f} ms {work:7.0f} ms"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5, help="of each page")
    parser.add_argument("--store", type=Path, help="keep the store here, and use it again when it is there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = chosen.store or Path(folder) / "analytics.sqlite"
        if not path.exists():
            begun = time.perf_counter()
            build(path, chosen.events)
            print(f"made {chosen.events:,} events in {time.perf_counter() - begun:.0f} s")
        print(f"store of {path.stat().st_size / 1e6:.0f} MB")
        if not measure(path, chosen.rounds):
            raise SystemExit(1)


if __name__ == "__main__":
    main()
