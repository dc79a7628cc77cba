"""The defects of Dev Proxy's OpenAITelemetryPlugin about money, reports and settings: B10 to B13, B17.

Each docstring says what the plugin makes of it; the others are in `test_plugin_defects.py`.
"""

import re
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics.pricing import PriceBook
from api.cli import main
from tests.telemetry.told import CHAT, CHUNKS, EMBED, GPT_4O, USAGE, tell
from tests.unit.analytics.lines import ANSWER, QUESTION, exchange, sse
from workers.otel_knobs import traces_url
from workers.prices import LOOK_EVERY_S, Prices
from workers.settings import Settings
from workers.sinks.sqlite import SqliteSink


@pytest.mark.parametrize(
    ("model", "listed"),
    [("gpt-4o-mini", "gpt-4o"), ("gpt-4.1", "gpt-4"), ("gpt-4o-mini-2024-07-18", "gpt-4o")],
)
def test_b10_a_model_is_not_billed_as_one_whose_name_begins_alike(model: str, listed: str) -> None:
    """Plugin: `gpt-4o-mini` costs what `gpt-4o` does, 16 times too much."""
    told = tell(CHAT, {listed: GPT_4O}, body={**QUESTION, "model": model}, reply={**ANSWER, "model": model})

    assert "gen_ai.usage.cost" not in told.attributes


def test_b10_a_dated_model_has_the_price_of_its_name() -> None:
    """Plugin: right, and so it must stay."""
    told = tell(CHAT, {"gpt-4o": GPT_4O}, body=QUESTION, reply={**ANSWER, "model": "gpt-4o-2024-08-06"})

    assert told.attributes["dial.cost.price_key"] == "gpt-4o"
    assert told.attributes["gen_ai.usage.cost"] == 0.000145


@pytest.mark.parametrize(
    ("prompt", "cached", "cost"), [(1000, 400, 0.0035), (100, 400, 0.002)], ids=["free", "more than asked"]
)
def test_b11_cached_tokens_may_be_free_and_never_pay_back(prompt: int, cached: int, cost: float) -> None:
    """Plugin: `cached_input: 0` is taken for a missing price; more cached than asked costs less than 0."""
    details = {"prompt_tokens_details": {"cached_tokens": cached}}
    usage: dict[str, Any] = {"prompt_tokens": prompt, "completion_tokens": 200, **details}
    reply = {**ANSWER, "usage": usage}
    told = tell(CHAT, {"gpt-4o": {**GPT_4O, "cached_input": 0}}, body=QUESTION, reply=reply)

    assert told.attributes["gen_ai.usage.cost"] == cost


def test_b12_free_input_is_a_price_and_no_price_is_said_to_be_none() -> None:
    """Plugin: a model whose input is free costs nothing at all; one without a price is passed over."""
    free = tell(CHAT, {"gpt-4o": {"input": 0, "output": 10}}, body=QUESTION, reply=ANSWER)
    unknown = tell(CHAT, {"other": GPT_4O}, body=QUESTION, reply=ANSWER)

    assert free.attributes["gen_ai.usage.cost"] == 0.00009
    assert unknown.event.unpriced
    assert "gen_ai.usage.cost" not in unknown.metrics


def test_b12_the_model_that_was_asked_for_is_tried_too() -> None:
    """Plugin: only the name in the reply."""
    told = tell(CHAT, {"gpt-4o": GPT_4O}, body=QUESTION, reply={**ANSWER, "model": "own-name"})

    assert told.attributes["dial.cost.price_key"] == "gpt-4o"


def test_b13_the_report_counts_requests_by_model_and_streams_too(tmp_path: Path) -> None:
    """Plugin: each row has the running total, streams are missing, and a model may have no name."""
    stream = sse(*CHUNKS, {"choices": [], "usage": USAGE}, "[DONE]")
    calls = [
        tell(CHAT, body=QUESTION, reply={**ANSWER, "model": "a"}),
        tell(CHAT, body=QUESTION, reply={**ANSWER, "model": "a", "id": "2"}),
        tell(CHAT, body={**QUESTION, "stream": True}, reply=stream),
        tell(EMBED, body={"input": "x"}, reply={"usage": {"prompt_tokens": 1}}),
    ]
    path = tmp_path / "analytics.sqlite"
    with closing(SqliteSink(path)) as sink:
        sink.write([call.event for call in calls])

    report = CliRunner().invoke(main, ["report"], env={"SQLITE_PATH": str(path)}).output

    rows = re.findall(r"(?m)^\|?([^|*\n]+)\|(\d+)\|", report)
    assert ("a", "2") in rows
    assert ("gpt-4o", "1") in rows
    assert all(model.strip() for model, _ in rows)


def renamed(path: Path, old: Path, new: Path) -> Prices:
    old.replace(path)
    prices = Prices(PriceBook(), path, clock=count(step=LOOK_EVERY_S).__next__, wall=lambda: 0)
    new.replace(path)
    return prices


def swapped(path: Path, old: Path, new: Path) -> Prices:
    path.symlink_to(old)
    prices = Prices(PriceBook(), path, clock=count(step=LOOK_EVERY_S).__next__, wall=lambda: 0)
    link = path.with_name("link")
    link.symlink_to(new)
    link.replace(path)
    return prices


def created(path: Path, _old: Path, new: Path) -> Prices:
    prices = Prices(PriceBook(), path, clock=count(step=LOOK_EVERY_S).__next__, wall=lambda: 0)
    new.replace(path)
    return prices


@pytest.mark.parametrize("way", [renamed, swapped, created])
def test_b17_prices_are_read_again_however_they_come(
    tmp_path: Path, way: Callable[[Path, Path, Path], Prices]
) -> None:
    """Plugin: it hears of an edit in place only."""
    path, old, new = (tmp_path / name for name in ("prices.json", "old.json", "new.json"))
    old.write_text('{"prices": {"gpt-4o": {"input": 1, "output": 0}}}')
    new.write_text('{"prices": {"gpt-4o": {"input": 2, "output": 0}}}')

    prices = way(path, old, new)

    assert prices.price(exchange(body=QUESTION, assembled=ANSWER)).price == Decimal("0.000044")


def test_b17_an_endpoint_keeps_its_path() -> None:
    """Plugin: drops it."""
    found = Settings.from_env({"OPENAI_TELEMETRY_EXPORTER_ENDPOINT": "http://collector:4318/otlp"})

    assert traces_url(found) == "http://collector:4318/otlp/v1/traces"
