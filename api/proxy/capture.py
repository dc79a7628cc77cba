"""What is remembered of a body that flows by: its beginning, its end, and how long it was."""

from dataclasses import dataclass, field

# A stream tells its tokens at the very end.
TAIL = 64 * 1024


@dataclass(slots=True)
class Capture:
    """At most `bound` bytes of the beginning, and the last ones of what is beyond."""

    bound: int
    size: int = 0
    head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        room = self.bound - len(self.head)
        if room >= len(chunk):
            self.head += chunk
            return
        self.head += chunk[:room]
        self._tail += chunk[room:][-TAIL:]
        if len(self._tail) > 2 * TAIL:
            del self._tail[:-TAIL]

    @property
    def tail(self) -> bytes:
        return bytes(self._tail[-TAIL:])

    @property
    def kept(self) -> int:
        return len(self.head) + len(self.tail)

    @property
    def cut(self) -> int:
        """Bytes that are gone from the middle."""
        return self.size - self.kept
