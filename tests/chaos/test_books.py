"""The checks of the harness themselves: each kind of damage is found, and nothing else is."""

import pytest

from tests.chaos.audit import Expected, Findings, compare, expected_of
from tests.chaos.client import Journal
from tests.chaos.influx import identity_of
from tests.chaos.records import Stream
from tests.chaos.recovery import Episode, recoveries

RECORDS = 60


@pytest.fixture(scope="module")
def expected() -> list[Expected]:
    """Sixty accepted records, every tenth of them poison."""
    stream, journal = Stream(seed=3), Journal()
    stream.poison_every = 10
    records = stream.batch(RECORDS)
    journal.sent.update({record.number: 0.0 for record in records})
    good = [record for record in records if record.kind != "unreadable"]
    journal.replied(good, [{"status": "success"}] * len(good))
    return expected_of(journal)


class Books:
    """What is where, to be damaged by a test."""

    def __init__(self, expected: list[Expected]) -> None:
        self.expected = expected
        self.rows = {one.event_id for one in expected}
        self.points = {
            identity_of(one.line): (1.0, one.line) for one in expected if one.record.kind != "poison"
        }
        self.letters = {one.event_id for one in expected if one.record.kind == "poison"}

    def check(self) -> Findings:
        found = Findings()
        compare(self.points, self.expected, self.rows, self.letters, found)
        return found


@pytest.fixture
def books(expected: list[Expected]) -> Books:
    return Books(expected)


def test_every_record_has_an_identity_of_its_own(books: Books) -> None:
    assert len(books.rows) == len(books.points) + len(books.letters) > 50


def test_books_without_damage_are_good(books: Books) -> None:
    assert books.check().good


def test_a_missing_row_is_found(books: Books) -> None:
    books.rows.pop()

    assert (books.check().lost, books.check().good) == ({"sqlite": 1, "influx": 0}, False)


def test_a_missing_point_is_found(books: Books) -> None:
    books.points.popitem()

    assert (books.check().lost, books.check().good) == ({"sqlite": 0, "influx": 1}, False)


def test_a_point_with_another_time_is_one_lost_and_one_too_many(books: Books) -> None:
    _, (first, line) = books.points.popitem()
    other = line[:-1] + str((int(line[-1]) + 1) % 10)
    books.points[identity_of(other)] = (first, other)

    found = books.check()

    assert (found.lost["influx"], found.foreign["influx"]) == (1, 1)


def test_a_field_with_another_value_is_found(books: Books) -> None:
    identity, (first, line) = books.points.popitem()
    start, _, time = line.rpartition(" ")
    books.points[identity] = (first, f"{start},more=1i {time}")

    assert (books.check().altered, books.check().good) == (1, False)


def test_poison_that_left_no_letter_is_lost(books: Books) -> None:
    books.letters.pop()

    assert books.check().lost["influx"] == 1


def test_a_good_record_in_a_dead_letter_is_found(books: Books) -> None:
    books.letters.add(next(one.event_id for one in books.expected if one.record.kind == "good"))

    assert (books.check().wrongly_buried, books.check().good) == (1, False)


def test_recovery_is_told_from_what_was_sent_since_and_what_was_accepted_before() -> None:
    stream = Stream(seed=5, clean=True)
    old, new = [
        Expected(record, sent, sent + 1, str(sent), f"line {sent}")
        for record, sent in zip(stream.batch(2), (10.0, 30.0), strict=True)
    ]
    arrived = {old.event_id: 23.0, new.event_id: 33.0}
    lines = {old.line: 27.0, new.line: 32.0}

    [one] = recoveries([Episode("fault", 15.0, 20.0)], [old, new], arrived, lines)

    assert (one.drained, one.fresh) == (7.0, 13.0)
