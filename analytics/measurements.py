"""The table of all measurements, tags and fields: an external contract, read by dashboards and by DIAL Admin.

`points.py` writes points by it and `docs/points.md` is made from it. It knows no vendor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Any

from analytics.event import Event
from analytics.exchange import Surface
from analytics.language import UNDEFINED


class PointSchema(StrEnum):
    """COMPAT is what dashboards know; LEAN keeps ids out of the tags, where each makes a new series."""

    COMPAT = "compat"
    LEAN = "lean"


@dataclass(frozen=True, slots=True)
class Column:
    """A tag or a field: how it is read from an event, and what it means."""

    name: str
    meaning: str
    read: Callable[[Event], Any]


@dataclass(frozen=True, slots=True)
class Measurement:
    """One kind of point. Unknown tags of `optional` are left out; all others are then "undefined"."""

    name: str
    meaning: str
    tags: tuple[str, ...]
    fields: tuple[str, ...]
    optional: frozenset[str] = frozenset()
    lean_fields: tuple[str, ...] = ()
    """Tags that are fields in the lean schema."""

    def layout(self, schema: PointSchema) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Give tags and fields in this schema."""
        if schema is PointSchema.COMPAT:
            return self.tags, self.fields
        tags = tuple(name for name in self.tags if name not in self.lean_fields)
        return tags, self.fields + self.lean_fields

    def ids_are_fields(self, schema: PointSchema) -> bool:
        """Whether two calls may have the same tags, so that the time has to tell them apart."""
        return schema is PointSchema.LEAN or not self.lean_fields


def execution_path(event: Event) -> str:
    """Write the call stack as a path; a slash within a name is not one of the path."""
    return "/".join(name.replace("/", "\\/") or UNDEFINED for name in event.execution_path)


def _column(name: str, meaning: str, read: Callable[[Event], Any] | None = None) -> Column:
    return Column(name, meaning, read or attrgetter(name))


COLUMNS = {
    column.name: column
    for column in (
        _column("project_id", "project of the API key; unknown for users who signed in"),
        _column("title", "job title of the user, or whatever the client sends as X-JOB-TITLE"),
        _column("deployment", "deployment that was called: a model, an application or a toolset"),
        _column("model", "model the request names, else the deployment; of embeddings always the deployment"),
        _column("parent_deployment", "deployment that made the call"),
        _column("execution_path", "deployments on the way, the called one last, joined by /", execution_path),
        _column("trace_id", "id of the trace"),
        _column("core_span_id", "id of the span of this call"),
        _column("core_parent_span_id", "id of the span of the calling deployment"),
        _column("upstream", "address of the upstream that answered"),
        _column("response_id", "id of the response; made from the record where the response has none"),
        _column("chat_id", "conversation"),
        _column("user_hash", "hash of the user's id; unknown for calls by API key"),
        _column("language", "language of the last request and its answer"),
        _column("topic", "topic of the conversation"),
        _column("mcp_method", "method of the JSON-RPC message"),
        _column("mcp_tool_call_name", "tool that was called"),
        _column("route_path", "path within the application, without a query string"),
        _column("http_method", "HTTP method"),
        _column(
            "surface",
            "API: chat, embeddings, responses, anthropic, completions, images, transcription, speech, "
            "fine_tuning, mcp or route",
            lambda e: e.surface.value,
        ),
        _column("status", "HTTP status"),
        _column("price", "cost of the call with all calls below it", lambda e: float(e.price)),
        _column("deployment_price", "cost of the call alone", lambda e: float(e.deployment_price)),
        _column(
            "price_source",
            "who says so: core (DIAL Core), provider (the reply), rates (MODEL_RATES), prices_file, catalog "
            "or none",
        ),
        _column("number_request_messages", "messages or inputs of the request"),
        _column("prompt_tokens", "tokens asked"),
        _column("completion_tokens", "tokens answered"),
        _column("cached_prompt_tokens", "of the tokens asked, those read from a cache"),
        _column("cache_write_prompt_tokens", "of the tokens asked, those written to a cache"),
        _column("reasoning_completion_tokens", "of the tokens answered, those of reasoning"),
        _column(
            "operation_duration_ms",
            "milliseconds from the request to the end of the answer; absent if unknown",
        ),
        _column("like_count", "1 for a thumb up", lambda e: int(e.rate is True)),
        _column("dislike_count", "1 for a thumb down", lambda e: int(e.rate is False)),
    )
}

_SPAN = ("execution_path", "trace_id", "core_span_id", "core_parent_span_id", "upstream")
_TOKENS = (
    "number_request_messages",
    "prompt_tokens",
    "completion_tokens",
    "cached_prompt_tokens",
    "cache_write_prompt_tokens",
    "reasoning_completion_tokens",
)
_PRICES = ("price", "deployment_price", "price_source")
_CALLER = ("user_hash", "chat_id")
_WHO = ("project_id", "title", "deployment")
_MODEL_TAGS = (*_WHO, "model", "parent_deployment", "language", "topic")

ANALYTICS = Measurement(
    "analytics",
    "chat completions, completions and embeddings",
    tags=(*_MODEL_TAGS, *_SPAN, "response_id"),
    fields=(*_CALLER, *_TOKENS, *_PRICES, "operation_duration_ms"),
    optional=frozenset({"project_id", "deployment", "model", "topic"}),
    lean_fields=(*_SPAN, "response_id"),
)
RATE = Measurement(
    "rate_analytics",
    "ratings of responses",
    tags=(*_WHO, "response_id", *_CALLER),
    fields=("like_count", "dislike_count"),
    lean_fields=("response_id", *_CALLER),
)
MCP = Measurement(
    "mcp_analytics",
    "calls of tool servers",
    tags=(*_WHO, "parent_deployment", "mcp_method"),
    fields=(*_SPAN, *_CALLER, "mcp_tool_call_name", "operation_duration_ms"),
)
ROUTES = Measurement(
    "routes_analytics",
    "calls of an application's own paths",
    tags=(*_WHO, "parent_deployment", "route_path", "http_method"),
    fields=(*_SPAN, *_CALLER, "operation_duration_ms"),
)
RESPONSES = Measurement(
    "responses_analytics",
    "the Responses API",
    tags=_MODEL_TAGS,
    fields=(*_SPAN, *_CALLER, "response_id", *_TOKENS, *_PRICES, "operation_duration_ms"),
)
ANTHROPIC = Measurement(
    "anthropic_messages_analytics",
    "the Anthropic messages API",
    tags=RESPONSES.tags,
    fields=RESPONSES.fields,
)
OPENAI = Measurement(
    "openai_analytics",
    "images, audio and fine-tuning jobs, which only the plain OpenAI API has",
    tags=(*_MODEL_TAGS, "surface"),
    fields=RESPONSES.fields,
)
ERRORS = Measurement(
    "error_analytics",
    "calls of any of these APIs, ratings apart, that were not answered with a 2xx",
    tags=("project_id", "deployment", "model", "parent_deployment", "surface", "status"),
    fields=(*_SPAN, *_CALLER, "response_id", *_TOKENS, "operation_duration_ms"),
)

MEASUREMENTS = (ANALYTICS, RATE, MCP, ROUTES, RESPONSES, ANTHROPIC, OPENAI, ERRORS)

_OF_SURFACE = {
    Surface.CHAT: ANALYTICS,
    Surface.EMBEDDINGS: ANALYTICS,
    Surface.RESPONSES: RESPONSES,
    Surface.ANTHROPIC: ANTHROPIC,
    Surface.COMPLETIONS: ANALYTICS,
    Surface.IMAGES: OPENAI,
    Surface.TRANSCRIPTION: OPENAI,
    Surface.SPEECH: OPENAI,
    Surface.FINE_TUNING: OPENAI,
    Surface.RATE: RATE,
    Surface.MCP: MCP,
    Surface.ROUTE: ROUTES,
}


def measurement_of(event: Event) -> Measurement:
    """Tell where an event is written to."""
    return _OF_SURFACE[event.surface] if event.ok else ERRORS
