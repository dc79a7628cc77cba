"""The Retry-After header: a number of seconds or an HTTP date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite

# A server with a wrong clock must not stop us for days.
LONGEST_WAIT_S = 3600.0


def seconds_to_wait(header: str | None, now: datetime | None = None) -> float | None:
    """Between 0 and an hour; None when there is no header or it makes no sense."""
    if header is None:
        return None
    seconds = _number(header)
    if seconds is None:
        seconds = _until(header, now or datetime.now(UTC))
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT_S)


def _number(text: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if isfinite(seconds) else None


def _until(text: str, now: datetime) -> float | None:
    try:
        when = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    # "-0000" is how the mail rules write an unknown zone; for HTTP every date is GMT.
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - now).total_seconds()
