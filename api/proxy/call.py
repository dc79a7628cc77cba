"""One call as it happens: what the record of it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic

from aiohttp import web

from analytics.surfaces import PLAIN, RULES
from api.proxy.capture import Capture
from api.proxy.routes import Address
from workers.upstreams import is_credential


@dataclass(slots=True)
class Call:
    """`ended` is "" for a call that came to its end, else a code for what broke it."""

    method: str
    uri: str
    upstream: str
    protocol: str
    headers: Mapping[str, str] = field(repr=False)
    key: str = field(repr=False)
    request: Capture
    response: Capture
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    status: int = 0
    answer: Mapping[str, str] = field(default_factory=dict)
    first_chunk_s: float | None = None
    took_s: float = 0.0
    ended: str = ""
    _begun: float = field(default_factory=monotonic)

    def received(self, chunk: bytes) -> None:
        """A piece of the answer, as it came from the upstream."""
        if self.first_chunk_s is None:
            self.first_chunk_s = monotonic() - self._begun
        self.response.add(chunk)

    def end(self) -> None:
        self.took_s = monotonic() - self._begun


def open_call(request: web.Request, address: Address, key: str, bound: int) -> Call:
    """A call that has just begun; an HTTP header that comes twice counts once."""
    version = request.version
    return Call(
        method=request.method,
        uri=address.uri,
        upstream=address.target.partition("?")[0],
        protocol=f"HTTP/{version.major}.{version.minor}",
        headers={name.lower(): value for name, value in request.headers.items() if not is_secret(name)},
        key=key,
        request=Capture(bound),
        response=Capture(bound),
    )


def is_secret(header: str) -> bool:
    return is_credential(header) or header.lower() in ("cookie", "proxy-authorization")


@lru_cache(1024)
def is_known(method: str, path: str) -> bool:
    """Whether analysis knows such calls; a GET only lists what was stored."""
    return method == "POST" and any(rule.path.fullmatch(path) for rule in RULES + PLAIN)
