"""Embeddings: POST /openai/deployments/{deployment}/embeddings or /v1/embeddings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from analytics.document import get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import Facts, read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import Bodies, open_bodies
from analytics.usage import read_reply_usage


def read(record: LogRecord, place: Mapping[str, str]) -> Exchange:
    """Read one exchange. The model is the deployment, if there is one, whatever the body says."""
    bodies = open_bodies(record, _never_streamed)
    deployment = record.deployment or place["deployment"]
    usage, doubts = read_reply_usage(record.token_usage, bodies.reply)
    inputs = _inputs(bodies.request)
    return Exchange(
        record,
        Surface.EMBEDDINGS,
        deployment=deployment,
        model=deployment or get_str(bodies.request, "model"),
        messages=tuple(Message("user", text) for text in inputs if isinstance(text, str)),
        reply=None if bodies.reply is None else (),
        request_known=bodies.request is not None,
        number_request_messages=len(inputs),
        usage=usage,
        facts=_facts(record, bodies),
        notes=bodies.notes + doubts,
    )


def _inputs(request: Mapping[str, Any] | None) -> list[Any]:
    """One text, or a list of texts or of lists of tokens; tokens count, but say nothing."""
    value = request.get("input") if request else None
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) else []


def _facts(record: LogRecord, bodies: Bodies) -> Facts:
    facts = read_facts(bodies.request, bodies.reply, record.status, ok=record.ok)
    vectors = get_objects(bodies.reply, "data")
    dimension = _dimension(vectors[0].get("embedding")) if vectors else 0
    return replace(facts, embedding_count=len(vectors), embedding_dimension=dimension)


def _dimension(vector: Any) -> int:
    """Numbers, or the base64 of as many floats of four bytes."""
    if isinstance(vector, str):
        return len(vector.rstrip("=")) * 3 // 4 // 4
    return len(vector) if isinstance(vector, list) else 0


def _never_streamed(_chunks: object) -> None:
    return None
