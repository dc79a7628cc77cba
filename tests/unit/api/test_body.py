"""Bodies are read and unpacked within bounds."""

import gzip
import io
import tracemalloc
import zlib
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from api.body import read, unpack
from api.problems import TooLarge, Unreadable, Unsupported

LIMIT = 1_000_000
PLAIN = b'[{"message":"one"}]' * 500

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "zstd": zstandard.compress,
    "GZIP ": gzip.compress,
    "identity": bytes,
    "": bytes,
}


@pytest.mark.parametrize("encoding", PACKERS)
def test_every_known_encoding_is_unpacked(encoding: str) -> None:
    assert unpack(PACKERS[encoding](PLAIN), encoding, LIMIT) == PLAIN


@given(st.binary(max_size=5_000), st.sampled_from(["gzip", "deflate", "zstd"]))
def test_any_bytes_come_back_as_they_were(plain: bytes, encoding: str) -> None:
    assert unpack(PACKERS[encoding](plain), encoding, LIMIT) == plain


def test_a_bare_deflate_stream_is_unpacked_too() -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)

    assert unpack(packer.compress(PLAIN) + packer.flush(), "deflate", LIMIT) == PLAIN


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_several_frames_are_one_body(encoding: str) -> None:
    pack = PACKERS[encoding]

    assert unpack(pack(PLAIN) + pack(b"") + pack(b"!"), encoding, LIMIT) == PLAIN + b"!"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_bomb_is_refused_in_bounded_memory(encoding: str) -> None:
    bomb = PACKERS[encoding](bytes(300_000_000))
    tracemalloc.start()

    with pytest.raises(TooLarge):
        unpack(bomb, encoding, LIMIT)

    assert tracemalloc.get_traced_memory()[1] < 80_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_exactly_the_limit_is_allowed(encoding: str) -> None:
    packed = PACKERS[encoding](PLAIN)

    assert unpack(packed, encoding, len(PLAIN)) == PLAIN
    with pytest.raises(TooLarge):
        unpack(packed, encoding, len(PLAIN) - 1)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_a_body_that_is_cut_short_is_refused(encoding: str) -> None:
    with pytest.raises(Unreadable) as refused:
        unpack(PACKERS[encoding](PLAIN)[:-3], encoding, LIMIT)

    assert refused.value.code == "encoding_invalid"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
def test_what_was_never_packed_is_refused(encoding: str) -> None:
    with pytest.raises(Unreadable):
        unpack(PLAIN, encoding, LIMIT)


def test_an_unknown_encoding_is_refused_with_what_is_known() -> None:
    with pytest.raises(Unsupported) as refused:
        unpack(PLAIN, "snappy", LIMIT)

    assert refused.value.headers == {"Accept-Encoding": "gzip, deflate, zstd"}


def test_an_announced_length_over_the_limit_is_refused_unread() -> None:
    stream = io.BytesIO(bytes(100))

    with pytest.raises(TooLarge):
        read(stream, 100, 99)

    assert stream.tell() == 0


def test_a_body_without_length_is_read_up_to_the_limit() -> None:
    assert read(io.BytesIO(bytes(99)), None, 99) == bytes(99)
    with pytest.raises(TooLarge):
        read(io.BytesIO(bytes(100)), None, 99)
