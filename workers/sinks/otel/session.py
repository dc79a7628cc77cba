"""One HTTP request for one export, and what came of it.

The SDK's exporter would try again by itself, for seconds in which a worker could do other things, and takes a
redirect for a success. Here waiting is the parcel's part: whatever is no plain yes ends the export at once.
"""

import threading
from dataclasses import dataclass
from typing import Any

import requests

NO_ANSWER = 0
NOT_SENT = -1
FIRST_REDIRECT = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP status, NO_ANSWER or NOT_SENT; a reason code unless it was a yes; the body of a yes."""

    status: int
    reason: str = ""
    retry_after: str | None = None
    body: bytes = b""


NOTHING_SENT = Answer(NOT_SENT, "not_encodable")


class Refused(Exception):
    """Tells the exporter to give up; the answer is kept beside it."""


class Session(requests.Session):
    """Remembers, for each thread, the answer to its last request."""

    def __init__(self) -> None:
        super().__init__()
        self._mine = threading.local()

    @property
    def answer(self) -> Answer:
        found: Answer = getattr(self._mine, "answer", NOTHING_SENT)
        return found

    def forget(self) -> None:
        self._mine.answer = NOTHING_SENT

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            response = super().request(*args, **kwargs)
        except requests.Timeout:
            self._mine.answer = Answer(NO_ANSWER, "timeout")
        except requests.exceptions.SSLError:
            self._mine.answer = Answer(NO_ANSWER, "tls_error")
        except (requests.RequestException, OSError):
            self._mine.answer = Answer(NO_ANSWER, "connection_error")
        else:
            if response.status_code < FIRST_REDIRECT:
                self._mine.answer = Answer(response.status_code, body=response.content)
                return response
            after = response.headers.get("Retry-After")
            self._mine.answer = Answer(response.status_code, f"http_{response.status_code}", after)
        raise Refused
