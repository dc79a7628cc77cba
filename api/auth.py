"""Who may come in: one list of tokens for sending, another for reading. An empty list asks for nothing.

A door that nobody lists here is one for reading, so that a new page is never open by oversight.
"""

import hmac
import logging
from collections.abc import Sequence
from ipaddress import ip_address

from flask import request

from api.house import house
from api.problems import Unauthorized
from workers.settings import Settings, SettingsError

logger = logging.getLogger(__name__)

# By name of the view. Readiness is open for load balancers, and says less to those who may not read.
OPEN = frozenset({"health.health", "health.ready", "openapi.openapi"})
INGEST = frozenset({"ingest.data", "ingest.ping"})
NEEDS = {"ingest": "Sending", "read": "Reading"}


def guard() -> None:
    """Before each request; raises Unauthorized."""
    view = request.endpoint or ""
    if view in OPEN:
        return
    settings = house().settings
    kind, tokens = ("ingest", settings.ingest_tokens) if view in INGEST else ("read", settings.read_tokens)
    if not _knows(tokens):
        logger.warning("token_refused", extra={"door": kind, "given": request.authorization is not None})
        raise Unauthorized(
            "unauthorized",
            f"{NEEDS[kind]} needs a token, as Bearer or as a password",
            where=("header", "authorization"),
        )


def may_read() -> bool:
    """Whether the current request would be let in at a door for reading."""
    return _knows(house().settings.read_tokens)


def _knows(tokens: Sequence[str]) -> bool:
    """In the same time whichever token it is, or nearly is."""
    given = _given().encode()
    matches = [hmac.compare_digest(given, token.encode()) for token in tokens]
    return any(matches) or not tokens


def _given() -> str:
    """The token of the request, by Bearer or as the password of Basic; "" without one."""
    said = request.authorization
    if said is None:
        return ""
    return (said.token if said.type == "bearer" else said.password) or ""


def check(settings: Settings) -> None:
    """The API starts on an address that others reach only with tokens, or when it is told to be open."""
    closed = settings.ingest_tokens and settings.read_tokens
    if closed or settings.allow_anonymous or is_loopback(settings.host):
        return
    missing = " and ".join(
        name
        for name, tokens in {
            "INGEST_TOKENS": settings.ingest_tokens,
            "READ_TOKENS": settings.read_tokens,
        }.items()
        if not tokens
    )
    raise SettingsError(
        f"HOST={settings.host!r} without {missing}: allowed with both of them set, "
        "with HOST=127.0.0.1, or with ALLOW_ANONYMOUS=true"
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens there."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
