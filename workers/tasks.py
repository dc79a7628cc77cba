"""The two tasks. Thin shells: take a parcel, let the core or a sink work, finish it in one transaction.

Whatever goes wrong here leaves the parcel in Redis; the caretaker wakes it again.
"""

import logging
import random
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from types import TracebackType

from celery import Task, shared_task
from redis import RedisError

from analytics import pipeline
from analytics.event import Event
from analytics.telemetry.content import SpokenEvent
from workers import metrics
from workers.floor import Floor
from workers.letters import UNREADABLE_BATCH, letters_for, make_letter
from workers.parcels import NewParcel, Parcel
from workers.payload import pack, unpack
from workers.sinks import OTEL
from workers.sinks.base import Rejection, SinkUnavailable
from workers.telemetry import log_context, place

logger = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
# So that a sink that is back is noticed soon, by the oldest parcels too.
LONGEST_BACKOFF_S = 8.0
# A sink may ask for a longer pause than we would take by ourselves, but not for the rest of the week.
LONGEST_RETRY_AFTER_S = 300.0


@shared_task(name="analyze", bind=True)
def analyze(self: Task, parcel_id: str) -> None:
    """Log lines in; one parcel of events per sink out."""
    floor = Floor.of(self.app)
    with AtHand(floor, parcel_id, self.request.id) as parcel:
        if parcel:
            for follower in _analyze(floor, parcel):
                floor.wake(follower.id, follower.task)


@shared_task(name="deliver", bind=True)
def deliver(self: Task, parcel_id: str) -> None:
    """Events in; rows or points in one sink out."""
    floor = Floor.of(self.app)
    with AtHand(floor, parcel_id, self.request.id) as parcel:
        if parcel:
            _deliver(floor, parcel)


class AtHand:
    """A leased parcel for the time of the work, or None when there is nothing to do. No exception leaves it.

    Redis away means: not now, the sweeper comes back to it. Anything unexpected is logged by class and place,
    since its text may quote a record; the parcel is tried again later, until its attempts are used up.
    """

    def __init__(self, floor: Floor, parcel_id: str, task_id: str) -> None:
        self._floor = floor
        self._parcel_id = parcel_id
        self._parcel: Parcel | None = None
        self._stack = ExitStack()
        self._stack.enter_context(log_context(parcel=parcel_id, task_id=task_id))

    def __enter__(self) -> Parcel | None:
        try:
            self._parcel = self._floor.store.take(self._parcel_id)
        except RedisError as away:
            self._redis_away(away)
        if self._parcel:
            self._stack.enter_context(self._floor.caretaker.holding(self._parcel))
        return self._parcel

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        with self._stack:
            if isinstance(error, RedisError):
                self._redis_away(error)
            elif isinstance(error, Exception) and self._parcel:
                self._failed(self._parcel, error)
        return isinstance(error, Exception)

    def _failed(self, parcel: Parcel, error: Exception) -> None:
        name = type(error).__name__
        logger.error(
            "task_failed", extra={"reason": name, "place": place(error), "attempts": parcel.attempts}
        )
        with suppress(RedisError):
            self._floor.store.postpone(parcel, self._floor.store.lease_s, name)

    def _redis_away(self, error: RedisError) -> None:
        logger.warning("redis_away", extra={"reason": type(error).__name__})


def _analyze(floor: Floor, parcel: Parcel) -> Sequence[NewParcel]:
    with metrics.collected() as counts:
        with metrics.timed("analysis_seconds"):
            analysis = pipeline.analyze(unpack(parcel.payload), floor.tools)
        metrics.find(analysis)
        waited = floor.store.age_s(parcel)
        metrics.observe("accepted_to_analysed_seconds", waited, times=len(analysis.events))
    followers = _followers(parcel, analysis, floor.sink_names)
    counts["analysed"] = len(analysis.events)
    counts.update({f"dropped:{reason}": number for reason, number in analysis.dropped.items()})
    failures = [(failure.reason, failure.message) for failure in analysis.failures]
    letters = letters_for(failures, parcel.records, floor.settings.unreadable_brake)
    counts["braked"] = sum(letter.reason == UNREADABLE_BATCH for letter in letters)
    # By itself, since each event is counted once however often this is done.
    floor.meters.add(analysis.events)
    if not floor.store.finish(parcel, parcels=followers, letters=letters, counts=counts):
        logger.warning("lease_lost")
        return ()
    if counts["braked"]:
        logger.error("unreadable_batch", extra={"records": len(failures)})
    extra = {"records": parcel.records, "events": len(analysis.events), "letters": len(letters)}
    logger.info("analysed", extra=extra)
    return followers


def _followers(parcel: Parcel, analysis: pipeline.Analysis, sinks: Sequence[str]) -> list[NewParcel]:
    """The words of a conversation, where spans are to hold them, go to the one sink that sends spans."""
    if not analysis.events:
        return []
    items = [event.to_dict() for event in analysis.events]
    payload = pack(items)
    payloads = dict.fromkeys(sinks, payload)
    if analysis.said and OTEL in payloads:
        payloads[OTEL] = pack([{**item, "said": analysis.said.get(item["id"], {})} for item in items])
    return [
        NewParcel(f"{parcel.id}-{sink}", "deliver", sink, packed, len(items))
        for sink, packed in payloads.items()
    ]


def _deliver(floor: Floor, parcel: Parcel) -> None:
    sink = floor.sinks.get(parcel.sink)
    if sink is None:
        # The configuration has changed since. Replay the letter once the sink is back.
        floor.store.bury(parcel, "unknown_sink")
        return
    kind = SpokenEvent if parcel.sink == OTEL else Event
    events = [kind.from_dict(item) for item in unpack(parcel.payload)]
    with metrics.collected() as counts:
        try:
            with metrics.timed("delivery_seconds", parcel.sink):
                rejections = sink.write(events)
        except SinkUnavailable as away:
            _postpone(floor, parcel, away)
            return
        _delivered(floor, parcel, rejections, counts)


def _delivered(floor: Floor, parcel: Parcel, rejections: Sequence[Rejection], counts: Counter[str]) -> None:
    letters = [
        make_letter("deliver", parcel.sink, [event.to_dict() for event in rejection.events], rejection.reason)
        for rejection in rejections
    ]
    written = parcel.records - sum(len(rejection.events) for rejection in rejections)
    waited = floor.store.age_s(parcel)
    metrics.observe("analysed_to_delivered_seconds", waited, parcel.sink, times=written)
    counts[f"delivered:{parcel.sink}"] = written
    if not floor.store.finish(parcel, letters=letters, counts=counts):
        logger.warning("lease_lost")
        return
    logger.info("delivered", extra={"sink": parcel.sink, "events": written, "letters": len(letters)})


def _postpone(floor: Floor, parcel: Parcel, away: SinkUnavailable) -> None:
    """An outage is not the parcel's fault, however long it is: it waits and never counts as an attempt."""
    delay = backoff(parcel.waits, away.retry_after)
    floor.store.postpone(parcel, delay, away.reason, count_attempt=False, pause=away.pause)
    extra = {"sink": parcel.sink, "reason": away.reason, "delay_s": round(delay, 2), "paused": away.pause}
    logger.warning("sink_unavailable", extra=extra)


def backoff(waits: int, retry_after: float | None = None) -> float:
    """Seconds to wait: what the sink asked for, else full jitter under a doubling limit."""
    if retry_after is not None:
        return min(max(retry_after, 0.0), LONGEST_RETRY_AFTER_S)
    limit = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(waits, 16))
    return random.uniform(0.0, limit)  # noqa: S311 - spreads load, guards nothing
