"""The knobs of the recording proxy; the list of all settings in `settings.py` takes them in."""

from workers import upstreams
from workers.knobs import HTTP_URL, PATH, TEXT, TOKENS, checked, knob, seconds, whole

MIB = 1024 * 1024
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
