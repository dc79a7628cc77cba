"""The attributes of a span: an event in the words of OpenTelemetry and in those of Dev Proxy's plugin.

None of them holds a word of a conversation; an attribute that is not known is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from analytics.event import Event, own_response_id
from analytics.exchange import Surface
from analytics.language import UNDEFINED
from analytics.pricing import PriceSource
from analytics.telemetry.names import ANSWERED, API_TYPES, AUDIO, FORMATS, OUTPUTS, PARAMETERS, TYPES
from analytics.telemetry.provider import OPENAI, place, provider

Value = str | int | float | bool | tuple[str, ...]
Attributes = dict[str, Value]

_CONVERSATIONAL = frozenset({"chat", "text_completion"})
# Said by DIAL Core or by the reply; all others are prices of ours.
_PROVIDED = frozenset({PriceSource.CORE.value, PriceSource.PROVIDER.value})


@dataclass(frozen=True, slots=True)
class Telling:
    """What every span says of where it comes from, and whether it tells what the call did cost."""

    application: str = "default"
    environment: str = "development"
    currency: str = "USD"
    costs: bool = True


def attributes(event: Event, telling: Telling) -> Attributes:
    """Give everything that is known; "" and None never get through."""
    found = {
        **_identity(event, telling),
        **_http(event),
        **_server(event),
        **(_model_call(event) if event.operation else _other_call(event)),
        **(_cost(event, telling.currency) if telling.costs else {}),
        **_dial(event),
    }
    return {name: value for name, value in found.items() if value is not None and value not in ("", ())}


def _identity(event: Event, telling: Telling) -> Mapping[str, Value | None]:
    if not event.operation:
        return {}
    return {
        "gen_ai.operation.name": event.operation,
        "gen_ai.provider.name": provider(server_of(event)[0]),
        "gen_ai.system": OPENAI,
        "gen_ai.type": TYPES.get(event.api),
        "devproxy.operation": event.api,
        "openai.api.type": API_TYPES.get(event.api),
        "gen_ai.application_name": telling.application,
        "gen_ai.environment": telling.environment,
    }


def _http(event: Event) -> Mapping[str, Value | None]:
    try:
        url = urlsplit(event.url)
    except ValueError:
        return {"http.request.method": event.http_method, "http.method": event.http_method}
    absolute = event.url if url.scheme and url.netloc else None
    return {
        "http.request.method": event.http_method,
        "http.response.status_code": event.http_status,
        "url.full": absolute,
        "url.scheme": url.scheme,
        "url.path": url.path,
        "http.method": event.http_method,
        "http.url": absolute,
        "http.scheme": url.scheme,
        "http.host": url.netloc,
        "http.target": url.path + ("?" + url.query if url.query else ""),
        "http.status_code": event.http_status,
    }


def server_of(event: Event) -> tuple[str, int | None]:
    """Host and port of who answered: behind DIAL, that is the upstream."""
    host, port = place(event.upstream)
    return (host, port) if host else place(event.url)


def _server(event: Event) -> Mapping[str, Value | None]:
    host, port = server_of(event)
    return {"server.address": host, "server.port": port, "error.type": error_type(event), **_failure(event)}


def error_type(event: Event) -> str:
    """Say how it failed, "" if it did not; a call that was refused has a status at least."""
    return event.error_type or ("" if event.ok else event.status or "_OTHER")


def _failure(event: Event) -> Mapping[str, Value | None]:
    return {} if event.ok or event.http_status is None else {"error.message": f"HTTP {event.http_status}"}


def _model_call(event: Event) -> Mapping[str, Value | None]:
    return {**_request(event), **_parameters(event), **_response(event), **_usage(event), **_vectors(event)}


def _request(event: Event) -> Mapping[str, Value | None]:
    conversational = event.operation in _CONVERSATIONAL
    given = event.parameters.get
    output = FORMATS.get(str(given("response_format", ""))) if conversational else None
    count, tier, encoding = given("choice_count"), given("service_tier"), given("encoding_format")
    return {
        "gen_ai.request.model": event.request_model or event.deployment,
        "gen_ai.request.stream": True if event.stream else None,
        "gen_ai.request.is_stream": event.stream if conversational else None,
        "gen_ai.request.choice.count": count if conversational and count != 1 else None,
        "gen_ai.output.type": OUTPUTS.get(event.api, output),
        "openai.request.service_tier": None if tier == "auto" else tier,
        "gen_ai.request.encoding_formats": (str(encoding),) if encoding else (),
        "ai.request.image.count": count if event.surface is Surface.IMAGES else None,
        "gen_ai.request.audio_response_format": given("response_format") if event.api in AUDIO else None,
    }


def _parameters(event: Event) -> Attributes:
    given = ((name, event.parameters.get(ours)) for ours, names in PARAMETERS.items() for name in names)
    return {name: value for name, value in given if value is not None}


def _response(event: Event) -> Mapping[str, Value | None]:
    made_up = event.response_id == own_response_id(event.id)
    ended = event.answered.get("status")
    tuning = event.surface is Surface.FINE_TUNING
    return {
        "gen_ai.response.id": None if made_up else event.response_id,
        "gen_ai.response.model": event.response_model,
        "gen_ai.response.finish_reasons": event.finish_reasons,
        "gen_ai.response.finish_reason": event.finish_reasons[0] if event.finish_reasons else None,
        "gen_ai.request.fine_tune_status": ended if tuning else None,
        "ai.response.status": None if tuning else ended,
        **{name: event.answered.get(ours) for ours, name in ANSWERED.items()},
    }


def _usage(event: Event) -> Mapping[str, Value | None]:
    if not event.has_usage:
        return {}
    embeds = event.surface is Surface.EMBEDDINGS
    return {
        "gen_ai.usage.input_tokens": event.prompt_tokens,
        "gen_ai.usage.output_tokens": None if embeds else event.completion_tokens,
        "gen_ai.usage.total_tokens": event.total_tokens or event.prompt_tokens + event.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": event.cached_prompt_tokens or None,
        "gen_ai.usage.cache_creation.input_tokens": event.cache_write_prompt_tokens or None,
        "gen_ai.usage.reasoning.output_tokens": event.reasoning_completion_tokens or None,
    }


def _vectors(event: Event) -> Mapping[str, Value | None]:
    if event.surface is not Surface.EMBEDDINGS:
        return {}
    size = event.embedding_dimension
    return {
        "gen_ai.embeddings.dimension.count": size or event.parameters.get("dimensions"),
        "ai.embedding.count": event.embedding_count or None,
        "ai.embedding.dimensions": size or None,
    }


def _other_call(event: Event) -> Mapping[str, Value | None]:
    """Tools, routes and ratings ask no model; they are there because other calls hang below them."""
    if not event.mcp_tool_call_name:
        return {"dial.mcp.method": event.mcp_method}
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": event.mcp_tool_call_name,
        "dial.mcp.method": event.mcp_method,
    }


def priced(event: Event) -> bool:
    """Whether somebody knew what it costs: what nobody priced did not cost nothing."""
    return bool(event.operation) and event.price_source != PriceSource.NONE.value


def _cost(event: Event, currency: str) -> Mapping[str, Value | None]:
    if not priced(event):
        return {}
    aggregate = event.price != event.deployment_price
    return {
        "gen_ai.usage.cost": float(event.deployment_price),
        "dial.cost.input": None if event.input_cost is None else float(event.input_cost),
        "dial.cost.output": None if event.output_cost is None else float(event.output_cost),
        "dial.cost.currency": currency,
        "dial.cost.source": "provider" if event.price_source in _PROVIDED else "local",
        "dial.cost.price_key": event.price_key,
        "dial.cost.price_match": event.price_match,
        "dial.cost.prices_version": event.price_version,
        "dial.usage.price": float(event.price) if aggregate else None,
    }


def _labelled(label: str) -> str | None:
    return None if label == UNDEFINED else label


def _dial(event: Event) -> Mapping[str, Value | None]:
    return {
        "dial.event.id": event.id,
        "dial.surface": event.surface.value,
        "gen_ai.conversation.id": event.chat_id,
        "dial.project.id": event.project_id,
        "dial.deployment": event.deployment,
        "dial.parent_deployment": event.parent_deployment,
        "dial.execution_path": event.execution_path,
        "dial.topic": _labelled(event.topic),
        "dial.language": _labelled(event.language),
        "dial.end_time_estimated": True if event.end_time_ns is None else None,
    }
