"""A running API over the sample log, and Debian's chromium: skips without it, and fails where CI is set."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from analytics.pipeline import Tools, analyze
from analytics.pricing import PriceBook
from tests.servers import ROOT, Process, Valkey, free_port
from workers.letters import make_letter
from workers.parcels import ParcelStore, make_store
from workers.settings import Settings
from workers.sinks.sqlite import SqliteSink

QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
TOPICS = ("Travel", "Cooking", "Contracts And Law", "undefined")


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages are, and the broker behind them."""

    url: str
    store: ParcelStore


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with the module: playwright keeps an event loop in this thread, and other tests need their own."""
    program = shutil.which("chromium")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("chromium is missing: apt-get install chromium")
        pytest.skip("chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        # A profile of its own, which playwright makes anew and takes away.
        chromium = playwright.chromium.launch(executable_path=program, args=[*QUIET])
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample log in an embedded store, with topics that need no model."""
    path = tmp_path_factory.mktemp("sample") / "analytics.sqlite"
    tools = Tools(
        detector=lambda text: "de" if "ü" in text else "en",
        topics=lambda texts: [TOPICS[len(text) % len(TOPICS)] for text in texts],
        prices=PriceBook.from_model_rates("{}"),
    )
    lines = (ROOT / "samples/aidial.log").read_text("utf-8").splitlines()
    with closing(SqliteSink(path)) as sink:
        sink.write(analyze([line for line in lines if _is_record(line)], tools).events)
    return path


def _is_record(line: str) -> bool:
    try:
        return isinstance(json.loads(line, strict=False), dict)
    except ValueError:
        return False


@pytest.fixture(scope="session")
def serve(
    valkey_server: Valkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[Path], Site]]:
    """Start an API over a store; all of them are stopped at the end."""
    started: list[Process] = []

    def serve_(path: Path) -> Site:
        port, folder = free_port(), tmp_path_factory.mktemp("api")
        env = {
            "REDIS_URL": valkey_server.url,
            "DATA_DIR": str(folder),
            "SQLITE_PATH": str(path),
            "HOST": "127.0.0.1",
            "PORT": str(port),
            "API_WORKERS": "1",
        }
        api = Process([sys.executable, "-m", "api.cli", "api"], folder / "api.log", env=env)
        started.append(api)
        api.start(lambda: _answers(port))
        return Site(
            f"http://127.0.0.1:{port}", make_store(Settings.from_env({"REDIS_URL": valkey_server.url}))
        )

    yield serve_
    for process in started:
        process.kill()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health").is_success
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def site(serve: Callable[[Path], Site], sample_store: Path) -> Site:
    return serve(sample_store)


@pytest.fixture(scope="session")
def empty_site(serve: Callable[[Path], Site], tmp_path_factory: pytest.TempPathFactory) -> Site:
    return serve(tmp_path_factory.mktemp("empty") / "analytics.sqlite")


@pytest.fixture
def letters(site: Site) -> list[str]:
    """Two dead letters in an otherwise empty broker."""
    site.store.redis.flushall()
    made = [make_letter("analyze", "", [f"words of somebody {n}"], "invalid_json") for n in range(2)]
    site.store.put([], letters=made, counts={"accepted": 2})
    return [letter.id for letter in made]


@pytest.fixture(params=[{"color_scheme": "light"}], ids=["light"])
def page(browser: Browser, site: Site, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A fresh page; whatever its console says, or a script throws, fails the test."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, **request.param)
    context.set_default_timeout(10_000)
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda said: complaints.append(f"{said.type}: {said.text}"))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []
