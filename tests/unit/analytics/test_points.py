"""Events as points, in line protocol."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.event import Event
from analytics.measurements import COLUMNS, MEASUREMENTS
from analytics.points import PointSchema, points, to_line_protocol
from tests.unit.analytics.line_protocol import Parsed, parse
from tests.unit.analytics.lines import ANSWER, MCP, QUESTION, RATE, RESPONSES, ROUTE, event
from tests.unit.analytics.points_page import PAGE, page

RATING = {"responseId": "r1", "rate": True}


def written(one: Event, schema: PointSchema = PointSchema.COMPAT) -> Parsed:
    (text,) = to_line_protocol([one], schema)
    return parse(text)


def test_docs_name_every_measurement_tag_and_field() -> None:
    assert PAGE.read_text("utf-8") == page()


def test_every_column_is_used_and_known() -> None:
    used = {name for measurement in MEASUREMENTS for name in (*measurement.tags, *measurement.fields)}

    assert used == set(COLUMNS)


def test_no_name_is_both_a_tag_and_a_field() -> None:
    for measurement in MEASUREMENTS:
        for schema in PointSchema:
            tags, fields = measurement.layout(schema)
            assert not set(tags) & set(fields)


def test_prices_are_floats_even_when_the_log_has_integers() -> None:
    fields = written(event(token_usage={"price": 42, "deployment_price": 0})).fields

    assert (fields["price"], fields["deployment_price"]) == (42.0, 0.0)
    assert isinstance(fields["price"], float)


def test_ids_are_fields_in_the_lean_schema() -> None:
    one = event(body=QUESTION, assembled=ANSWER)

    compat, lean = written(one), written(one, PointSchema.LEAN)

    assert {"trace_id", "response_id", "upstream", "execution_path"} <= set(compat.tags)
    assert set(lean.tags) < set(compat.tags)
    assert lean.fields["response_id"] == "chatcmpl-7"
    assert {**compat.tags, **compat.fields} == {**lean.tags, **lean.fields}


def test_a_rating_of_the_lean_schema_has_ids_as_fields() -> None:
    lean = written(event(RATE, body=RATING), PointSchema.LEAN)

    assert set(lean.tags) == {"project_id", "deployment", "title"}
    assert lean.fields == {
        "like_count": 1,
        "dislike_count": 0,
        "response_id": "r1",
        "user_hash": "e3b0c442",
        "chat_id": "conversations/abc",
    }


@pytest.mark.parametrize("uri", [RESPONSES, MCP, ROUTE])
def test_two_calls_of_one_millisecond_have_times_of_their_own(uri: str) -> None:
    first, second = written(event(uri)), written(event(uri, trace={"trace_id": "t2", "core_span_id": "s2"}))

    assert first.tags == second.tags
    assert first.time != second.time
    assert first.time // 1_000_000 == second.time // 1_000_000 == event(uri).time_ns // 1_000_000


def test_microseconds_of_the_log_are_kept() -> None:
    one = event(MCP, time="2026-09-01T12:00:00.123456")

    assert written(one).time // 1_000 == one.time_ns // 1_000


def test_points_with_ids_in_tags_keep_their_time() -> None:
    assert written(event()).time == event().time_ns
    assert written(event(RATE, body=RATING)).time == event().time_ns


def test_unknown_names_are_left_out_of_analytics_and_undefined_elsewhere() -> None:
    unknown: dict[str, Any] = {"project": None, "chat": None}

    assert not {"project_id", "topic"} & set(written(event(**unknown)).tags)
    assert written(event(RESPONSES, **unknown)).tags["project_id"] == "undefined"
    assert written(event(RESPONSES, **unknown)).tags["topic"] == "undefined"
    assert written(event(RESPONSES, **unknown)).fields["chat_id"] == "undefined"


def test_a_duration_is_written_where_it_is_known() -> None:
    assert written(event(operation_duration_ms=812)).fields["operation_duration_ms"] == 812
    assert "operation_duration_ms" not in written(event()).fields


def test_errors_have_a_measurement_of_their_own_without_prices() -> None:
    found = written(event(status="429", token_usage={"price": 3, "prompt_tokens": 2}, body=QUESTION))

    assert found.measurement == "error_analytics"
    assert (found.tags["status"], found.tags["surface"], found.fields["prompt_tokens"]) == ("429", "chat", 2)
    assert not {"price", "deployment_price", "price_source"} & set(found.fields)


def test_usage_per_model_is_a_point_for_each_and_none_twice() -> None:
    entries = [{"model": name, "prompt_tokens": 5, "completion_tokens": 6} for name in ("a", "b")]
    one = event(assembled={**ANSWER, "statistics": {"usage_per_model": entries}})

    assert len(points(one)) == 1
    whole, *parts = [parse(text) for text in to_line_protocol([one], PointSchema.LEAN, usage_per_model=True)]

    assert (whole.fields["prompt_tokens"], whole.fields["completion_tokens"]) == (0, 0)
    assert [(part.tags["model"], part.fields["prompt_tokens"]) for part in parts] == [("a", 5), ("b", 5)]
    assert len({part.time for part in (whole, *parts)}) == 3


def test_names_too_long_for_influxdb_are_cut() -> None:
    found = written(event(title="t" * 70_000, user={"id": "u" * 70_000, "title": "t" * 70_000}))

    assert len(found.tags["title"]) == 1024
    assert len(str(found.fields["user_hash"])) == 16_000


NAMES = st.text(st.characters(blacklist_categories=()), max_size=20)


@given(NAMES, NAMES, NAMES)
def test_any_name_survives_line_protocol(title: str, user: str, project: str) -> None:
    one = event(user={"id": user, "title": title}, project={"id": project})

    found = written(one)

    assert found.fields["user_hash"] == (one.user_hash or "undefined")
    assert found.tags["title"] == as_tag(one.title or "undefined")
    assert found.tags.get("project_id", "") == as_tag(one.project_id)


def as_tag(name: str) -> str:
    """InfluxDB's client writes line ends as letters, and a space for a backslash at the very end."""
    name = name.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return name[:-1] + " " if name.endswith("\\") else name
