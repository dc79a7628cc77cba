"""A point in time on the command line: a date, or how long ago."""

import re
import time
from datetime import UTC, datetime
from typing import Any

import click

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_AGO = re.compile(r"(\d+)([smhd])")


class Moment(click.ParamType[float]):
    """Unix seconds out of ISO 8601 (UTC where no zone is given), or out of 90s, 30m, 2h, 7d."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the text, or say what would have been one."""
        text = str(value)
        ago = _AGO.fullmatch(text)
        if ago:
            return time.time() - int(ago[1]) * _UNITS[ago[2]]
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            self.fail(
                f"{text!r}: allowed is a date such as 2026-09-01T12:00, or an age such as 2h or 7d",
                param,
                ctx,
            )
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


MOMENT = Moment()
