"""A plain body becomes its items, whatever the shape of the batch."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.items import INVALID_JSON, INVALID_MESSAGE, Item, read
from api.problems import Unreadable, Unsupported

NDJSON = "application/x-ndjson"
JSON = "application/json"
BARE = '{"request":{"uri":"/v1/gpt-4/rate","time":"2026-09-01T12:00:00"}}'


def items(body: Any, media_type: str = JSON) -> list[Item]:
    plain = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(plain, media_type)


def test_vectors_events_are_read_and_their_other_keys_passed_over() -> None:
    batch = [{"message": "one", "file": "a.log", "host": "h"}, {"message": "two"}]

    assert items(batch) == [Item("one"), Item("two")]


def test_an_empty_list_has_no_items() -> None:
    assert items([]) == []


@pytest.mark.parametrize("entry", ["text", 7, None, [], {}, {"message": 7}, {"message": None}, {"msg": "x"}])
def test_an_entry_that_is_no_message_is_set_aside_and_its_neighbours_are_not(entry: Any) -> None:
    assert items([{"message": "a"}, entry, {"message": "b"}]) == [
        Item("a"),
        Item(json.dumps(entry), INVALID_MESSAGE),
        Item("b"),
    ]


@pytest.mark.parametrize("body", [b"invalid json", b"", b"[1,", b"nonsense\n{}", b'{"message": "a'])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable) as refused:
        items(body)

    assert refused.value.code == "json_invalid"


@pytest.mark.parametrize("body", [{"foo": "bar"}, {"message": "one"}, "text", 7, None, True])
def test_a_body_that_is_no_list_is_refused(body: Any) -> None:
    with pytest.raises(Unreadable) as refused:
        items(body)

    assert refused.value.code == "list_type"


def test_a_body_that_nests_without_end_is_refused() -> None:
    with pytest.raises(Unreadable):
        items(b"[" * 200_000)


def test_a_number_without_end_is_refused() -> None:
    with pytest.raises(Unreadable):
        items(b"[" + b"9" * 10_000 + b"]")


def test_raw_control_characters_inside_strings_are_taken() -> None:
    assert items(b'[{"message":"a\x01b\tc"}]') == [Item("a\x01b\tc")]


def test_bytes_that_are_no_utf8_harm_nobody() -> None:
    assert items(b'[{"message":"a\xffb"},{"message":"c"}]') == [Item("a\ufffdb"), Item("c")]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert items(b'\xef\xbb\xbf[{"message":"a"}]') == [Item("a")]


def test_lines_may_be_vectors_events_or_bare_lines_of_the_log() -> None:
    body = f'{{"message":"one"}}\n\n{BARE}\r\n{{"message":"two"}}'.encode()

    assert items(body, NDJSON) == [Item("one"), Item(BARE), Item("two")]


def test_a_broken_line_is_set_aside_and_its_neighbours_are_not() -> None:
    body = f'{BARE}\n{{"assembled_response":"\n[1]\n{BARE}'.encode()

    assert items(body, NDJSON) == [
        Item(BARE),
        Item('{"assembled_response":"', INVALID_JSON),
        Item("[1]", INVALID_MESSAGE),
        Item(BARE),
    ]


def test_a_line_separator_of_unicode_ends_no_line() -> None:
    assert items('{"message":"a\u2028b"}'.encode(), NDJSON) == [Item("a\u2028b")]


def test_an_empty_body_of_lines_has_no_items() -> None:
    assert items(b"", NDJSON) == []


@pytest.mark.parametrize(
    "media_type", ["", "text/plain", "application/octet-stream", "application/x-www-form-urlencoded"]
)
def test_without_a_telling_media_type_the_body_tells(media_type: str) -> None:
    assert items(b'[{"message":"a"}]', media_type) == [Item("a")]
    assert items(BARE.encode(), media_type) == [Item(BARE)]
    assert items(f"{BARE}\n{BARE}\n".encode(), media_type) == [Item(BARE), Item(BARE)]
    assert items(f'{{"broken\n{BARE}'.encode(), media_type) == [Item('{"broken', INVALID_JSON), Item(BARE)]
    with pytest.raises(Unreadable):
        items(b'{"foo":"bar"}', media_type)


def test_lines_are_taken_even_if_they_are_called_json() -> None:
    assert items(f"{BARE}\n{BARE}".encode()) == [Item(BARE), Item(BARE)]


def test_an_unknown_media_type_is_refused() -> None:
    with pytest.raises(Unsupported):
        items([], "application/xml")


@given(st.lists(st.text()))
def test_messages_come_out_as_they_went_in(messages: list[str]) -> None:
    assert items([{"message": text} for text in messages]) == [Item(text) for text in messages]


@given(st.binary(max_size=300), st.sampled_from([JSON, NDJSON, ""]))
def test_no_bytes_at_all_make_it_fail(body: bytes, media_type: str) -> None:
    try:
        found = read(body, media_type)
    except Unreadable:
        return

    assert all(isinstance(item.text, str) for item in found)
