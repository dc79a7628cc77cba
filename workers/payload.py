"""How a list of records or events rests inside a parcel: as text, compressed with zstd, sealed with keys.

Events are JSON. Log lines stand end to end behind their lengths: to quote them anew would cost the door twice
what compressing them does. They may hold lone surrogates (half an emoji that a stream cut in two), which come
back as they went in.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import zstandard

# Level 1 packs chat logs about as well as the default and costs a third of it.
LEVEL = 1
# The first byte of what Fernet makes, once its base64 is taken off; neither zstd nor JSON starts like this.
SEALED = b"\x80"
# In front of the lengths of log lines; JSON starts with no letter.
LINES = "L"


def pack(items: list[Any]) -> bytes:
    text = _lines(items) if all(isinstance(item, str) for item in items) else _json(items)
    return zstandard.compress(text.encode("utf-8", "surrogatepass"), LEVEL)


def unpack(payload: bytes) -> list[Any]:
    text = zstandard.decompress(payload).decode("utf-8", "surrogatepass")
    if not text.startswith(LINES):
        items: list[Any] = json.loads(text)
        return items
    lengths, _, rest = text.removeprefix(LINES).partition("\n")
    ends = list(accumulate(json.loads(lengths), initial=0))
    return [rest[start:end] for start, end in pairwise(ends)]


def _lines(texts: list[str]) -> str:
    return "".join((LINES, _json([len(text) for text in texts]), "\n", *texts))


def _json(items: list[Any]) -> str:
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


class Locked(Exception):
    """Encrypted with a key that is not among ours."""


class Seal:
    """Encrypts with the first key and reads with any; without keys it lets through what is not encrypted.

    Payloads from before there were keys stay readable, so keys can be introduced, and replaced, at any time.
    """

    def __init__(self, keys: Sequence[str] = ()) -> None:
        self._fernet = _fernet(keys) if keys else None

    def close(self, payload: bytes) -> bytes:
        if self._fernet is None or not payload:
            return payload
        # Fernet's base64 would cost a third more of Redis' memory.
        return urlsafe_b64decode(self._fernet.encrypt(payload))

    def open(self, payload: bytes) -> bytes:
        """Give back what was closed; raises Locked."""
        if not payload.startswith(SEALED):
            return payload
        if self._fernet is None:
            raise Locked
        from cryptography.fernet import InvalidToken

        try:
            opened: bytes = self._fernet.decrypt(urlsafe_b64encode(payload))
        except InvalidToken:
            raise Locked from None
        return opened


def _fernet(keys: Sequence[str]) -> Any:
    """Loaded where keys are in use, and nowhere else."""
    from cryptography.fernet import Fernet, MultiFernet

    return MultiFernet([Fernet(key) for key in keys])
