"""MCP: POST /v1/toolset/{toolset}/mcp or /v1/deployments/{application}/mcp, JSON-RPC with a tool server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.document import decode, get_object, get_str
from analytics.errors import MalformedRecord
from analytics.exchange import Exchange, Surface
from analytics.record import LogRecord
from analytics.surfaces.bodies import note


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one call."""
    body = _first_call(record.request_body)
    method = get_str(body, "method")
    return Exchange(
        record,
        Surface.MCP,
        deployment=record.deployment or place["deployment"],
        request_known=body is not None,
        mcp_method=method,
        mcp_tool_call_name=get_str(get_object(body, "params"), "name") if method == "tools/call" else "",
        notes=note(record.request_body, body, "request"),
    )


def _first_call(text: str | None) -> Mapping[str, Any] | None:
    """The body is a message; MCP of early 2025 also knew lists of them, of which the first names the call."""
    try:
        body = decode(text or "")
    except MalformedRecord:
        return None
    for message in body if isinstance(body, list) else [body]:
        if isinstance(message, dict):
            return message
    return None
