"""Parcels on disk while Redis is away: one file each, sealed as in Redis, within a bound."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from workers.parcels import NewParcel
from workers.payload import Locked, Seal

ENDING = ".parcel"
# Other processes write into the same folder; so often we look how full it is.
LOOK_S = 2.0


@dataclass(slots=True)
class Spool:
    """`bound` is in bytes, for all processes together."""

    folder: Path
    bound: int
    seal: Seal
    task: str
    _used: int = field(default=0, init=False)
    _looked: float = field(default=0.0, init=False)

    def add(self, parcel: NewParcel) -> bool:
        """Keep it; False when there is no room, or the disk does not take it."""
        payload = self.seal.close(parcel.payload)
        if self._size() + len(payload) > self.bound:
            return False
        name = f"{time.time_ns():020d}-{parcel.id}-{parcel.records}{ENDING}"
        try:
            self._write(self.folder / name, payload)
        except OSError:
            return False
        self._used += len(payload)
        return True

    def _write(self, path: Path, payload: bytes) -> None:
        """Whole or not at all, and on disk when it returns."""
        self.folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".half")
        try:
            with open(half, "wb", opener=_private) as file:
                file.write(payload)
                file.flush()
                os.fsync(file.fileno())
            half.rename(path)
        except OSError:
            half.unlink(missing_ok=True)
            raise

    def files(self) -> list[Path]:
        """The oldest first, as their names begin with the time."""
        return sorted(self.folder.glob(f"*{ENDING}")) if self.folder.is_dir() else []

    def _size(self) -> int:
        if not self._used or time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            self._used = sum(_length(path) for path in self.files())
        return self._used

    def drain(self, send: Callable[[NewParcel], None], most: int) -> int:
        """Send the oldest, as many as `most`, and forget each that was sent; what `send` raises ends it.

        A process that dies in between sends a parcel twice, which is the same as once.
        """
        sent = 0
        with self._alone() as alone:
            for path in self.files()[:most] if alone else []:
                if parcel := self._read(path):
                    send(parcel)
                    path.unlink(missing_ok=True)
                    self._used, sent = 0, sent + 1
        return sent

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether no other process is sending just now."""
        if not self.folder.is_dir():
            yield False
            return
        with (self.folder / ".lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True

    def _read(self, path: Path) -> NewParcel | None:
        """None for a file that was sealed with a key that is no longer ours: it stays where it is."""
        _, parcel_id, records = path.name.removesuffix(ENDING).split("-")
        try:
            payload = self.seal.open(path.read_bytes())
        except (Locked, OSError):
            return None
        return NewParcel(parcel_id, self.task, "", payload, int(records))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _length(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
