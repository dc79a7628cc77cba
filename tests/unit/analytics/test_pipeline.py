"""The whole core: lines in, events out."""

import json
from collections.abc import Mapping, Sequence

import pytest

from analytics import surfaces
from analytics.exchange import Exchange
from analytics.pipeline import Analysis, Failure, Tools
from analytics.pricing import PriceBook
from analytics.record import LogRecord
from tests.unit.analytics.lines import ANSWER, CHAT, QUESTION, RATE, analysis, english, line


def test_nothing_in_nothing_out() -> None:
    assert analysis() == Analysis()


def test_each_line_is_an_event_a_failure_or_dropped() -> None:
    found = analysis(
        line(), "no JSON", line("/v1/models"), line(RATE), line(title="two"), line("/v1/models?x")
    )

    assert len(found.events) == 2
    assert [failure.reason for failure in found.failures] == ["invalid_json", "missing_response_id"]
    assert found.failures[0] == Failure("no JSON", "invalid_json")
    assert found.dropped == {"unsupported_uri": 2}


@pytest.mark.parametrize(
    "bad",
    [
        "[" * 10_000,
        line(body='{"messages":' + "[" * 10_000),
        line(assembled='{"a":' * 10_000 + "1" + "}" * 10_000),
        line(body=QUESTION, operation_duration_ms=10**30),
        line(user={"id": "\0", "title": "\ud800\0\udfff"}),
        line(token_usage={"prompt_tokens": 2**70, "price": 1e300}),
        line(reply="data: " * 10_000),
        line(execution_path=[[[]]] * 100),
    ],
    ids=["nested", "body", "reply", "huge", "surrogates", "counts", "stream", "path"],
)
def test_a_hostile_line_never_harms_its_neighbours(bad: str) -> None:
    good = line(body=QUESTION, assembled=ANSWER)

    found = analysis(good, bad, good)

    assert [event.response_id for event in found.events if event.response_id == "chatcmpl-7"] == [
        "chatcmpl-7"
    ] * 2
    assert "unreadable_record" not in {failure.reason for failure in found.failures}


def test_a_defect_of_ours_costs_one_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_record: LogRecord, place: Mapping[str, str]) -> Exchange:
        raise KeyError(place["deployment"])

    rules = tuple(rule._replace(read=broken) for rule in surfaces.RULES)
    monkeypatch.setattr(surfaces, "RULES", rules)

    found = analysis(line(CHAT))

    assert found.failures == (Failure(line(CHAT), "unreadable_record"),)


def test_what_a_topic_model_raises_goes_through() -> None:
    def broken(_texts: Sequence[str]) -> list[str]:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        analysis(line(body=QUESTION), tools=Tools(english, broken, PriceBook()))


def test_events_come_in_the_order_of_their_lines() -> None:
    titles = [f"title {number}" for number in range(20)]

    found = analysis(*(line(user={"id": "", "title": title}) for title in titles))

    assert [event.title for event in found.events] == titles


def test_labels_and_prices_reach_their_own_event() -> None:
    def echo(texts: Sequence[str]) -> list[str]:
        return [text.split()[-1] for text in texts]

    rates = json.dumps({"gpt-4o": {"unit": "char_without_whitespace", "prompt_price": 1}})
    bodies = [{"messages": [{"role": "user", "content": word}]} for word in ("a", "bb", "ccc")]
    lines = [line(body=body) for body in bodies]

    found = analysis(
        lines[0], "bad", *lines[1:], tools=Tools(english, echo, PriceBook.from_model_rates(rates))
    )

    assert [(event.topic, int(event.price)) for event in found.events] == [("a", 1), ("bb", 2), ("ccc", 3)]
