"""One run of `ingest`: logs go batch by batch through the HTTP door, with progress and a count."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from api.bookmarks import Bookmarks
from api.logfile import STDIN, LogFile, batches, opened
from api.postman import TOO_LARGE, DeliveryError, Postman, envelope

MOST_LINES = 200
MOST_BYTES = 1_000_000

Advance = Callable[[int], None]


@dataclass(slots=True)
class Tally:
    """What has been sent so far, and what became of it."""

    sent: int = 0
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter)

    def add(self, replies: list[dict[str, str]]) -> None:
        self.sent += len(replies)
        for reply in replies:
            if reply.get("status") == "success":
                self.accepted += 1
            else:
                self.refused[reply.get("error") or reply.get("reason") or "unknown"] += 1


@dataclass(frozen=True, slots=True)
class Journey:
    """Who carries the batches, where each log is marked, and what has come of it so far."""

    postman: Postman
    bookmarks: Bookmarks
    console: Console
    tally: Tally = field(default_factory=Tally)

    def send(self, name: str, start: int | None = None) -> None:
        """All batches of one log, from its bookmark unless a start is given. Raises DeliveryError."""
        offset = self._bookmark(name) if start is None else start
        with opened(name) as log, self._progress(log) as advance:
            for batch in batches(log, offset, most_lines=MOST_LINES, most_bytes=MOST_BYTES):
                self._post(batch.lines, name)
                offset = batch.end
                self._remember(name, offset)
                advance(log.position())
            if log.growing and log.size is not None and offset < log.size:
                self._note(f"{name}: the last line is not complete yet and stays for the next run")

    def _post(self, lines: tuple[bytes, ...], name: str) -> None:
        """A batch that is too large goes in halves; a single line that is too large is refused."""
        try:
            self.tally.add(self.postman.post(envelope(lines, name)))
        except DeliveryError as error:
            if error.status != TOO_LARGE:
                raise
            if len(lines) == 1:
                self.tally.add([{"status": "error", "error": "too large"}])
                return
            middle = len(lines) // 2
            self._post(lines[:middle], name)
            self._post(lines[middle:], name)

    def _bookmark(self, name: str) -> int:
        offset = 0 if name == STDIN else self.bookmarks.find(Path(name))
        if offset:
            self._note(f"{name}: going on at byte {offset}; --from-start sends all of it again")
        return offset

    def _remember(self, name: str, offset: int) -> None:
        if name != STDIN:
            self.bookmarks.put(Path(name), offset)

    def _note(self, text: str) -> None:
        self.console.print(text, soft_wrap=True, markup=False)

    @contextmanager
    def _progress(self, log: LogFile) -> Iterator[Advance]:
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            Records(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            before = self.tally.sent
            task = progress.add_task(Path(log.name).name, total=log.size, records=0)
            yield lambda at: progress.update(task, completed=at, records=self.tally.sent - before)
            progress.update(task, completed=log.size, total=log.size)


class Records(ProgressColumn):
    """How many records of this log were sent, and how many that is a second."""

    def render(self, task: Task) -> Text:
        records = task.fields["records"]
        rate = records / task.elapsed if task.elapsed else 0.0
        return Text(f"{records} records, {rate:,.0f}/s")
