"""A prompt log on disk or on standard input, read as batches that remember where they end."""

import gzip
import io
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

STDIN = "-"
GZIP_MAGIC = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Batch:
    """Whole lines, and the byte offset behind the last of them."""

    lines: tuple[bytes, ...]
    end: int


@dataclass(frozen=True, slots=True)
class LogFile:
    """An open log: `growing` says that somebody may still be writing its last line."""

    name: str
    stream: IO[bytes]
    raw: IO[bytes]
    size: int | None
    growing: bool

    def position(self) -> int:
        """How much of `size` has been read: bytes on disk, so packed ones where the log is packed."""
        return self.raw.tell()


@contextmanager
def opened(name: str) -> Iterator[LogFile]:
    """Open a log, plain or gzip (told by its first bytes); `-` is standard input."""
    if name == STDIN:
        source: IO[bytes] = sys.stdin.buffer
        packed = isinstance(source, io.BufferedReader) and source.peek(2)[:2] == GZIP_MAGIC
        yield LogFile(name, _unpacked(source) if packed else source, source, None, growing=False)
        return
    with Path(name).open("rb") as source:
        packed = source.read(2) == GZIP_MAGIC
        source.seek(0)
        stream = _unpacked(source) if packed else source
        yield LogFile(name, stream, source, Path(name).stat().st_size, growing=not packed)


def _unpacked(source: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", gzip.GzipFile(fileobj=source))


def batches(log: LogFile, start: int, *, most_lines: int, most_bytes: int) -> Iterator[Batch]:
    """The lines from `start` on; a last line that is still being written is left for the next run."""
    lines: list[bytes] = []
    size = 0
    end = start
    for line in _lines(log, start):
        if lines and (len(lines) >= most_lines or size + len(line) > most_bytes):
            yield Batch(tuple(lines), end)
            lines, size = [], 0
        end += len(line)
        size += len(line)
        if line.strip():
            lines.append(line)
    if lines:
        yield Batch(tuple(lines), end)


def _lines(log: LogFile, start: int) -> Iterator[bytes]:
    # GzipFile.seek reads and forgets: an offset counts unpacked bytes.
    if start:
        log.stream.seek(start)
    for line in log.stream:
        if log.growing and not line.endswith(b"\n") and not _whole(line):
            return
        yield line


def _whole(line: bytes) -> bool:
    try:
        json.loads(line, strict=False)
    except (ValueError, RecursionError):
        return False
    return True
