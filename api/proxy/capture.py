"""What is remembered of a body that flows by: its beginning, its end, and how long it was."""

from dataclasses import dataclass, field

# A stream tells its tokens at the very end, and so do long answers in one piece.
TAIL = 64 * 1024


@dataclass(slots=True)
class Capture:
    """At most `bound` bytes: the beginning, and of what is longer also the very end."""

    bound: int
    size: int = 0
    head: bytearray = field(default_factory=bytearray)
    _tail: bytearray = field(default_factory=bytearray)

    def add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        room = self.bound - self._end - len(self.head)
        if room >= len(chunk):
            self.head += chunk
            return
        self.head += chunk[:room]
        self._tail += chunk[room:][-self.bound :]
        if len(self._tail) > 2 * self._end:
            del self._tail[: len(self._tail) - self._end]

    @property
    def _end(self) -> int:
        return min(TAIL, self.bound // 8)

    @property
    def tail(self) -> bytes:
        return bytes(self._tail[max(0, len(self._tail) - self._end) :])

    @property
    def kept(self) -> int:
        return len(self.head) + len(self.tail)

    @property
    def cut(self) -> int:
        """Bytes that are gone from the middle."""
        return self.size - self.kept
