"""Numbers and dates as people read them; the exact ones are in titles and exports."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

UNKNOWN = "\N{EN DASH}"
_EPOCH = date(1970, 1, 1)
_SCALES = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "k"))
_CENT = Decimal("0.01")


def count(value: float) -> str:
    return f"{value:,.0f}"


def short(value: float) -> str:
    """12,345,678 is 12.3 M; what is short already stays as it is."""
    if abs(value) < 10_000:  # noqa: PLR2004 - four digits are read at a glance
        return count(value)
    size, letter = next(scale for scale in _SCALES if abs(value) >= scale[0])
    scaled = value / size
    return f"{scaled:.{1 if abs(scaled) < 100 else 0}f} {letter}"  # noqa: PLR2004 - three digits


def money(value: Decimal | float) -> str:
    """Cents are enough for a dollar; less than a cent shows its first two digits that count."""
    amount = Decimal(value)
    if amount == 0 or abs(amount) >= _CENT:
        return f"${amount:,.2f}"
    return f"${amount:.{1 - amount.adjusted()}f}"


def share(value: float) -> str:
    return f"{100 * value:.1f} %"


def duration(ms: float) -> str:
    if ms < 1000:  # noqa: PLR2004 - a second
        return f"{ms:.0f} ms"
    seconds = ms / 1000
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def moment(time_ns: int) -> str:
    """A point in time, in UTC."""
    then = datetime.fromtimestamp(time_ns // 10**9, UTC)
    return f"{then.day} {then:%b %Y, %H:%M}"


def iso(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).isoformat().replace("+00:00", "Z")


def day(number: int) -> date:
    """The day that is so many after 1 January 1970."""
    return _EPOCH + timedelta(days=number)


def day_number(then: date) -> int:
    return (then - _EPOCH).days


def long_day(then: date) -> str:
    return f"{then.day} {then:%B %Y}"


_WRITERS: dict[str, Callable[[Any], str]] = {
    "text": str,
    "id": str,
    "count": count,
    "money": money,
    "share": share,
    "duration": duration,
    "moment": moment,
}


def written(value: Any, kind: str) -> str:
    """A value of a table or card; what is not known is a dash."""
    if value is None or value == "":
        return UNKNOWN
    return _WRITERS[kind](value)


def brief(value: Any, kind: str) -> str:
    """The same for a card, where there is room for a few letters only."""
    return short(value) if kind == "count" and value is not None else written(value, kind)
