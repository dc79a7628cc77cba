"""Where the recording proxy may send calls to: a table of path prefixes, from the configuration alone."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The paths that records know: a prefix of the proxy is one of them, or ends with one of them.
SHAPES = ("/openai/v1", "/openai/deployments", "/anthropic/v1")
ALLOWED = "a JSON object: prefix -> URL, or an object with url, key and headers"
_MEMBERS = {"url", "key", "headers"}


@dataclass(frozen=True, slots=True)
class Upstream:
    """Calls whose path begins with `prefix` go to `url` and the rest of the path."""

    prefix: str
    url: str
    key: str = field(default="", repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def shape(self) -> str:
        """The prefix as records know it: `/team-a/openai/v1` is `/openai/v1`."""
        return next(shape for shape in SHAPES if self.prefix.endswith(shape))

    @property
    def holds_a_key(self) -> bool:
        """Whether it would let everybody call at our expense."""
        return bool(self.key) or any(is_credential(name) for name in self.headers)


def is_credential(header: str) -> bool:
    return header.lower() in ("authorization", "api-key", "x-api-key")


def of_one(url: str, key: str = "") -> tuple[Upstream, ...]:
    """All three APIs of one server. The URL is what an OpenAI client has as its base, with or without /v1."""
    base = url.rstrip("/").removesuffix("/v1")
    openai = base if base.endswith("/openai") else f"{base}/openai"
    places = (f"{base}/v1", f"{openai}/deployments", f"{base}/v1")
    return tuple(Upstream(shape, place, key) for shape, place in zip(SHAPES, places, strict=True))


def of_map(text: str) -> tuple[Upstream, ...]:
    """Read the JSON object; ValueError says in one sentence what is wrong, and quotes no value."""
    entries = json.loads(text)
    if not isinstance(entries, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a wrong value, as all others
    return tuple(_upstream(prefix.rstrip("/"), entry) for prefix, entry in entries.items())


def _upstream(prefix: str, entry: Any) -> Upstream:
    if not prefix.startswith("/") or not prefix.endswith(SHAPES):
        raise ValueError(f"the prefix {prefix!r} does not end with {', '.join(SHAPES)}")
    told = {"url": entry} if isinstance(entry, str) else entry
    if not isinstance(told, dict) or set(told) - _MEMBERS:
        raise ValueError(f"{prefix!r} has something else than url, key and headers")
    url, key, headers = told.get("url"), told.get("key", ""), told.get("headers", {})
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise ValueError(f"{prefix!r} has no URL that starts with http:// or https://")
    if not isinstance(key, str) or not isinstance(headers, dict) or not _plain(headers):
        raise ValueError(f"{prefix!r} has a key or headers that are no texts")
    return Upstream(prefix, url.rstrip("/"), key, headers)


def _plain(headers: Mapping[str, Any]) -> bool:
    return all(isinstance(value, str) and value.isprintable() for value in headers.values())


def table(one: str | None, key: str, more: str) -> tuple[Upstream, ...]:
    """All upstreams, the longest prefix first; the map has the last word."""
    found = {upstream.prefix: upstream for upstream in (of_one(one, key) if one else ())}
    found |= {upstream.prefix: upstream for upstream in of_map(more)}
    return tuple(sorted(found.values(), key=lambda upstream: -len(upstream.prefix)))
