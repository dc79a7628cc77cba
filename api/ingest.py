"""POST /data: a batch of log lines becomes parcels in Redis, and the sender gets one answer per line.

1. The body is read and unpacked (`body`) and taken apart (`items`).
2. Every line is parsed; what can never become a record is set aside with its reason.
3. Parcels and dead letters are written in one transaction. Only then does the sender hear yes.
4. The workers are woken up; should that fail, the sweeper finds the parcels.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from flask import Blueprint, Response, request
from redis import RedisError

from analytics.errors import MalformedRecord
from analytics.record import parse
from api import body, items
from api.house import house
from api.items import Item
from api.problems import Unavailable
from workers.parcels import NewLetter, NewParcel, ParcelStore, make_letter
from workers.payload import pack
from workers.settings import Settings

TASK = "analyze"
# A worker holds a parcel in memory as a whole: twenty bodies of 4 MiB are a parcel of their own.
PARCEL_CHARACTERS = 8 * 1024 * 1024

SUCCESS = {"status": "success"}
LABELS = {
    items.INVALID_MESSAGE: "invalid request message",
    items.INVALID_JSON: "invalid JSON in request message",
}

doors = Blueprint("ingest", __name__)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A batch after validation, in the order of the sender: an empty reason stands for a good line."""

    items: tuple[Item, ...]

    @property
    def accepted(self) -> list[str]:
        return [item.text for item in self.items if not item.reason]

    @property
    def counts(self) -> dict[str, int]:
        """The counters that the transaction increases."""
        tally = Counter(f"refused:{item.reason}" if item.reason else "accepted" for item in self.items)
        return dict(tally)

    def refused(self) -> dict[str, list[str]]:
        """The texts that are set aside, by reason."""
        groups: dict[str, list[str]] = {}
        for item in self.items:
            if item.reason:
                groups.setdefault(item.reason, []).append(item.text)
        return groups

    def replies(self) -> list[dict[str, str]]:
        return [_reply(item.reason) if item.reason else SUCCESS for item in self.items]


def examine(batch: Sequence[Item]) -> Verdict:
    """Parse each line: what could never be analysed is refused here, where the sender sees it."""
    return Verdict(tuple(item if item.reason else _examined(item) for item in batch))


def _examined(item: Item) -> Item:
    try:
        parse(item.text)
    except MalformedRecord as bad:
        return Item(item.text, bad.reason)
    return item


def _reply(reason: str) -> dict[str, str]:
    label = LABELS.get(reason, "invalid log record")
    return {"status": "error", "error": reason.replace("_", " "), "reason": label}


def parcels(texts: Sequence[str], most: int) -> list[NewParcel]:
    """The good lines in parcels that one worker can swallow."""
    return [NewParcel(uuid4().hex, TASK, "", pack(chunk), len(chunk)) for chunk in _chunks(texts, most)]


def _chunks(texts: Sequence[str], most: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    size = 0
    for text in texts:
        if chunk and (len(chunk) >= most or size + len(text) > PARCEL_CHARACTERS):
            yield chunk
            chunk, size = [], 0
        chunk.append(text)
        size += len(text)
    if chunk:
        yield chunk


def letters(refused: dict[str, list[str]]) -> list[NewLetter]:
    """One dead letter per reason; its id is made of what it holds, so a batch that comes twice leaves one."""
    return [make_letter(TASK, "", texts, reason) for reason, texts in refused.items()]


def accept(verdict: Verdict, store: ParcelStore, most: int) -> list[str]:
    """Make the batch safe and return the ids of its parcels; raises Unavailable when Redis cannot take it."""
    new = parcels(verdict.accepted, most)
    if verdict.items:
        try:
            store.put(new, letters=letters(verdict.refused()), counts=verdict.counts)
        except RedisError as error:
            raise Unavailable("store_unavailable", "The batch could not be stored: send it again") from error
    return [parcel.id for parcel in new]


def read_batch(settings: Settings) -> list[Item]:
    """The items of the request at hand, within the limits of the configuration."""
    raw = body.read(request.stream, request.content_length, settings.max_body_bytes)
    encoding = request.headers.get("Content-Encoding", "")
    return items.read(body.unpack(raw, encoding, settings.max_unpacked_bytes), request.mimetype)


@doors.post("/data")
def data() -> list[dict[str, str]]:
    held = house()
    verdict = examine(read_batch(held.settings))
    for parcel_id in accept(verdict, held.store, held.settings.parcel_records):
        held.wake(parcel_id, TASK)
    return verdict.replies()


@doors.route("/data", methods=["HEAD"])
def ping() -> Response:
    """Vector's health check."""
    return Response()
