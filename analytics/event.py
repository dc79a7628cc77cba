"""What happened, as one flat value without a word of the conversation. This is what sinks get.

Its id is made from the content of the record, so that writing it twice is writing it once.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from analytics.enrichment import Labels
from analytics.exchange import APIS, MODEL_SURFACES, ZERO, Api, Exchange, ModelUsage, Surface, Usage
from analytics.facts import Scalar
from analytics.language import UNDEFINED
from analytics.pricing import Cost, PriceSource
from analytics.record import LogRecord
from analytics.text import printable

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CREDENTIALS = re.compile(r"^(\w+://)[^/@]*@")
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
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    total_tokens: int = 0
    has_usage: bool = False
    """Whether anybody counted: tokens that nobody counted are not zero tokens."""
    price: Decimal = ZERO
    deployment_price: Decimal = ZERO
    price_source: str = PriceSource.NONE.value
    price_version: str = ""
    price_key: str = ""
    """Under which name the price was found, and how: exact, case, alias, provider or prefix."""
    price_match: str = ""
    input_cost: Decimal | None = None
    """Of the call's own price, what was paid for what was asked; None where only the sum is known."""
    output_cost: Decimal | None = None
    operation_duration_ms: int | None = None
    rate: bool | None = None
    mcp_method: str = ""
    mcp_tool_call_name: str = ""
    route_path: str = ""
    http_method: str = ""
    url: str = ""
    """As requested, with the values of its query left out."""
    operation: str = ""
    """By OpenTelemetry's conventions; "" for what asks no model."""
    api: str = ""
    """OpenAI's dotted name of it, such as chat.completions."""
    request_model: str = ""
    response_model: str = ""
    finish_reasons: tuple[str, ...] = ()
    error_type: str = ""
    parameters: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    """Of the request, see `facts.py` for their names."""
    answered: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    """Codes of the reply, see `facts.py` for their names."""
    embedding_count: int = 0
    embedding_dimension: int = 0
    per_model: tuple[ModelUsage, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def http_status(self) -> int | None:
        """The status as a number, None where it is not known."""
        return int(self.status) if re.fullmatch("[1-5][0-9]{2}", self.status) else None

    @property
    def end_time_ns(self) -> int | None:
        """When the answer was complete, None where nobody measured it."""
        took = self.operation_duration_ms
        return None if took is None else self.time_ns + took * 1_000_000

    @property
    def unpriced(self) -> bool:
        """Whether something was used up whose price nobody knows."""
        tokens = self.prompt_tokens + self.completion_tokens
        used = tokens or self.answered.get("image_count") or self.answered.get("seconds")
        return self.ok and self.price_source == PriceSource.NONE and bool(used)

    def to_dict(self) -> dict[str, Any]:
        """Give the event as JSON knows values; decimals become strings."""
        data: dict[str, Any] = {name: getattr(self, name) for name in _NAMES}
        data["surface"] = self.surface.value
        for name in _MONEY:
            data[name] = None if data[name] is None else str(data[name])
        for name in _LISTS:
            data[name] = list(data[name])
        data["parameters"], data["answered"] = dict(self.parameters), dict(self.answered)
        data["per_model"] = [{**asdict(used), "price": str(used.price)} for used in self.per_model]
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Event:
        """Read what `to_dict` gave, also that of another version: unknown keys are passed over."""
        values = {name: data[name] for name in _NAMES if name in data}
        values["surface"] = Surface(data["surface"])
        for name in _MONEY:
            if values.get(name) is not None:
                values[name] = Decimal(values[name])
        for name in _LISTS:
            values[name] = tuple(data.get(name, ()))
        values["per_model"] = tuple(
            ModelUsage(**{**used, "price": Decimal(used["price"])}) for used in data.get("per_model", ())
        )
        return cls(**values)


_NAMES = tuple(one.name for one in fields(Event))
_MONEY = ("price", "deployment_price", "input_cost", "output_cost")
_LISTS = ("execution_path", "finish_reasons", "notes")


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
        has_usage=exchange.usage is not None,
        url=printable(without_secrets(record.uri)),
        per_model=per_model,
        notes=tuple(dict.fromkeys(record.notes + exchange.notes)),
        **_envelope(record),
        **_counted(exchange.usage or Usage()),
        **_paid(cost),
        **_told(exchange),
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
        "audio_prompt_tokens": usage.audio_prompt_tokens,
        "audio_completion_tokens": usage.audio_completion_tokens,
        "total_tokens": usage.total_tokens or usage.prompt_tokens + usage.completion_tokens,
    }


def _told(exchange: Exchange) -> dict[str, Any]:
    api, facts = APIS.get(exchange.surface, Api("", "")), exchange.facts
    return {
        "operation": api.operation,
        "api": api.name,
        "request_model": facts.request_model,
        "response_model": facts.response_model,
        "finish_reasons": facts.finish_reasons,
        "error_type": facts.error_type,
        "parameters": facts.parameters,
        "answered": facts.answered,
        "embedding_count": facts.embedding_count,
        "embedding_dimension": facts.embedding_dimension,
    }


def _paid(cost: Cost) -> dict[str, Any]:
    return {
        "price": cost.price or ZERO,
        "deployment_price": cost.deployment_price or ZERO,
        "price_source": cost.source.value,
        "price_version": cost.price_version,
        "price_key": cost.price_key,
        "price_match": cost.price_match,
        "input_cost": cost.input_cost,
        "output_cost": cost.output_cost,
    }


def without_secrets(uri: str) -> str:
    """Keep the names in a query and drop all values: any of them may be a key, or somebody's words."""
    path, mark, query = uri.partition("?")
    path = _CREDENTIALS.sub(r"\1", path)
    names = [part.partition("=")[0] for part in query.partition("#")[0].split("&")]
    return path + mark + "&".join(name + "=" for name in names if name)


def _nanoseconds(record: LogRecord) -> int:
    """Count without floats, which know no nanoseconds this far from 1970."""
    since = record.time - _EPOCH
    return ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1_000


def _response_id(exchange: Exchange) -> str:
    """Give the id of the reply; an unknown one is made from the record, so that a retry has the same."""
    if exchange.response_id or exchange.surface not in MODEL_SURFACES:
        return printable(exchange.response_id)
    return own_response_id(exchange.record.digest)


def own_response_id(event_id: str) -> str:
    """Give the id that a reply without one gets from us."""
    return str(uuid.uuid5(_RESPONSES, event_id))
