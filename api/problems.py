"""What the HTTP door can refuse, each with its status and a short code; the reply has FastAPI's `detail`.

A problem never carries a word of the body: bodies are people's conversations.
"""

from typing import Any


class Problem(Exception):
    """A request that gets no per-item reply: `status`, `code` and one sentence for the sender."""

    status = 400

    def __init__(
        self, code: str, text: str, *, where: tuple[str | int, ...] = ("body",), cause: str = ""
    ) -> None:
        super().__init__(code)
        self.code = code
        self.text = text
        self.where = where
        self.cause = cause

    @property
    def headers(self) -> dict[str, str]:
        return {}

    def detail(self) -> dict[str, Any]:
        """The JSON of the reply."""
        entry: dict[str, Any] = {"type": self.code, "loc": list(self.where), "msg": self.text, "input": {}}
        if self.cause:
            entry["ctx"] = {"error": self.cause}
        return {"detail": [entry]}


class Unauthorized(Problem):
    """No token, or none that is known. A browser asks its user for one, as the password to any name."""

    status = 401

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Basic realm="dial-analytics", charset="UTF-8"'}


class Unreadable(Problem):
    """No JSON, no list, or a compressed body that cannot be unpacked."""

    status = 422


class TooLarge(Problem):
    """More bytes than the configuration allows, as sent or unpacked."""

    status = 413


class TooSlow(Problem):
    """The body did not arrive in time, or its sender has gone."""

    status = 408


class Unsupported(Problem):
    """A media type or a content encoding that this door does not read."""

    status = 415

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "gzip, deflate, zstd"}


class Waiting(Problem):
    """Too much waits to be analysed or delivered: the sender keeps the batch and comes again."""

    status = 429
    retry_after_s = 15

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


class Unavailable(Problem):
    """The batch could not be made safe: the sender keeps it and comes again."""

    status = 503
    retry_after_s = 5

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_s)}
