"""The question for usage goes in without touching the rest, and its answer comes out again."""

import json

import pytest

from api.proxy.usage import Sieve, asking

BODY = b'{ "model":"m","n":1e400,"stream":true,"messages":[]}'


def chunk(**more: object) -> bytes:
    return b"data: " + json.dumps({"id": "c", "choices": [{"delta": {}}], **more}).encode() + b"\n\n"


LAST = b'data: {"id": "c", "choices": [], "usage": {"total_tokens": 3}}\n\n'


def test_the_question_is_put_before_everything_else() -> None:
    assert asking(BODY) == BODY.replace(b"{", b'{"stream_options":{"include_usage":true},', 1)


def test_other_options_of_the_stream_stay() -> None:
    changed = asking(b'{"stream":true,"stream_options":{"include_obfuscation":false,"include_usage":false}}')

    assert changed
    assert json.loads(changed)["stream_options"] == {"include_obfuscation": False, "include_usage": True}


@pytest.mark.parametrize(
    "body",
    [
        b'{"stream":false}',
        b'{"model":"m"}',
        b'{"stream":true,"stream_options":{"include_usage":true}}',
        b'{"stream":true,"stream_options":7}',
        b'["stream"]',
        b'{"stream":',
        b"",
    ],
)
def test_all_other_requests_stay_as_they_are(body: bytes) -> None:
    assert asking(body) is None


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_last_chunk_and_the_nulls_are_taken_out_wherever_the_stream_is_cut(size: int) -> None:
    stream = chunk(usage=None) + chunk(usage=None) + LAST + b"data: [DONE]\n\n"
    sieve = Sieve()

    seen = b"".join(sieve.feed(stream[at : at + size]) for at in range(0, len(stream), size))

    assert seen == chunk() + chunk() + b"data: [DONE]\n\n"
    assert sieve.rest() == b""


def test_usage_that_comes_with_a_choice_is_the_upstreams_own() -> None:
    told = chunk(usage={"total_tokens": 3})

    assert Sieve().feed(told) == told


def test_words_about_usage_are_not_touched() -> None:
    said = chunk(usage=None, text='{"a":1,"usage":null}')

    assert Sieve().feed(said) == chunk(text='{"a":1,"usage":null}')


def test_comments_and_unfinished_events_pass() -> None:
    sieve = Sieve()

    assert sieve.feed(b": keep-alive\n\ndata: {") == b": keep-alive\n\n"
    assert sieve.rest() == b"data: {"
