"""A sender that behaves like Vector's http sink: it keeps a batch until the API has said what became of it.

408, 429, 5xx and lost connections are tried again with backoff; any other 4xx drops the batch. Now and then
it hangs up before the reply comes, and sends the whole batch again.
"""

import gzip
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from queue import Empty, SimpleQueue

from tests.chaos.records import Record, Stream, envelope

RETRIED = {408, 429}
LONGEST_BACKOFF_S = 5.0
HANGS_UP = 0.02


@dataclass(slots=True)
class Journal:
    """What the sender knows: when it was told yes, record by record. That is what the promise is about."""

    accepted: dict[int, tuple[float, Record]] = field(default_factory=dict)  # number -> (when, record)
    sent: dict[int, float] = field(default_factory=dict)  # number -> first sent
    refused: dict[int, Record] = field(default_factory=dict)
    dropped: dict[int, int] = field(default_factory=dict)  # number -> status
    events: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def replied(self, records: list[Record], replies: list[dict[str, str]]) -> None:
        now = time.time()
        with self.lock:
            for record, reply in zip(records, replies, strict=True):
                if reply["status"] == "success":
                    self.accepted.setdefault(record.number, (now, record))
                else:
                    self.refused[record.number] = record


class Sender:
    """One thread makes batches at a steady rate, others carry them; `close` returns when all have arrived."""

    def __init__(self, url: str, stream: Stream, *, rate: float, batch: int = 10, carriers: int = 3) -> None:
        self.journal = Journal()
        self._address = url.removeprefix("http://")
        self._stream = stream
        self._pause_s = batch / rate
        self._batch = batch
        self._waiting: SimpleQueue[list[Record]] = SimpleQueue()
        self._chance = random.Random(1)
        self._full = threading.Event()
        self._gave_up = threading.Event()
        self._carriers = [threading.Thread(target=self._carry, daemon=True) for _ in range(carriers)]
        self._maker = threading.Thread(target=self._make, daemon=True)

    def start(self) -> None:
        for thread in (self._maker, *self._carriers):
            thread.start()

    def close(self, timeout_s: float) -> bool:
        """No new batches; wait for the replies to those that there are. False: the time was too short."""
        self._full.set()
        deadline = time.monotonic() + timeout_s
        for thread in (self._maker, *self._carriers):
            thread.join(max(0.0, deadline - time.monotonic()))
        self._gave_up.set()
        return not any(thread.is_alive() for thread in self._carriers)

    def _make(self) -> None:
        due = time.monotonic()
        while not self._full.wait(max(0.0, due - time.monotonic())):
            self._waiting.put(self._stream.batch(self._batch))
            due += self._pause_s

    def _carry(self) -> None:
        connection = HTTPConnection(self._address, timeout=60)
        while not (self._full.is_set() and self._waiting.empty() and not self._maker.is_alive()):
            try:
                records = self._waiting.get(timeout=0.2)
            except Empty:
                continue
            self._deliver(connection, records)
        connection.close()

    def _deliver(self, connection: HTTPConnection, records: list[Record]) -> None:
        body = gzip.compress(envelope(records), 1)
        now = time.time()
        with self.journal.lock:
            self.journal.sent.update({record.number: now for record in records})
        backoff = 0.5
        while not self._gave_up.is_set():
            status, reply, retry_after = self._post(connection, body)
            if status == 200:
                self.journal.replied(records, json.loads(reply))
                return
            self.journal.events[f"answer {status}" if status else "no answer"] += 1
            if 400 <= status < 500 and status not in RETRIED:
                self.journal.dropped.update({record.number: status for record in records})
                return
            self._gave_up.wait(max(retry_after, self._chance.uniform(backoff / 2, backoff)))
            backoff = min(backoff * 2, LONGEST_BACKOFF_S)

    def _post(self, connection: HTTPConnection, body: bytes) -> tuple[int, bytes, float]:
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        try:
            connection.request("POST", "/data", body, headers)
            if self._chance.random() < HANGS_UP:
                self._gave_up.wait(self._chance.uniform(0, 0.05))
                connection.close()
                self.journal.events["hung up"] += 1
                return 0, b"", 0.0
            response = connection.getresponse()
            return response.status, response.read(), float(response.headers.get("Retry-After", "0"))
        except (OSError, HTTPException):
            connection.close()
            return 0, b"", 0.0
