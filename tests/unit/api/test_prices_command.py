"""`dial-analytics prices`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from analytics.pricing.file import read_prices
from api.cli import main

SAMPLE = str(Path(__file__).resolve().parents[3] / "samples/prices.json")


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, ["prices", *arguments], env=dict(env), prog_name="dial-analytics")


def test_a_good_file_is_counted() -> None:
    found = run("check", PRICES_FILE=SAMPLE, COLUMNS="200")

    assert found.exit_code == 0
    assert "14 models, 1 with a history, 2 aliases" in found.output


def test_what_looks_like_a_mistake_is_told(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text(
        '{"prices": {"gpt-4": {"input": 0.03, "output": 0.06, "outptu": 1}, "ours": {"input": 0.1}}}'
    )

    found = run("check", str(path), COLUMNS="200")

    assert "gpt-4: outptu" in found.output
    assert "gpt-4: input is 0.03 for a million tokens, but 30 in genai-prices" in found.output
    assert "ours:" not in found.output


def test_the_sample_raises_no_doubt() -> None:
    assert run("check", SAMPLE, COLUMNS="200").output.count("\n") == 1


def test_an_entry_for_other_calls_is_shown() -> None:
    found = run("explain", "whisper-1", PRICES_FILE=SAMPLE)

    assert (found.exit_code, "per_minute 0.006" in found.output) == (1, True)


def test_a_broken_file_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "prices.json"
    path.write_text("{")

    found = run("check", str(path))

    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert "not JSON at line 1" in found.output


def test_a_price_is_explained() -> None:
    arguments = ("--input", "1000", "--cached", "400", "--output", "200")
    found = run("explain", "openai/gpt-4o-2024-08-06", *arguments, PRICES_FILE=SAMPLE)

    assert found.exit_code == 0
    for word in ("prices_file", "gpt-4o", "prefix", "0.004"):
        assert word in found.output


@pytest.mark.parametrize(("day", "expected"), [("2025-05-01", "50"), ("2026-01-01", "10")])
def test_a_price_of_the_past_is_explained(day: str, expected: str) -> None:
    found = run("explain", "o3", "--at", day, PRICES_FILE=SAMPLE)

    assert f"{expected} USD" in found.output


def test_a_model_without_a_price_says_so_and_fails() -> None:
    found = run("explain", "gpt-4o-banana", PRICES_FILE=SAMPLE)

    assert (found.exit_code, "no price" in found.output) == (1, True)


def test_a_list_of_somebody_else_is_imported(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text('{"a/x": {"input_cost_per_token": 2.5e-06}, "b": {"input_cost_per_token": 1e-06}}')

    found = run("import", "--format", "litellm", "--only", "a/", str(path))

    document = json.loads(found.output)
    assert document["prices"] == {"a/x": {"input": 2.5}}
    assert read_prices(document).version


def test_rates_are_imported(tmp_path: Path) -> None:
    path = tmp_path / "rates.json"
    path.write_text('{"m": {"unit": "token", "prompt_price": "0.000001"}}')

    assert json.loads(run("import", "--format", "rates", str(path)).output)["prices"]["m"]["input"] == 1


def test_a_list_of_another_kind_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text("[]")

    found = run("import", "--format", "openlit", str(path))

    assert (found.exit_code, found.output.count("\n")) == (1, 1)
