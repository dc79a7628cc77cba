"""An event as a span: its place in the trace of the caller, its times, and how it ended.

Ids are made from those in the log, so that writing a span twice is writing it once, and so that a call knows
its parent's id without having seen the parent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

from analytics.event import Event
from analytics.telemetry.attributes import Attributes, Telling, attributes, error_type
from analytics.telemetry.content import SpokenEvent

_TRACE = re.compile(r"(?!0{32})[0-9a-f]{32}", re.IGNORECASE)
_SPAN = re.compile(r"(?!0{16})[0-9a-f]{16}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """`link` is the span of DIAL Core, which nobody may have exported. `error` is "" if it went well."""

    name: str
    trace_id: int
    span_id: int
    parent_id: int | None
    link: tuple[int, int] | None
    start_ns: int
    end_ns: int
    attributes: Attributes
    error: str = ""


def span_of(event: Event, telling: Telling) -> Span:
    """Tell the event as a span."""
    trace, core, parent = event.trace_id, event.core_span_id, event.core_parent_span_id
    joined = bool(_TRACE.fullmatch(trace))
    in_core = joined and bool(_SPAN.fullmatch(core))
    known = attributes(event, telling)
    if isinstance(event, SpokenEvent):
        known.update(event.said)
    return Span(
        name=_name(event, str(known.get("gen_ai.request.model", ""))),
        trace_id=int(trace, 16) if joined else _digest(f"dial-otel|{event.id}", 16),
        span_id=derived(trace, core) if in_core else _digest(f"dial-otel|{event.id}", 8),
        parent_id=derived(trace, parent) if joined and _SPAN.fullmatch(parent) else None,
        link=(int(trace, 16), int(core, 16)) if in_core else None,
        start_ns=event.time_ns,
        end_ns=event.time_ns if event.end_time_ns is None else event.end_time_ns,
        attributes=known,
        error=error_type(event),
    )


def derived(trace_id: str, core_span_id: str) -> int:
    """Give the id of our span for one of DIAL Core's, which keeps its own id for itself."""
    return _digest(f"dial-otel|{trace_id.lower()}|{core_span_id.lower()}", 8)


def _digest(text: str, size: int) -> int:
    return int.from_bytes(sha256(text.encode("utf-8", "replace")).digest()[:size], "big") or 1


def _name(event: Event, model: str) -> str:
    if event.operation:
        return f"{event.operation} {model}".strip()
    if event.mcp_tool_call_name:
        return f"execute_tool {event.mcp_tool_call_name}"
    return event.mcp_method or f"{event.http_method} {event.surface.value}".strip()
