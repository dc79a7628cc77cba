"""What is kept of a body, and what a log line shows of it."""

import gzip
import zlib

import pytest
import zstandard

from api.proxy import bodies
from api.proxy.capture import Capture

EVENTS = b"".join(b'data: {"n": %d}\n\n' % number for number in range(1000))


def captured(content: bytes, bound: int = 800, piece: int = 50) -> Capture:
    capture = Capture(bound)
    for at in range(0, len(content), piece):
        capture.add(content[at : at + piece])
    return capture


@pytest.mark.parametrize("size", [0, 1, 700, 799, 800])
@pytest.mark.parametrize("piece", [1, 50, 1000])
def test_what_fits_is_kept_whole(size: int, piece: int) -> None:
    capture = captured(b"x" * size, piece=piece)

    assert (capture.cut, capture.kept) == (0, size)
    assert bodies.text(capture, "application/json", "") == "x" * size


@pytest.mark.parametrize("piece", [1, 50, 100_000])
def test_of_a_stream_both_ends_are_kept_in_whole_events(piece: int) -> None:
    capture = captured(EVENTS, piece=piece)
    shown = bodies.text(capture, "text/event-stream; charset=utf-8", "")

    assert capture.kept <= 800
    assert capture.cut == len(EVENTS) - capture.kept
    assert shown.startswith('data: {"n": 0}\n\n')
    assert shown.endswith('data: {"n": 999}\n\n')
    assert all(event in EVENTS.decode().split("\n\n") for event in shown.split("\n\n"))


def test_any_other_long_body_ends_as_dials_do() -> None:
    assert bodies.text(captured(b"x" * 900), "application/json", "") == "x" * 700 + ">>"


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress)],
)
def test_a_packed_body_is_unpacked(encoding: str, pack: object) -> None:
    packed: bytes = pack(b'{"a": 1}')  # type: ignore[operator]

    assert bodies.text(captured(packed), "application/json", encoding) == '{"a": 1}'


def test_a_packed_body_is_never_unpacked_beyond_the_bound() -> None:
    shown = bodies.text(captured(gzip.compress(bytes(100_000))), "application/json", "gzip")

    assert shown == "\0" * 800 + ">>"


@pytest.mark.parametrize(
    ("kind", "encoding"), [("audio/mpeg", ""), ("image/png", ""), ("application/json", "br"), ("", "gzip")]
)
def test_what_nobody_could_read_is_left_out(kind: str, encoding: str) -> None:
    assert bodies.text(captured(b"\xff\xfb\x90"), kind, encoding) == ""


def test_a_form_keeps_its_fields_and_loses_its_files() -> None:
    form = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.mp3"\r\n\r\nSOUND\r\n'
        b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--b--\r\n'
    )
    shown = bodies.text(captured(form), 'multipart/form-data; boundary="b"', "")

    assert "SOUND" not in shown
    assert "whisper-1" in shown
