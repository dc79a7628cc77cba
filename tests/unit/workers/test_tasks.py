"""How long a parcel waits for a sink that is away."""

import pytest

from workers.tasks import LONGEST_BACKOFF_S, LONGEST_RETRY_AFTER_S, backoff


@pytest.mark.parametrize(("waits", "limit"), [(0, 1), (1, 2), (3, 8), (5, 8), (10_000, 8)])
def test_the_wait_is_anywhere_below_a_doubling_limit(waits: int, limit: float) -> None:
    drawn = [backoff(waits) for _ in range(400)]

    assert all(0 <= delay <= limit for delay in drawn)
    assert max(drawn) > 0.8 * limit
    assert min(drawn) < 0.2 * limit


def test_the_wait_is_never_longer_than_eight_seconds() -> None:
    assert LONGEST_BACKOFF_S == 8


@pytest.mark.parametrize(("asked", "given"), [(7.5, 7.5), (0, 0), (-3, 0), (86_400, LONGEST_RETRY_AFTER_S)])
def test_a_sink_that_says_when_is_believed_within_reason(asked: float, given: float) -> None:
    assert backoff(3, asked) == given
