"""Images: POST /v1/images/generations, edits or variations. Edits come as a form, with the picture in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from analytics.document import get_objects, get_str
from analytics.exchange import Exchange, Message, Surface
from analytics.facts import read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import note, open_reply
from analytics.surfaces.multipart import open_form
from analytics.usage import read_reply_usage


def read(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read one exchange."""
    request = open_form(record.request_body)
    reply = open_reply(record.assembled_response, fold) or open_reply(record.response_body, fold)
    usage, doubts = read_reply_usage(record.token_usage, reply)
    facts = read_facts(request, reply, record.status, ok=record.ok)
    prompt = get_str(request, "prompt")
    revised = [text for image in get_objects(reply, "data") if (text := get_str(image, "revised_prompt"))]
    images = len(get_objects(reply, "data"))
    return Exchange(
        record,
        Surface.IMAGES,
        deployment=record.deployment,
        model=get_str(request, "model") or record.deployment,
        response_id=get_str(reply, "id"),
        messages=(Message("user", prompt),) if prompt else (),
        reply=None if reply is None else tuple(Message("assistant", text) for text in revised[:1]),
        request_known=request is not None,
        number_request_messages=1,
        stream=(request or {}).get("stream") is True,
        usage=usage,
        facts=replace(facts, answered={**facts.answered, "image_count": images}) if images else facts,
        notes=note(record.request_body, request, "request") + doubts,
    )


def fold(events: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Give the images that were completed, and the usage that the last of them tells."""
    done = [event for event in events if get_str(event, "type").endswith(".completed")]
    if not events:
        return None
    return {**(done[-1] if done else {}), "data": list(done)}
