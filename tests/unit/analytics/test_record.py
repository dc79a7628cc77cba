"""The envelope of a log line."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from analytics.errors import MalformedRecord
from analytics.record import parse
from tests.unit.analytics.lines import document, line


def test_a_good_line_is_read_whole() -> None:
    record = parse(
        line(token_usage={"price": 0.0681300}, execution_path=[None, "a"], operation_duration_ms=5)
    )

    assert record.time == datetime(2026, 9, 1, 12, 0, 0, 123000, UTC)
    assert (record.chat_id, record.project_id, record.title) == (
        "conversations/abc",
        "PROJECT-KEY",
        "Data Engineer",
    )
    assert (record.trace_id, record.core_parent_span_id, record.upstream) == (
        "t1",
        "",
        "https://up.example/v1",
    )
    assert record.execution_path == ("", "a")
    assert record.operation_duration_ms == 5
    assert record.token_usage == {"price": Decimal("0.06813")}
    assert record.request_body is None
    assert record.notes == ()
    assert record.ok


def test_prices_keep_every_digit_of_the_log() -> None:
    text = line(token_usage={"price": 0}).replace('"price": 0', '"price": 0.12345678901234567890123')

    assert parse(text).token_usage == {"price": Decimal("0.12345678901234567890123")}


def test_absent_and_null_are_the_same() -> None:
    absent, null = document(), document()
    for name in ("chat", "project", "user", "trace", "deployment"):
        del absent[name]
        null[name] = None

    assert parse(json.dumps(absent)).chat_id == parse(json.dumps(null)).chat_id == ""
    assert parse(json.dumps(null)).notes == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("deployment", 5),
        ("execution_path", "a/b"),
        ("operation_duration_ms", -1),
        ("operation_duration_ms", 1.5),
        ("operation_duration_ms", 2**63),
        ("token_usage", [1]),
        ("assembled_response", {}),
    ],
)
def test_a_broken_field_falls_back_and_leaves_a_note(name: str, value: Any) -> None:
    record = parse(line(**{name: value}))

    assert record.notes == (f"invalid_{name}",)
    assert not getattr(record, name)
    assert record.project_id == "PROJECT-KEY"


def test_a_section_that_is_no_object_costs_only_its_own_fields() -> None:
    record = parse(line(user="Jane", trace=[1]))

    assert record.notes == (
        "invalid_user_hash",
        "invalid_title",
        "invalid_trace_id",
        "invalid_core_span_id",
        "invalid_core_parent_span_id",
    )
    assert record.chat_id == "conversations/abc"


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2023-11-24T03:33:40.39", datetime(2023, 11, 24, 3, 33, 40, 390000, UTC)),
        ("2011-12-03T10:15", datetime(2011, 12, 3, 10, 15, tzinfo=UTC)),
        ("2011-12-03T10:15:30Z", datetime(2011, 12, 3, 10, 15, 30, tzinfo=UTC)),
        ("2011-12-03T10:15:30+01:00", datetime(2011, 12, 3, 9, 15, 30, tzinfo=UTC)),
        ("2011-12-03T10:15:30.123456789", datetime(2011, 12, 3, 10, 15, 30, 123456, UTC)),
    ],
)
def test_times_without_a_zone_are_utc(time: str, expected: datetime) -> None:
    assert parse(line(time=time)).time == expected


@pytest.mark.parametrize(
    "time",
    [
        "2011-12-03T10:15:30.",
        "2011-12-03T10:15:30[Europe/Paris]",
        "yesterday",
        "",
        7,
        "0001-01-01T00:00:00+10:00",
        "9999-12-31T00:00:00",
    ],
)
def test_a_time_of_no_use_is_malformed(time: Any) -> None:
    with pytest.raises(MalformedRecord, match="invalid_time"):
        parse(line(time=time))


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "invalid_json"),
        ("invalid message JSON", "invalid_json"),
        (line()[:-40], "invalid_json"),
        ("[1]", "not_an_object"),
        ("null", "not_an_object"),
        ("{}", "missing_request"),
        ('{"request": "POST"}', "missing_request"),
        ('{"request": {"time": "2026-09-01T12:00:00"}}', "missing_uri"),
        ('{"request": {"uri": 5, "time": "2026-09-01T12:00:00"}}', "invalid_uri"),
        ('{"request": {"uri": "/x"}}', "missing_time"),
        ("[" * 10_000, "nested_too_deep"),
        ('{"a":' * 10_000 + "1" + "}" * 10_000, "nested_too_deep"),
    ],
)
def test_what_nobody_can_read_has_a_reason(message: str, reason: str) -> None:
    with pytest.raises(MalformedRecord) as caught:
        parse(message)

    assert caught.value.reason == reason


def test_raw_control_characters_of_old_cores_are_read() -> None:
    assert parse(line(deployment="@").replace("@", "a\nb\x01")).deployment == "a\nb\x01"


def test_numbers_that_are_none_are_null() -> None:
    text = line(operation_duration_ms=7)

    for number in ("NaN", "Infinity", "9" * 5000, "1" * 70 + ".5"):
        record = parse(text.replace('"operation_duration_ms": 7', f'"operation_duration_ms": {number}'))
        assert record.operation_duration_ms is None


@pytest.mark.parametrize(
    ("status", "ok"),
    [("200", True), ("204", True), (201, True), ("404", False), ("", False), (None, False), ("2xx", False)],
)
def test_any_2xx_is_a_success(status: Any, ok: bool) -> None:
    assert parse(line(status=status)).ok is ok


def test_the_digest_is_that_of_the_line() -> None:
    assert parse(line()).digest == parse(line() + "\n").digest
    assert parse(line()).digest != parse(line(title="other")).digest
    assert len(parse(line()).digest) == 32
