"""Which headers travel on: all but those that are about one connection, and the key where we have our own."""

import hmac
from collections.abc import Iterable, Mapping, Sequence

from multidict import CIMultiDict

from workers.upstreams import Upstream, is_credential

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# The host is the upstream's; whoever expects 100 Continue got it from us.
OURS = frozenset({"host", "expect"})
READABLE = ("gzip", "deflate", "zstd", "identity")
CREDENTIALS = ("authorization", "api-key", "x-api-key")

Headers = CIMultiDict[str]
RawHeaders = Iterable[tuple[bytes, bytes]]


def end_to_end(raw: RawHeaders) -> Headers:
    """All headers that are meant for the other end, in their order and as they were spelled."""
    given: Headers = CIMultiDict((_text(name), _text(value)) for name, value in raw)
    named = {name.strip().lower() for line in given.getall("Connection", ()) for name in line.split(",")}
    gone = HOP_BY_HOP | named
    return CIMultiDict((name, value) for name, value in given.items() if name.lower() not in gone)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def upward(given: RawHeaders, upstream: Upstream, *, replaced: bool) -> Headers:
    """What the upstream gets; with `replaced`, its own key stands where the caller had ours."""
    headers = end_to_end(given)
    for name in OURS:
        headers.popall(name, None)
    if replaced:
        _replace_key(headers, upstream)
    for name, value in upstream.headers.items():
        headers[name] = value
    return headers


def _replace_key(headers: Headers, upstream: Upstream) -> None:
    """In the header that the caller chose, which is the one that this API reads."""
    for name in CREDENTIALS:
        if headers.popall(name, None) is not None and upstream.key:
            headers[name] = f"Bearer {upstream.key}" if name == "authorization" else upstream.key
    if upstream.key and not any(map(is_credential, headers)):
        anthropic = upstream.shape.startswith("/anthropic")
        name, start = ("x-api-key", "") if anthropic else ("authorization", "Bearer ")
        headers[name] = start + upstream.key


def key_of(given: Mapping[str, str]) -> str:
    """The key that the caller sent, "" without one."""
    for name in CREDENTIALS:
        if value := given.get(name, ""):
            return value.partition(" ")[2].strip() if name == "authorization" else value
    return ""


def opens(key: str, tokens: Sequence[str]) -> bool:
    """Whether the key is one of ours, in the same time whichever it is or nearly is."""
    given = key.encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(given, token.encode()) for token in tokens]
    return any(matches)


def readable(headers: Headers) -> None:
    """Ask for no compression that the recorder could not read, such as Brotli."""
    if "Accept-Encoding" in headers:
        asked = [part.strip() for part in ",".join(headers.popall("Accept-Encoding")).split(",")]
        kept = [part for part in asked if part.partition(";")[0].strip().lower() in READABLE]
        headers["Accept-Encoding"] = ", ".join(kept) or "identity"
