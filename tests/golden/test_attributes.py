"""The attributes that golden cases get on their spans, for those that have an `attributes.json`."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from analytics.event import Event
from analytics.exchange import APIS
from analytics.language import detect
from analytics.pipeline import Tools, analyze
from analytics.pricing import PriceBook
from analytics.telemetry.attributes import Telling
from analytics.telemetry.spans import span_of
from tests.golden.cases import HERE, first_words, log_line, read

CASES = sorted(path.parent for path in HERE.glob("*/*/attributes.json"))
TELLING = Telling(application="shop", environment="test", currency="EUR")


def event_of(case: Path) -> Event:
    options = read(case / "options.json") if (case / "options.json").exists() else {}
    prices = PriceBook.from_model_rates(json.dumps(options.get("model_rates", {})))
    (event,) = analyze([log_line(read(case / "record.json"))], Tools(detect, first_words, prices)).events
    return event


def told(case: Path) -> dict[str, Any]:
    span = span_of(event_of(case), TELLING)
    said = {"name": span.name, "error": span.error, "attributes": span.attributes}
    found: dict[str, Any] = json.loads(json.dumps(said))
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(HERE)))
def test_the_record_becomes_a_span_with_these_attributes(case: Path) -> None:
    expected, found = case / "attributes.json", told(case)

    if os.environ.get("GOLDEN") == "rewrite":
        expected.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")
    assert found == read(expected)


def test_there_is_a_case_for_every_operation() -> None:
    assert {case.parent.name for case in CASES} >= {surface.value for surface in APIS}
