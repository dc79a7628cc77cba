"""Events for tests of what comes after the analysis: a test names what it is about, the rest is filled in."""

from collections.abc import Callable
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from analytics.event import Event
from analytics.exchange import Surface

# 2026-09-01T12:00:00.123Z
NOON_NS = 1_788_264_000_123_000_000

_DEFAULTS: dict[str, Any] = {
    "surface": Surface.CHAT,
    "time_ns": NOON_NS,
    "status": "200",
    "ok": True,
    "project_id": "PROJECT-KEY",
    "user_hash": "e3b0c442",
    "chat_id": "conversations/abc",
    "title": "Data Engineer",
    "deployment": "gpt-4o",
    "model": "gpt-4o-2024",
    "parent_deployment": "rag-app",
    "execution_path": ("rag-app", "gpt-4o"),
    "trace_id": "5dca3d6ed5d22b6ab574f27a6ab5ec14",
    "core_span_id": "9ade2b6fef0a716d",
    "core_parent_span_id": "20e7e64715abbe97",
    "upstream": "https://eu.openai.example/v1",
    "response_id": "chatcmpl-77",
    "language": "en",
    "topic": "rust_haskell",
    "number_request_messages": 2,
    "stream": True,
    "prompt_tokens": 30,
    "completion_tokens": 40,
    "cached_prompt_tokens": 10,
    "cache_write_prompt_tokens": 5,
    "reasoning_completion_tokens": 8,
    "price": Decimal("0.0042"),
    "deployment_price": Decimal("0.0042"),
    "price_source": "core",
    "price_version": "",
    "operation_duration_ms": 812,
    "rate": None,
    "mcp_method": "",
    "mcp_tool_call_name": "",
    "route_path": "",
    "http_method": "POST",
    "per_model": (),
    "notes": (),
}


def make_event(**overrides: Any) -> Event:
    """A chat completion, except for what is given; equal arguments give the same id, others another."""
    digest = blake2b(repr(sorted(overrides.items())).encode("utf-8", "surrogatepass"), digest_size=16)
    return Event(**{"id": digest.hexdigest(), **_DEFAULTS, **overrides})


def make_events(number: int, **overrides: Callable[[int], Any]) -> list[Event]:
    """Calls, one millisecond after the other; an override is called with the position of the event."""
    return [
        make_event(
            **{
                "response_id": f"chatcmpl-{n}",
                "core_span_id": f"{n:016x}",
                "time_ns": NOON_NS + n * 1_000_000,
            }
            | {name: value(n) for name, value in overrides.items()}
        )
        for n in range(number)
    ]
