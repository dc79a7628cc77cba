"""Embeddings: POST /openai/deployments/{deployment}/embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analytics.document import get_object
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import open_bodies
from analytics.usage import read_usage


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one exchange. The model is the deployment, whatever the body says; the reply has no id."""
    bodies = open_bodies(record, _never_streamed)
    deployment = record.deployment or place["deployment"]
    usage, doubts = read_usage(record.token_usage or get_object(bodies.reply, "usage"))
    inputs = _inputs(bodies.request)
    return Exchange(
        record,
        Surface.EMBEDDINGS,
        deployment=deployment,
        model=deployment,
        messages=tuple(Message("user", text) for text in inputs if isinstance(text, str)),
        reply=None if bodies.reply is None else (),
        request_known=bodies.request is not None,
        number_request_messages=len(inputs),
        usage=usage,
        facts=read_facts(bodies.request, bodies.reply, record.status, ok=record.ok),
        notes=bodies.notes + doubts,
    )


def _inputs(request: Mapping[str, Any] | None) -> list[Any]:
    """One text, or a list of texts or of lists of tokens; tokens count, but say nothing."""
    value = request.get("input") if request else None
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) else []


def _never_streamed(_chunks: object) -> None:
    return None
