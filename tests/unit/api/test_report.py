"""The usage report, byte for byte: `REPORT=rewrite` writes the golden files, and the review is their diff."""

import json
import os
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from analytics.exchange import Surface
from api.cli import main
from api.usage.document import number
from api.usage.report import money
from tests.events import NOON_NS, make_event
from workers.sinks.sqlite import SqliteSink

GOLDEN = Path(__file__).with_name("report_golden")
HOUR = 3600 * 10**9


def call(answered: str, prompt: int, completion: int, price: str, cached: int = 0, **more: Any) -> Any:
    tokens = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "cached_prompt_tokens": cached,
    }
    cost = {"price": Decimal(price), "deployment_price": Decimal(price), "price_source": "prices_file"}
    return make_event(**{"response_model": answered, "has_usage": True, **tokens, **cost, **more})


CALLS = (
    call("gpt-4o-2024-08-06", 100, 20, "0.00045", response_id="1", stream=False),
    call("gpt-4o-2024-08-06", 1000, 200, "0.004", cached=400, response_id="2", time_ns=NOON_NS + HOUR),
    call("claude-sonnet-4", 7, 9, "1234.5", project_id="", time_ns=NOON_NS + 2 * HOUR),
    call("", 5, 0, "0", surface=Surface.EMBEDDINGS, request_model="own-embedder", price_source="none"),
    call("", 0, 0, "0", ok=False, status="429", request_model="gpt-4o", has_usage=False),
    call("", 0, 0, "0", surface=Surface.IMAGES, request_model="dall-e-3", has_usage=False, response_id="3"),
    make_event(surface=Surface.RATE, rate=True),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "analytics.sqlite"
    with closing(SqliteSink(path)) as sink:
        sink.write(CALLS)
    return path


def run(path: Path, *arguments: str, **env: str) -> Result:
    settings = {
        "SQLITE_PATH": str(path),
        "OPENAI_TELEMETRY_APPLICATION": "chat-shop",
        "OPENAI_TELEMETRY_ENVIRONMENT": "production",
        **env,
    }
    return CliRunner().invoke(main, ["report", *arguments], env=settings, prog_name="dial-analytics")


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("plain.md", ()),
        ("plain.txt", ("--format", "txt")),
        ("plain.json", ("--format", "json")),
        ("plain.csv", ("--format", "csv")),
        ("extended.md", ("--extended",)),
        ("extended.txt", ("--format", "txt", "--extended")),
        ("extended.json", ("--format", "json", "--extended")),
        ("extended.csv", ("--format", "csv", "--extended")),
        ("aggregate.json", ("--format", "json", "--aggregate")),
    ],
)
def test_b13_the_report_is_exactly_this(path: Path, name: str, arguments: tuple[str, ...]) -> None:
    found = run(path, *arguments)

    assert found.exit_code == 0, found.output
    if os.environ.get("REPORT") == "rewrite":
        (GOLDEN / name).write_bytes(found.stdout_bytes)
    assert found.stdout_bytes == (GOLDEN / name).read_bytes()
    if name.endswith(".json"):
        json.loads(found.output)


@pytest.mark.parametrize("form", ["md", "txt"])
def test_without_costs_there_is_no_column_for_them(path: Path, form: str) -> None:
    found = run(path, "--format", form, OPENAI_TELEMETRY_INCLUDE_COSTS="false")

    assert "Cost" not in found.output
    assert "USD" not in found.output


def test_a_report_is_of_any_time(path: Path) -> None:
    found = run(path, "--from", "2026-09-01T13:00", "--to", "2026-09-01T14:00")

    assert "**Total**|**1**|**1000**|**200**|**400**|**1200**|**0.004 USD**" in found.output


@pytest.mark.parametrize(
    ("form", "expected"),
    [("md", "**Total**|**0**"), ("txt", "Prompt Tokens: 0"), ("json", '"modelUsage": {},'), ("csv", "time,")],
)
def test_a_report_of_a_quiet_time_is_empty(path: Path, form: str, expected: str) -> None:
    found = run(path, "--format", form, "--to", "2020-01-01")

    assert expected in found.output


def test_a_report_may_go_to_a_file(path: Path, tmp_path: Path) -> None:
    found = run(path, "--output", str(tmp_path / "report.md"))

    assert found.output == ""
    assert (tmp_path / "report.md").read_bytes() == (GOLDEN / "plain.md").read_bytes()


def test_a_name_does_not_break_the_table(tmp_path: Path) -> None:
    path = tmp_path / "analytics.sqlite"
    with closing(SqliteSink(path)) as sink:
        sink.write([call("", 1, 1, "0", model="a|b\nc")])

    assert "a\\|b c|1|1|1|0|2|" in run(path).output


def test_a_store_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    found = run(tmp_path / "none.sqlite")

    assert (found.exit_code, found.output.count("\n")) == (1, 1)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("0", "0.00 USD"),
        ("0.004", "0.004 USD"),
        ("0.00045", "0.00045 USD"),
        ("1234.5", "1,234.50 USD"),
        ("0.00000000005", "0.0000000001 USD"),
        ("0.00000000004", "0.00 USD"),
        ("1E+3", "1,000.00 USD"),
    ],
)
def test_money_has_two_to_ten_decimals(value: str, written: str) -> None:
    assert money(Decimal(value), "USD") == written


@pytest.mark.parametrize(
    ("value", "written"), [("0", "0"), ("2.50", "2.5"), ("0.000045", "4.5E-05"), ("0.0001", "0.0001")]
)
def test_numbers_are_written_as_dotnet_does(value: str, written: str) -> None:
    assert number(Decimal(value)) == written
