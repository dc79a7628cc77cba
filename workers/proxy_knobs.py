"""The knobs of the recording proxy; the list of all settings in `settings.py` takes them in."""

import re

from workers import upstreams
from workers.knobs import FLAG, HTTP_URL, PATH, TEXT, TOKENS, checked, knob, seconds, whole

MIB = 1024 * 1024
FACTS = ("conversation", "user", "title", "project", "application")
HEADERS = (
    "conversation=X-Conversation-Id,user=X-User,title=X-Job-Title,project=X-Project,application=X-Application"
)


def read_headers(text: str) -> dict[str, str]:
    """Fact -> header; a fact that is not named is in no header."""
    found: dict[str, str] = {}
    for part in filter(None, map(str.strip, text.split(","))):
        fact, _, header = map(str.strip, part.partition("="))
        if fact not in FACTS or not re.fullmatch(r"[A-Za-z0-9-]+", header):
            raise ValueError(f"{part!r} is no fact=header")
        found[fact] = header.lower()
    return found


UPSTREAM_URL = knob(
    "PROXY_UPSTREAM_URL", HTTP_URL, None, "OpenAI-compatible server behind the proxy; unset: no proxy."
)
UPSTREAM_KEY = knob(
    "PROXY_UPSTREAM_KEY", TEXT, "", "Key for PROXY_UPSTREAM_URL; unset: that of the caller.", secret=True
)
UPSTREAMS = knob(
    "PROXY_UPSTREAMS",
    checked(upstreams.ALLOWED, upstreams.of_map),
    "{}",
    "More upstreams by path prefix, with headers and keys of their own.",
    secret=True,
)
PROXY_TOKENS = knob(
    "PROXY_TOKENS", TOKENS, (), "Any of these opens the proxy; unset: nothing is asked.", secret=True
)
CA_FILE = knob("PROXY_CA_FILE", PATH, None, "Certificates to trust in upstreams; unset: those of the system.")
PORT = knob("PROXY_PORT", whole(1, 65_535), 5002, "Port that the proxy listens on, at HOST.")
WORKERS = knob("PROXY_WORKERS", whole(1, 64), 1, "Processes of the proxy.")
CONNECT_TIMEOUT = knob(
    "PROXY_CONNECT_TIMEOUT_SECONDS", seconds(0.1, 300), 10.0, "After this without a connection: 504."
)
READ_TIMEOUT = knob(
    "PROXY_READ_TIMEOUT_SECONDS",
    seconds(0.1, 86_400),
    600.0,
    "After this without a byte from the upstream: 504.",
)
RECORD_BYTES = knob(
    "PROXY_RECORD_BYTES", whole(0, 64 * MIB), 4 * MIB, "Most that is kept of a body for analysis."
)
SPOOL_BYTES = knob(
    "PROXY_SPOOL_BYTES",
    whole(0, 1024 * 1024 * MIB),
    256 * MIB,
    "Most that waits in DATA_DIR while Redis is away; beyond, records are dropped and counted.",
)
HEADER_NAMES = knob(
    "PROXY_HEADERS",
    checked("fact=header pairs of " + ", ".join(FACTS), read_headers),
    HEADERS,
    "Which headers of a call tell conversation, user and the like.",
)
HASH_KEY = knob(
    "PROXY_HASH_KEY",
    TEXT,
    "",
    "Key of the hashes that stand for API keys; unset: a random one kept in DATA_DIR.",
    secret=True,
)
HASH_USERS = knob("PROXY_HASH_USERS", FLAG, default=False, help="Record users as hashes, too.")
INCLUDE_USAGE = knob(
    "PROXY_INCLUDE_USAGE", FLAG, default=False, help="Ask streams for their tokens where callers do not."
)
