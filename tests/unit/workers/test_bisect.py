"""Halving a refused batch until its bad items stand alone."""

from collections.abc import Sequence
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.sinks.base import SinkUnavailable
from workers.sinks.isolate import refused


class Shelf:
    """Takes a batch of numbers, or refuses it for the bad ones in it."""

    def __init__(self, bad: set[int]) -> None:
        self.bad = bad
        self.stored: set[int] = set()
        self.sends = 0

    def send(self, batch: Sequence[int]) -> str | None:
        self.sends += 1
        if self.bad & set(batch):
            return "odd_one"
        self.stored |= set(batch)
        return None


def test_a_good_batch_is_one_request() -> None:
    shelf = Shelf(bad=set())

    assert list(refused(range(200), shelf.send)) == []

    assert shelf.sends == 1
    assert shelf.stored == set(range(200))


def test_no_items_are_no_request() -> None:
    shelf = Shelf(bad=set())

    assert list(refused([], shelf.send)) == []

    assert shelf.sends == 0


def test_one_bad_item_costs_two_requests_a_halving() -> None:
    shelf = Shelf(bad={137})

    assert list(refused(range(200), shelf.send)) == [(137, "odd_one")]

    assert shelf.stored == set(range(200)) - {137}
    assert shelf.sends <= 1 + 2 * ceil(log2(200))


@given(st.integers(0, 60).flatmap(lambda n: st.tuples(st.just(n), st.sets(st.integers(0, max(n - 1, 0))))))
def test_exactly_the_bad_are_refused_and_exactly_the_good_are_stored(case: tuple[int, set[int]]) -> None:
    size, bad = case[0], {item for item in case[1] if item < case[0]}
    shelf = Shelf(bad)

    found = [item for item, _ in refused(range(size), shelf.send)]

    assert found == sorted(bad)
    assert shelf.stored == set(range(size)) - bad
    assert shelf.sends <= max(2 * size, 1)


def test_a_store_that_goes_away_in_the_middle_ends_the_search() -> None:
    def send(batch: Sequence[int]) -> str | None:
        if len(batch) < 4:
            raise SinkUnavailable("gone")
        return "odd_one"

    with pytest.raises(SinkUnavailable):
        list(refused(range(8), send))
