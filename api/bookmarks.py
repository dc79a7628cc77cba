"""Where `ingest` stopped reading each log, so that the next run goes on from there."""

import json
import os
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

# Enough of the beginning to tell today's log from yesterday's: every line carries its time.
HEAD = 4096


@dataclass(frozen=True, slots=True)
class Bookmarks:
    """A folder with one small file per log."""

    folder: Path

    def find(self, log: Path) -> int:
        """The offset to go on from: 0 for a log that is new, was replaced or became shorter."""
        try:
            mark = json.loads(self._place(log).read_text("utf-8"))
            offset, head, length = int(mark["offset"]), mark["head"], int(mark["head_length"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return 0
        same = log.stat().st_size >= length and _head(log, length) == head
        return offset if same else 0

    def put(self, log: Path, offset: int) -> None:
        """Everything before the offset has been accepted. A crash leaves the old mark or this one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        length = min(HEAD, log.stat().st_size)
        mark = {"log": str(log), "offset": offset, "head": _head(log, length), "head_length": length}
        place = self._place(log)
        draft = place.with_suffix(".new")
        draft.write_text(json.dumps(mark), "utf-8")
        draft.replace(place)

    def _place(self, log: Path) -> Path:
        name = blake2b(os.fsencode(log.resolve()), digest_size=16).hexdigest()
        return self.folder / f"{name}.json"


def _head(log: Path, length: int) -> str:
    with log.open("rb") as stream:
        return blake2b(stream.read(length), digest_size=16).hexdigest()
