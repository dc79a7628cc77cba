"""The prices file while the work goes on: however it is replaced, and whatever is in it."""

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from analytics.pricing import PriceBook, PriceSource
from tests.unit.analytics.lines import ANSWER, QUESTION, exchange
from workers.models import ModelError, load
from workers.prices import LOOK_EVERY_S, Prices, PricesError, make_prices, read_table
from workers.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
OLD = 1_700_000_000


class Clock:
    """Time that passes when a test says so."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def write(path: Path, price: float) -> Path:
    """A file whose last edit is long ago."""
    path.write_text(json.dumps({"prices": {"gpt-4o": {"input": price, "output": 0}}}))
    os.utime(path, (OLD, OLD))
    return path


def in_place(path: Path) -> None:
    write(path, 2)


def renamed(path: Path) -> None:
    write(path.with_suffix(".new"), 2).replace(path)


def swapped(path: Path) -> None:
    """As Kubernetes replaces a mounted ConfigMap: the file stays a link, its target moves."""
    link = path.with_name("..data.new")
    link.symlink_to(write(path.with_name("v2.json"), 2))
    link.replace(path)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "prices.json", 1)


def watched(path: Path, clock: Clock) -> Prices:
    return Prices(PriceBook(), path, clock=clock)


def price(prices: Prices) -> Decimal:
    return prices.price(exchange(body=QUESTION, assembled=ANSWER)).price or Decimal(-1)


def later(clock: Clock) -> None:
    clock.now += LOOK_EVERY_S


@pytest.mark.parametrize("replaced", [in_place, renamed, swapped])
def test_b17_a_file_that_is_replaced_is_read_again(
    path: Path, clock: Clock, replaced: Callable[[Path], None]
) -> None:
    prices = watched(path, clock)
    assert price(prices) == Decimal("0.000022")

    replaced(path)

    assert price(prices) == Decimal("0.000022")
    later(clock)
    assert price(prices) == Decimal("0.000044")


def test_b17_a_file_that_comes_later_is_read_then(tmp_path: Path, clock: Clock) -> None:
    prices = watched(tmp_path / "prices.json", clock)
    assert price(prices) == Decimal(-1)

    write(tmp_path / "prices.json", 1)
    later(clock)

    assert price(prices) == Decimal("0.000022")


@pytest.mark.parametrize("broken", ["{", '{"prices": {}}', '{"prices": {"m": {"input": "free"}}}'])
def test_a_broken_file_keeps_the_old_prices_and_says_so_once(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    prices = watched(path, clock)
    path.write_text(broken)
    os.utime(path, (OLD, OLD))

    for _ in range(3):
        later(clock)
        assert price(prices) == Decimal("0.000022")

    assert [record.message for record in caplog.records] == ["prices_kept"]
    assert str(path) in prices.last_error
    in_place(path)
    later(clock)
    assert (price(prices), prices.last_error) == (Decimal("0.000044"), "")


def test_a_file_that_goes_away_keeps_the_old_prices(
    path: Path, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    prices = watched(path, clock)
    path.unlink()

    for _ in range(3):
        later(clock)
        assert price(prices) == Decimal("0.000022")

    assert [record.message for record in caplog.records] == ["prices_missing"]


def test_who_has_just_written_may_still_be_writing(path: Path, clock: Clock) -> None:
    wall = Clock()
    wall.now = OLD + 0.1
    prices = Prices(PriceBook(), path, clock=clock, wall=wall)
    in_place(path)

    later(clock)
    assert price(prices) == Decimal("0.000022")
    wall.now += 1
    later(clock)
    assert price(prices) == Decimal("0.000044")


def test_a_file_that_is_broken_at_the_start_is_an_error(path: Path, clock: Clock) -> None:
    path.write_text("{")

    with pytest.raises(PricesError, match="not JSON at line 1, column 2"):
        watched(path, clock)


def test_a_worker_does_not_start_with_a_broken_file(path: Path) -> None:
    path.write_text("{")

    with pytest.raises(ModelError, match=r"prices\.json: not JSON"):
        load(Settings(prices_file=path, topic_model=""))


def test_prices_are_in_the_currency_of_the_telemetry(path: Path) -> None:
    path.write_text('{"currency": "EUR", "prices": {"m": {"input": 1}}}')

    assert make_prices(Settings(prices_file=path, telemetry_currency="EUR")).book().file.prices
    with pytest.raises(PricesError, match="the currency is not USD"):
        make_prices(Settings(prices_file=path))


def test_yaml_is_read_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "prices.yaml"
    path.write_text("prices:\n  gpt-4o: {input: 2.5, output: 10, valid_from: 2026-01-31}\n")

    assert read_table(path).prices["gpt-4o"][0].input == Decimal("2.5")
    path.write_text("prices: [\n")
    with pytest.raises(PricesError, match="not YAML at line 2"):
        read_table(path)


def test_b12_a_model_without_a_price_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    prices = Prices(PriceBook(), None)

    for _ in range(3):
        prices.price(exchange(body=QUESTION, assembled=ANSWER))

    assert [(one.message, vars(one)["model"]) for one in caplog.records] == [("unpriced_model", "gpt-4o")]


def test_a_model_that_is_priced_by_its_prefix_is_told(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    prices = make_prices(Settings(prices_file=path, price_match="longest"))
    found = prices.price(
        replace(exchange(body={**QUESTION, "model": "gpt-4o-mini"}, assembled=ANSWER), deployment="")
    )

    assert (found.price_key, found.price_match) == ("gpt-4o", "longest")
    assert [record.message for record in caplog.records] == ["priced_by_prefix"]


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o-2024-08-06", Decimal("0.00045")),
        ("openai/gpt-4o", Decimal("0.00045")),
        ("text-embedding-3-small", Decimal("0.000002")),
        ("gpt-4o-banana", None),
    ],
)
def test_the_catalogue_is_asked_last(model: str, expected: Decimal | None) -> None:
    prices = make_prices(Settings(price_catalog="genai-prices"))
    usage: dict[str, Any] = {"prompt_tokens": 100, "completion_tokens": 20}
    if model.startswith("text"):
        usage["completion_tokens"] = 0
    reply = {"model": model, "usage": usage}
    cost = prices.price(exchange("/v1/chat/completions", deployment=None, body={}, reply=reply))

    assert cost.price == expected
    assert cost.source is (PriceSource.NONE if expected is None else PriceSource.CATALOG)


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-4.1", "claude-sonnet-4"])
def test_the_sample_and_the_catalogue_agree_to_the_last_digit(model: str) -> None:
    usage = {
        "prompt_tokens": 1234,
        "completion_tokens": 567,
        "prompt_tokens_details": {"cached_tokens": 400},
    }
    reply = {"model": model, "usage": usage}
    call = exchange("/v1/chat/completions", deployment=None, body={}, reply=reply)
    listed = make_prices(Settings(price_catalog="genai-prices")).price(call)
    own = make_prices(Settings(prices_file=ROOT / "samples/prices.json")).price(call)

    assert (own.input_cost, own.output_cost) == (listed.input_cost, listed.output_cost)
    assert own.source is not listed.source


def test_the_sample_is_as_the_schema_says_and_as_we_read_it() -> None:
    import jsonschema

    sample = json.loads((ROOT / "samples/prices.json").read_text("utf-8"))
    schema = json.loads((ROOT / "schemas/prices.schema.json").read_text("utf-8"))

    jsonschema.Draft202012Validator(schema).validate(sample)
    table = read_table(ROOT / "samples/prices.json")
    assert table.prices["gpt-4o"][0].output == Decimal(10)
    assert [entry.valid_from.year for entry in table.prices["o3"]] == [2025, 2025]
