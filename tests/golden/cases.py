"""Reads golden cases. Inner documents of `record.json` are objects there; here they become strings of a log.

`options.json` may say `model_rates`, `point_schema`, `usage_per_model`. A stream is `{"sse": [event, ...]}`.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analytics.language import detect
from analytics.pipeline import Tools, analyze
from analytics.points import PointSchema, to_line_protocol
from analytics.pricing import PriceBook

HERE = Path(__file__).parent
CASES = sorted(path.parent for path in HERE.glob("*/*/record.json"))
EXPECTED = "points.lp"


def first_words(texts: Sequence[str]) -> list[str]:
    """Stands for a topic model, and shows which words it would have been asked about."""
    return [" ".join(text.split()[:4]) or "undefined" for text in texts]


def lines(case: Path) -> list[str]:
    """Line protocol of a case, after the reason why there is none, or the notes."""
    options = read(case / "options.json") if (case / "options.json").exists() else {}
    prices = PriceBook.from_model_rates(json.dumps(options.get("model_rates", {})))
    analysis = analyze([log_line(read(case / "record.json"))], Tools(detect, first_words, prices))
    remarks = [f"# {failure.reason}" for failure in analysis.failures]
    remarks += [f"# {', '.join(event.notes)}" for event in analysis.events if event.notes]
    return remarks + to_line_protocol(
        analysis.events,
        PointSchema(options.get("point_schema", "compat")),
        usage_per_model=options.get("usage_per_model", False),
    )


def log_line(record: dict[str, Any]) -> str:
    for section in ("request", "response"):
        if isinstance(record.get(section), dict) and "body" in record[section]:
            record[section]["body"] = _text(record[section]["body"])
    if "assembled_response" in record:
        record["assembled_response"] = _text(record["assembled_response"])
    return json.dumps(record, ensure_ascii=False)


def read(path: Path) -> dict[str, Any]:
    value = json.loads(path.read_text("utf-8"))
    assert isinstance(value, dict)
    return value


def _text(document: Any) -> Any:
    """An open document as the string that it is in the log."""
    if isinstance(document, dict) and "sse" in document:
        return "".join(f"data: {_text(event)}\n\n" for event in document["sse"])
    return (
        document
        if document is None or isinstance(document, str)
        else json.dumps(document, ensure_ascii=False)
    )
