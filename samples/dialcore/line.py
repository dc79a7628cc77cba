"""One line of `aidial.log` in Core's own hand: fixed key order, escaped slashes, optional keys left out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

# Core cuts bodies at 4 MiB; a smaller bound shows the same thing in a file that stays small.
CUT_BYTES = 240
CUT_MARK = ">>"

_SHORT = {
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    '"': '\\"',
    "\\": "\\\\",
    "/": "\\/",
}
_SPECIAL = re.compile(r'[\x00-\x1f"\\/]')


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asked: a person with a token, or a project with an API key."""

    project: str = ""
    user: str = ""
    title: str = ""
    chat: str = ""
    secured: bool = False
    claims: Mapping[str, Any] | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a call tree one request stands; the last step of the path is the deployment itself."""

    trace: str
    span: str
    parent: str = ""
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """One request and its response, as Core saw them."""

    at: datetime
    uri: str
    deployment: str
    caller: Caller
    span: Span
    request: str
    response: str
    assembled: str | None = None
    usage: Mapping[str, Any] | None = None
    status: str = "200"
    upstream: str = ""
    duration_ms: int = 0
    quirks: frozenset[str] = frozenset()


def render(call: Call) -> str:
    """Write the line; older cores leave control characters raw, and one line of the sample breaks off."""
    text = encode(_record(call), raw_controls="old-core" in call.quirks)
    if "corrupt" in call.quirks:
        mark = '"assembled_response":"'
        return text[: text.index(mark) + len(mark)]
    return text


def encode(value: object, *, raw_controls: bool = False) -> str:
    """Write JSON the way Core's string builder does."""
    match value:
        case str():
            return f'"{_SPECIAL.sub(lambda found: _escape(found[0], raw=raw_controls), value)}"'
        case Decimal():
            return format(value, "f")
        case Mapping():
            items = (f'"{key}":{encode(item, raw_controls=raw_controls)}' for key, item in value.items())
            return "{" + ",".join(items) + "}"
        case list() | tuple():
            return "[" + ",".join(encode(item, raw_controls=raw_controls) for item in value) + "]"
        case _:
            return json.dumps(value)


def compact(value: object) -> str:
    """Write the JSON of a client or an upstream: no blanks, no ASCII escapes."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def cut(text: str) -> str:
    """Cut a body as Core does, on whole characters, and mark it."""
    data = text.encode()
    return text if len(data) <= CUT_BYTES else data[:CUT_BYTES].decode(errors="ignore") + CUT_MARK


def _escape(char: str, *, raw: bool) -> str:
    if char in _SHORT:
        return _SHORT[char]
    return char if raw else f"\\u{ord(char):04x}"


def _record(call: Call) -> dict[str, Any]:
    caller = call.caller
    record: dict[str, Any] = {
        "apiType": "DialOpenAI",
        "chat": {"id": caller.chat},
        "project": {"id": caller.project},
        "user": {"id": caller.user, "title": caller.title},
        "claims": caller.claims,
        "headers": caller.headers,
        "token_usage": call.usage,
        "deployment": call.deployment,
        "parent_deployment": call.span.path[-2] if len(call.span.path) > 1 else None,
        "execution_path": call.span.path or None,
        "operation_duration_ms": None if "old-core" in call.quirks else call.duration_ms,
        "assembled_response": _assembled(call),
        "trace": None if "no-trace" in call.quirks else _trace(call.span),
        "request": _request(call),
        "response": _response(call),
    }
    return {key: value for key, value in record.items() if value is not None}


def _assembled(call: Call) -> str | None:
    if call.caller.secured or "no-assembled" in call.quirks:
        return None
    if "empty-assembled" in call.quirks:
        return "{}"
    # Before 0.22 a stream above the limit was not assembled: its cut text was kept instead.
    if {"old-core", "cut-reply"} <= call.quirks:
        return cut(call.response)
    return call.assembled


def _trace(span: Span) -> dict[str, str]:
    ids = {"trace_id": span.trace, "core_span_id": span.span, "core_parent_span_id": span.parent}
    return {key: value for key, value in ids.items() if value}


def _request(call: Call) -> dict[str, str]:
    time = call.at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3].rstrip("0").rstrip(".")
    protocol = "HTTP/1.1" if "old-core" in call.quirks else "H2"
    head = {"protocol": protocol, "method": "POST", "uri": call.uri, "time": time}
    return head | _body(call, call.request, "cut-request")


def _response(call: Call) -> dict[str, str]:
    head = {"status": call.status} | ({"upstream_uri": call.upstream} if call.upstream else {})
    return head | _body(call, call.response, "cut-reply")


def _body(call: Call, text: str, quirk: str) -> dict[str, str]:
    if call.caller.secured:
        return {}
    return {"body": cut(text) if quirk in call.quirks else text}
