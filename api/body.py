"""From the bytes of a request to its plain bytes: read and unpacked within bounds."""

import zlib
from collections.abc import Callable
from typing import IO, Protocol

import zstandard

from api.problems import TooLarge, Unreadable, Unsupported

# So little is unpacked at once that a bomb overshoots the limit by 32 MiB (zstd makes 128 kB out of 4 B).
PIECE = 1024
# RFC 9659: a zstd content encoding needs no larger window, and a larger one would cost the receiver memory.
ZSTD_WINDOW = 8 * 1024 * 1024


class Unpacker(Protocol):
    """What zlib and zstandard have in common: one compressed frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _deflate(head: bytes) -> Unpacker:
    # By RFC 9110 "deflate" is zlib, whose header is a multiple of 31; some senders leave the header out.
    wrapped = head[:1] and head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head, "big") % 31 == 0
    return zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)


def _gzip(_head: bytes) -> Unpacker:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _zstd(_head: bytes) -> Unpacker:
    return zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW).decompressobj()


ENCODINGS: dict[str, Callable[[bytes], Unpacker]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "zstd": _zstd,
}


def read(stream: IO[bytes], announced: int | None, limit: int) -> bytes:
    """The body as sent; an announced length over the limit is refused unread."""
    if announced is not None and announced > limit:
        raise _too_large(limit)
    raw = stream.read(limit + 1)
    if len(raw) > limit:
        raise _too_large(limit)
    return raw


def unpack(raw: bytes, encoding: str, limit: int) -> bytes | bytearray:
    """The plain body; several frames one after the other are one body, as gzip and zstd allow."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return raw
    if name not in ENCODINGS:
        raise Unsupported(
            "content_encoding",
            "Unknown Content-Encoding: send the body plain, or as gzip, deflate or zstd",
            where=("header", "content-encoding"),
        )
    try:
        return _unpack(raw, ENCODINGS[name], limit)
    except (zlib.error, zstandard.ZstdError) as broken:
        raise Unreadable("encoding_invalid", f"The body is not valid {name}") from broken


def _unpack(raw: bytes, start: Callable[[bytes], Unpacker], limit: int) -> bytearray:
    plain = bytearray()
    unpacker = start(raw[:2])
    at = 0
    while at < len(raw):
        if unpacker.eof:
            unpacker = start(raw[at : at + 2])
        piece = raw[at : at + PIECE]
        plain += unpacker.decompress(piece)
        at += len(piece) - len(unpacker.unused_data)
        if len(plain) > limit:
            raise _too_large(limit)
    if raw and not unpacker.eof:
        raise Unreadable("encoding_invalid", "The compressed body is cut short")
    return plain


def _too_large(limit: int) -> TooLarge:
    return TooLarge("too_large", f"The body has more than the {limit} bytes that are allowed here")
