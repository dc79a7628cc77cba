"""Events: flat, without words, with ids made from the content."""

import json
from decimal import Decimal

from analytics.event import Event
from analytics.exchange import Surface
from tests.unit.analytics.lines import ANSWER, EMBEDDINGS, MCP, QUESTION, RATE, analysis, event, line


def test_an_event_survives_json() -> None:
    statistics = {"usage_per_model": [{"model": "a", "prompt_tokens": 1}]}
    found = event(
        body=QUESTION, assembled={**ANSWER, "statistics": statistics}, execution_path=["a", None], user=5
    )

    assert found.notes
    assert found.per_model
    assert Event.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_an_event_of_another_version_is_read() -> None:
    data = event().to_dict()

    found = Event.from_dict(
        {**{key: data[key] for key in ("id", "surface", "time_ns", "status", "ok")}, "new": 1}
    )

    assert (found.id, found.price, found.per_model) == (data["id"], Decimal(0), ())


def test_no_word_of_the_conversation_is_kept() -> None:
    found = json.dumps(event(body=QUESTION, assembled=ANSWER).to_dict())

    assert "best language" not in found
    assert "depends" not in found


def test_times_are_exact_nanoseconds() -> None:
    assert event(time="2026-09-01T12:00:00.123").time_ns == 1788264000123000000
    assert event(time="2011-12-03T10:15:30.12345").time_ns == 1322907330123450000
    assert event(time="1969-12-31T23:59:59.999999").time_ns == -1000


def test_analysing_twice_gives_the_same_ids() -> None:
    assert event(EMBEDDINGS) == event(EMBEDDINGS)
    assert len(event(EMBEDDINGS).id) == 32


def test_other_lines_have_other_ids() -> None:
    first, second = analysis(line(EMBEDDINGS), line(EMBEDDINGS, contract_run="x")).events

    assert first.id != second.id
    assert first.response_id != second.response_id


def test_a_response_id_is_made_only_where_a_model_should_have_given_one() -> None:
    assert event(body=QUESTION, assembled=ANSWER).response_id == "chatcmpl-7"
    assert len(event().response_id) == len("123e4567-e89b-52d3-a456-426614174000")
    assert event(MCP).response_id == ""
    assert event(RATE, body={"responseId": 7, "rate": True}).response_id == "7"


def test_names_are_fit_for_every_store() -> None:
    found = event(user={"title": "a\ud800\0"}, execution_path=["\udfff"], deployment="x\0")

    assert (found.title, found.execution_path, found.deployment) == ("a\ufffd\ufffd", ("\ufffd",), "x\ufffd")


def test_a_rating_counts_whatever_its_status() -> None:
    found = event(RATE, status="500", body={"responseId": "r", "rate": True})

    assert (found.surface, found.ok, found.status) == (Surface.RATE, True, "500")
