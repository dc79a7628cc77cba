"""What becomes of each item of a batch: a parcel or a dead letter, and the answer to its sender."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import uuid4

from analytics.errors import MalformedRecord
from analytics.record import parse
from api.items import INVALID_JSON, INVALID_MESSAGE, Item
from workers.letters import UNREADABLE_BATCH, NewLetter, letters_for
from workers.parcels import NewParcel
from workers.payload import pack

TASK = "analyze"
# A worker holds a parcel in memory as a whole: a few bodies of 4 MiB are a parcel of their own.
PARCEL_CHARACTERS = 8 * 1024 * 1024

SUCCESS = {"status": "success"}
LABELS = {
    INVALID_MESSAGE: "invalid request message",
    INVALID_JSON: "invalid JSON in request message",
}


@dataclass(frozen=True, slots=True)
class Shipment:
    """What one transaction writes."""

    parcels: tuple[NewParcel, ...]
    letters: tuple[NewLetter, ...]
    counts: Mapping[str, int]
    braked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """A batch after validation, in the order of the sender: an empty reason stands for a good line."""

    items: tuple[Item, ...]

    def replies(self) -> list[dict[str, str]]:
        return [_reply(item.reason) if item.reason else SUCCESS for item in self.items]

    def shipment(self, most: int, brake: float) -> Shipment:
        """Parcels of at most so many lines, and dead letters for the rest.

        The id of a letter is made of what it holds, so a batch that comes twice leaves one letter.
        """
        texts = [item.text for item in self.items if not item.reason]
        refused = [(item.reason, item.text) for item in self.items if item.reason]
        letters = letters_for(refused, len(self.items), brake)
        braked = any(letter.reason == UNREADABLE_BATCH for letter in letters)
        counts = Counter(f"refused:{item.reason}" if item.reason else "accepted" for item in self.items)
        return Shipment(
            tuple(NewParcel(uuid4().hex, TASK, "", pack(some), len(some)) for some in _chunks(texts, most)),
            letters,
            counts | Counter(braked=int(braked)),
            braked,
        )


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
