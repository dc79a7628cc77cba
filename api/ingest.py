"""POST /data: a batch of log lines becomes parcels in Redis, and the sender gets one answer per line.

1. The body is read (`body`), unpacked and taken apart (`items`).
2. Every line is parsed (`verdict`); what can never become a record is set aside with its reason.
3. Parcels and dead letters are written in one transaction. Only then does the sender hear yes.
4. The workers are woken up (`bell`); should that fail, the sweeper finds the parcels.
"""

import logging

from flask import Blueprint, Response, request
from redis import RedisError
from werkzeug.exceptions import ClientDisconnected

from api import body, items
from api.house import House, house
from api.items import Item
from api.problems import TooSlow, Unavailable, Waiting
from api.verdict import TASK, Shipment, examine
from workers.parcels import Crowded
from workers.settings import Settings

logger = logging.getLogger(__name__)
doors = Blueprint("ingest", __name__)


@doors.post("/data")
def data() -> list[dict[str, str]]:
    held = house()
    raw = receive(held.settings)
    with held.turn:
        verdict = examine(understand(raw, held.settings))
        shipment = verdict.shipment(held.settings.parcel_records, held.settings.unreadable_brake)
    store(shipment, held)
    return verdict.replies()


@doors.route("/data", methods=["HEAD"])
def ping() -> Response:
    """Vector's health check."""
    return Response()


def receive(settings: Settings) -> bytes:
    """The body as it is sent, however slowly."""
    try:
        return body.read(request.stream, request.content_length, settings.max_body_bytes)
    except (ClientDisconnected, OSError):
        raise TooSlow("body_incomplete", "The body did not arrive in time: send it again") from None


def understand(raw: bytes, settings: Settings) -> list[Item]:
    """The items of the body, by what its headers say."""
    encoding = request.headers.get("Content-Encoding", "")
    return items.read(body.unpack(raw, encoding, settings.max_unpacked_bytes), request.mimetype)


def store(shipment: Shipment, held: House) -> None:
    """Make it safe, and tell the workers; raises Unavailable or Waiting when that cannot be now."""
    if not shipment.counts:
        return
    try:
        held.store.put(shipment.parcels, letters=shipment.letters, counts=shipment.counts)
    except RedisError as error:
        raise Unavailable("store_unavailable", "The batch could not be stored: send it again") from error
    except Crowded as crowded:
        raise Waiting(crowded.reason, "Too much is waiting already: send the batch again later") from crowded
    if shipment.braked:
        logger.error("unreadable_batch", extra={"records": shipment.letters[0].records})
    for parcel in shipment.parcels:
        held.wake(parcel.id, TASK)
