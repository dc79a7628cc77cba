"""Delivers batches to POST /data as Vector would: over one connection, and with patience."""

import json
import random
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
FIRST_WAIT_S = 0.25
LONGEST_WAIT_S = 30.0
TOO_LARGE = 413
UNAUTHORIZED = 401


class DeliveryError(Exception):
    """The server refused the batch for good, or could not be reached for longer than we wait."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(slots=True)
class Postman:
    """`url` is the server's root; `patience_s` is how long one batch is tried."""

    url: str
    patience_s: float = 300.0
    timeout_s: float = 60.0
    waiting: Callable[[str], None] = lambda _why: None
    token: str = field(default="", repr=False)
    _connection: HTTPConnection | None = field(default=None, init=False)

    def post(self, body: bytes) -> list[dict[str, Any]]:
        """The server's answers, one per line; tries again until patience ends."""
        deadline = time.monotonic() + self.patience_s
        wait = FIRST_WAIT_S
        while True:
            status, answer, retry_after, why = self._attempt(body)
            if status == 200:  # noqa: PLR2004
                return list(json.loads(answer))
            if status == UNAUTHORIZED:
                raise DeliveryError(
                    f"{self.url} asks for another token than the first of INGEST_TOKENS", status
                )
            if status and status not in RETRIED:
                raise DeliveryError(f"{self.url} refused the batch with status {status}", status)
            if time.monotonic() + wait > deadline:
                text = f"{self.url} did not take the batch for {self.patience_s:g} s: {why}"
                raise DeliveryError(text, status)
            self.waiting(why)
            time.sleep(max(retry_after, random.uniform(wait / 2, wait)))  # noqa: S311 - only spreads the load
            wait = min(wait * 2, LONGEST_WAIT_S)

    def _attempt(self, body: bytes) -> tuple[int, bytes, float, str]:
        try:
            connection = self._connected()
            path = urlsplit(self.url).path.rstrip("/") + "/data"
            connection.request("POST", path, body, self._headers())
            response = connection.getresponse()
            answer = response.read()
        except (OSError, HTTPException) as error:
            self.close()
            return 0, b"", 0.0, f"no connection ({type(error).__name__})"
        after = response.headers.get("Retry-After", "0")
        return response.status, answer, float(after) if after.isdigit() else 0.0, f"status {response.status}"

    def _headers(self) -> dict[str, str]:
        said = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Content-Type": "application/json", **said}

    def _connected(self) -> HTTPConnection:
        if self._connection is None:
            parts = urlsplit(self.url)
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            self._connection = kind(parts.hostname or "", parts.port, timeout=self.timeout_s)
        return self._connection

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def envelope(lines: Sequence[bytes], file: str) -> bytes:
    """The lines in the shape of Vector's file source and json codec."""
    now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    common = {"file": file, "host": socket.gethostname(), "source_type": "file", "timestamp": now}
    events = [{"message": line.rstrip(b"\r\n").decode("utf-8", "replace"), **common} for line in lines]
    return json.dumps(events, ensure_ascii=False).encode("utf-8", "replace")
