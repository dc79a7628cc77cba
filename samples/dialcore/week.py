"""The seven days of the sample, and when in them something happens."""

from __future__ import annotations

from datetime import datetime, timedelta

from samples.dialcore.chance import number, pick

MONDAY = datetime(2026, 9, 14)  # noqa: DTZ001  Core's log has no time zone either
# Office days are busier than the weekend, and so are office hours.
DAYS = (*(0, 1, 2, 3) * 4, 4, 4, 4, 5, 6)
HOURS = (*(8, 9, 10, 13, 14) * 3, *(7, 11, 15) * 2, 6, 12, 16, 17, 19, 20, 21)


def moment(name: str) -> datetime:
    """Return when the thing of this name began."""
    day, hour = pick(DAYS, name, "day"), pick(HOURS, name, "hour")
    return MONDAY + timedelta(days=day, hours=hour, milliseconds=number(0, 3_599_999, name, "ms"))


def after(name: str, steps: int) -> timedelta:
    """Return how long after the beginning its n-th step comes: people read for a minute or three."""
    return timedelta(milliseconds=sum(number(35_000, 190_000, name, "pause", step) for step in range(steps)))
