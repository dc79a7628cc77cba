"""Events to InfluxDB: one request a batch, and one table that says what every answer means."""

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus

from influxdb_client.client.write.point import Point

from analytics.event import Event
from workers.sinks.base import Rejection, SinkUnavailable
from workers.sinks.influx.wire import NO_ANSWER, Answer, InfluxTarget, Wire
from workers.sinks.isolate import refused

# InfluxDB's own advice for the size of a write.
MAX_LINES = 5_000

# The fault is in the batch: halve it until the events that cause it stand alone. A 1.x or 3.x server may have
# stored the good lines of a refused batch; writing them again changes nothing.
_LOOK_INSIDE = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
# The server, or something before it, is busy or broken; it will pass.
_WAIT = {NO_ANSWER, HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}

_Item = tuple[Event, bytes]


class InfluxSink:
    """Writes the points that `to_points` makes of an event; an event's lines stay together in one request."""

    name = "influx"

    def __init__(self, target: InfluxTarget, to_points: Callable[[Event], Sequence[Point]]) -> None:
        self._target = target
        self._to_points = to_points
        self._wire = Wire(target)

    def write(self, events: Sequence[Event]) -> list[Rejection]:
        rejections: list[Rejection] = []
        items: list[_Item] = []
        for event in events:
            try:
                body = self._body(event)
            except (ValueError, TypeError, OverflowError):
                # A value that has no line protocol: no server will ever see it.
                rejections.append(Rejection((event,), "no_line_protocol"))
            else:
                items += [(event, body)] if body else []
        for batch in _batches(items):
            rejections += [Rejection((event,), reason) for (event, _), reason in refused(batch, self._send)]
        return rejections

    def check(self) -> None:
        """Write a comment: it passes the same door, token and bucket as a point, and stores nothing."""
        answer = self._wire.post(b"# dial-analytics asks whether it may write")
        if answer.status not in _LOOK_INSIDE:  # "No points in it" is a fair answer too.
            _expect_taken(answer)

    def close(self) -> None:
        self._wire.close()

    def _body(self, event: Event) -> bytes:
        lines = (str(point) for point in self._to_points(event))  # The text of a Point is its line.
        # Lone surrogates are legal in JSON and have no UTF-8.
        return "\n".join(line for line in lines if line).encode("utf-8", "replace")

    def _send(self, batch: Sequence[_Item]) -> str | None:
        answer = self._wire.post(b"\n".join(body for _, body in batch))
        if answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return "too_large"
        if answer.status in _LOOK_INSIDE:
            return answer.reason
        _expect_taken(answer)
        return None


def _expect_taken(answer: Answer) -> None:
    if answer.status in range(200, 300):
        return
    may_pass = answer.status in _WAIT or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    raise SinkUnavailable(answer.reason, retry_after=answer.retry_after, pause=not may_pass)


def _batches(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    """Cut into requests of at most MAX_LINES lines."""
    start = lines = 0
    for position, (_, body) in enumerate(items):
        # A newline inside a quoted field counts as a line here: a smaller request, never a wrong one.
        more = body.count(b"\n") + 1
        if lines and lines + more > MAX_LINES:
            yield items[start:position]
            start, lines = position, 0
        lines += more
    if items:
        yield items[start:]
