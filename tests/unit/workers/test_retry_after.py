"""The Retry-After header in its two forms, and what servers make of it."""

from datetime import UTC, datetime

import pytest

from workers.sinks.influx.retry_after import LONGEST_WAIT_S, seconds_to_wait

NOW = datetime(2026, 9, 1, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("0", 0.0),
        ("2", 2.0),
        (" 30 ", 30.0),
        ("1.5", 1.5),
        ("-5", 0.0),
        ("86400000", LONGEST_WAIT_S),
        ("Tue, 01 Sep 2026 12:00:20 GMT", 20.0),
        ("Tue, 01 Sep 2026 12:00:20 -0000", 20.0),
        ("Tue, 01 Sep 2026 11:00:00 GMT", 0.0),
        ("Fri, 01 Sep 2056 11:00:00 GMT", LONGEST_WAIT_S),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Tue, 99 Sep 2026 12:00:20 GMT", None),
    ],
)
def test_seconds_to_wait(header: str | None, seconds: float | None) -> None:
    assert seconds_to_wait(header, NOW) == seconds
