"""What happened, as one flat value without a word of the conversation. This is what sinks get.

Its id is made from the content of the record, so that writing it twice is writing it once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from analytics.enrichment import Labels
from analytics.exchange import MODEL_SURFACES, ZERO, Exchange, ModelUsage, Surface, Usage
from analytics.language import UNDEFINED
from analytics.pricing import Cost, PriceSource
from analytics.record import LogRecord
from analytics.text import printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RESPONSES = uuid.uuid5(uuid.NAMESPACE_URL, "urn:dial-analytics:response")


@dataclass(frozen=True, slots=True)
class Event:
    """One call. "" stands for what is not known; a topic is "" when nobody asked for one."""

    id: str
    surface: Surface
    time_ns: int
    status: str
    ok: bool
    project_id: str = ""
    user_hash: str = ""
    chat_id: str = ""
    title: str = ""
    deployment: str = ""
    model: str = ""
    parent_deployment: str = ""
    execution_path: tuple[str, ...] = ()
    trace_id: str = ""
    core_span_id: str = ""
    core_parent_span_id: str = ""
    upstream: str = ""
    response_id: str = ""
    language: str = UNDEFINED
    topic: str = ""
    number_request_messages: int = 0
    stream: bool = False
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_prompt_tokens: int = 0
    cache_write_prompt_tokens: int = 0
    reasoning_completion_tokens: int = 0
    price: Decimal = ZERO
    deployment_price: Decimal = ZERO
    price_source: str = PriceSource.NONE.value
    price_version: str = ""
    operation_duration_ms: int | None = None
    rate: bool | None = None
    mcp_method: str = ""
    mcp_tool_call_name: str = ""
    route_path: str = ""
    http_method: str = ""
    per_model: tuple[ModelUsage, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give the event as JSON knows values; decimals become strings."""
        data: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        data["surface"] = self.surface.value
        data["price"], data["deployment_price"] = str(self.price), str(self.deployment_price)
        data["execution_path"], data["notes"] = list(self.execution_path), list(self.notes)
        data["per_model"] = [{**asdict(used), "price": str(used.price)} for used in self.per_model]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Event:
        """Read what `to_dict` gave, also that of another version: unknown keys are passed over."""
        values = {name: data[name] for name in _NAMES if name in data}
        values["surface"] = Surface(data["surface"])
        for name in ("price", "deployment_price"):
            values[name] = Decimal(data.get(name, "0"))
        for name in ("execution_path", "notes"):
            values[name] = tuple(data.get(name, ()))
        values["per_model"] = tuple(
            ModelUsage(**{**used, "price": Decimal(used["price"])}) for used in data.get("per_model", ())
        )
        return cls(**values)


_NAMES = tuple(field.name for field in fields(Event))


def make_event(
    exchange: Exchange, labels: Labels, cost: Cost, per_model: tuple[ModelUsage, ...] = ()
) -> Event:
    """Put together what is known."""
    record = exchange.record
    return Event(
        id=record.digest,
        surface=exchange.surface,
        time_ns=_nanoseconds(record),
        ok=exchange.ok,
        deployment=printable(exchange.deployment),
        model=printable(exchange.model),
        response_id=_response_id(exchange),
        language=labels.language,
        topic=printable(labels.topic),
        number_request_messages=exchange.number_request_messages,
        stream=exchange.stream,
        rate=exchange.rate,
        mcp_method=printable(exchange.mcp_method),
        mcp_tool_call_name=printable(exchange.mcp_tool_call_name),
        route_path=printable(exchange.route_path),
        per_model=per_model,
        notes=tuple(dict.fromkeys(record.notes + exchange.notes)),
        **_envelope(record),
        **_counted(exchange.usage or Usage()),
        **_paid(cost),
    )


def _envelope(record: LogRecord) -> dict[str, Any]:
    return {
        "status": printable(record.status),
        "project_id": printable(record.project_id),
        "user_hash": printable(record.user_hash),
        "chat_id": printable(record.chat_id),
        "title": printable(record.title),
        "parent_deployment": printable(record.parent_deployment),
        "execution_path": tuple(printable(name) for name in record.execution_path),
        "trace_id": printable(record.trace_id),
        "core_span_id": printable(record.core_span_id),
        "core_parent_span_id": printable(record.core_parent_span_id),
        "upstream": printable(record.upstream),
        "http_method": printable(record.method),
        "operation_duration_ms": record.operation_duration_ms,
    }


def _counted(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "cached_prompt_tokens": usage.cached_prompt_tokens,
        "cache_write_prompt_tokens": usage.cache_write_prompt_tokens,
        "reasoning_completion_tokens": usage.reasoning_completion_tokens,
    }


def _paid(cost: Cost) -> dict[str, Any]:
    return {
        "price": cost.price or ZERO,
        "deployment_price": cost.deployment_price or ZERO,
        "price_source": cost.source.value,
        "price_version": cost.price_version,
    }


def _nanoseconds(record: LogRecord) -> int:
    """Count without floats, which know no nanoseconds this far from 1970."""
    since = record.time - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _response_id(exchange: Exchange) -> str:
    """Give the id of the reply; an unknown one is made from the record, so that a retry has the same."""
    if exchange.response_id or exchange.surface not in MODEL_SURFACES:
        return printable(exchange.response_id)
    return str(uuid.uuid5(_RESPONSES, exchange.record.digest))
