"""Fine-tuning jobs: POST /v1/fine_tuning/jobs, an order for a model of one's own. It counts no tokens yet."""

from __future__ import annotations

from collections.abc import Mapping

from analytics.document import as_object, get_str
from analytics.exchange import Exchange, Surface
from analytics.facts import read_facts
from analytics.record import LogRecord
from analytics.surfaces.bodies import note


def read(record: LogRecord, _place: Mapping[str, str]) -> Exchange:
    """Read one order."""
    request, reply = as_object(record.request_body), as_object(record.response_body)
    return Exchange(
        record,
        Surface.FINE_TUNING,
        deployment=record.deployment,
        model=get_str(request, "model") or record.deployment,
        response_id=get_str(reply, "id"),
        reply=None if reply is None else (),
        request_known=request is not None,
        facts=read_facts(request, reply, record.status, ok=record.ok),
        notes=note(record.request_body, request, "request"),
    )
