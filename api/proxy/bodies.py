"""The text of a remembered body, as a log line holds it: unpacked, without files, marked where it was cut."""

import re
import zlib
from io import BytesIO

import zstandard

from api.proxy.capture import Capture

# As DIAL Core ends a body that was too long.
CUT = ">>"
STREAM = "text/event-stream"
TEXTUAL = re.compile(r"text/|.*(json|xml|x-www-form-urlencoded)|$")
BOUNDARY = re.compile(r'boundary="?([^";]+)', re.IGNORECASE)
FILE = re.compile(rb"content-disposition:[^\r\n]*;\s*filename", re.IGNORECASE)
EVENT_END = b"\n\n"


def text(capture: Capture, content_type: str, encoding: str) -> str:
    """Give "" for what is no text, such as sound, and for an encoding that nobody here reads."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        return _form(bytes(capture.head) + capture.tail, content_type)
    if not TEXTUAL.match(kind):
        return ""
    if encoding.strip().lower() not in ("", "identity"):
        return _unpacked(capture, encoding.strip().lower())
    if capture.cut and kind == STREAM:
        return _joined(bytes(capture.head), capture.tail)
    if capture.cut:
        return capture.head.decode("utf-8", "ignore") + CUT
    return (bytes(capture.head) + capture.tail).decode("utf-8", "replace")


def _joined(head: bytes, tail: bytes) -> str:
    """The whole events of both ends: the last ones tell the tokens."""
    first = head[: head.rfind(EVENT_END) + 2] if EVENT_END in head else b""
    return (first + tail.partition(EVENT_END)[2]).decode("utf-8", "replace")


def _unpacked(capture: Capture, encoding: str) -> str:
    try:
        plain, whole = _open(bytes(capture.head), encoding, capture.bound)
    except (zlib.error, zstandard.ZstdError):
        return ""
    mark = "" if whole and not capture.tail else CUT
    return plain.decode("utf-8", "ignore" if mark else "replace") + mark


def _open(packed: bytes, encoding: str, most: int) -> tuple[bytes, bool]:
    """Unpack no more than `most` bytes, and tell whether that was all."""
    if encoding == "zstd":
        with zstandard.ZstdDecompressor().stream_reader(BytesIO(packed), read_across_frames=True) as reader:
            return reader.read(most), not reader.read(1)
    if encoding not in ("gzip", "x-gzip", "deflate"):
        return b"", True
    # 47: the header tells whether it is gzip or zlib.
    opener = zlib.decompressobj(47)
    plain = opener.decompress(packed, most)
    return plain, not opener.unconsumed_tail


def _form(body: bytes, content_type: str) -> str:
    """The form without its files: their sound and pictures are nobody's words, and large."""
    boundary = BOUNDARY.search(content_type)
    if boundary is None:
        return ""
    mark = b"--" + boundary[1].encode("utf-8", "replace")
    parts = [_part(part) for part in body.split(mark)]
    return mark.join(parts).decode("utf-8", "replace")


def _part(part: bytes) -> bytes:
    head, gap, content = part.partition(b"\r\n\r\n")
    return head + gap + b"\r\n" if content and FILE.search(head) else part
