"""Logs are read as batches that remember where they end."""

import gzip
from pathlib import Path

import pytest

from api.bookmarks import Bookmarks
from api.logfile import Batch, batches, opened

LINES = [f'{{"n":{number}}}\n'.encode() for number in range(10)]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "aidial.log"
    path.write_bytes(b"".join(LINES))
    return path


def read(path: Path, start: int = 0, most_lines: int = 4, most_bytes: int = 1000) -> list[Batch]:
    with opened(str(path)) as log:
        return list(batches(log, start, most_lines=most_lines, most_bytes=most_bytes))


def test_batches_hold_at_most_so_many_lines(log: Path) -> None:
    assert [len(batch.lines) for batch in read(log)] == [4, 4, 2]


def test_batches_hold_at_most_so_many_bytes_but_always_one_line(log: Path) -> None:
    assert [len(batch.lines) for batch in read(log, most_bytes=2 * len(LINES[0]))] == [2] * 5
    assert [len(batch.lines) for batch in read(log, most_bytes=1)] == [1] * 10


def test_the_end_of_a_batch_is_where_the_next_one_starts(log: Path) -> None:
    first, *rest = read(log)

    assert read(log, first.end) == rest
    assert rest[-1].end == log.stat().st_size


def test_blank_lines_are_passed_over(log: Path) -> None:
    log.write_bytes(b"\n \r\n" + LINES[0] + b"\n")

    assert [batch.lines for batch in read(log)] == [(LINES[0],)]


def test_a_last_line_that_is_still_being_written_is_left_alone(log: Path) -> None:
    log.write_bytes(LINES[0] + b'{"n":')

    assert read(log) == [Batch((LINES[0],), len(LINES[0]))]


def test_a_whole_last_line_needs_no_line_end(log: Path) -> None:
    log.write_bytes(LINES[0] + b'{"n":1}')

    assert read(log)[0].lines == (LINES[0], b'{"n":1}')


def test_a_corrupt_line_in_the_middle_is_sent_for_what_it_is(log: Path) -> None:
    log.write_bytes(b'{"broken\n' + LINES[0])

    assert read(log)[0].lines == (b'{"broken\n', LINES[0])


def test_a_packed_log_is_read_by_unpacked_offsets(log: Path) -> None:
    packed = log.with_suffix(".gz")
    packed.write_bytes(gzip.compress(log.read_bytes()))

    assert read(packed) == read(log)
    assert read(packed, len(LINES[0])) == read(log, len(LINES[0]))


def test_a_log_without_bookmark_starts_at_its_beginning(log: Path, tmp_path: Path) -> None:
    assert Bookmarks(tmp_path / "marks").find(log) == 0


def test_a_bookmark_is_found_again_while_the_log_grows(log: Path, tmp_path: Path) -> None:
    marks = Bookmarks(tmp_path / "marks")
    marks.put(log, 16)
    log.write_bytes(log.read_bytes() + LINES[0])

    assert marks.find(log) == 16


def test_a_log_that_was_replaced_starts_at_its_beginning(log: Path, tmp_path: Path) -> None:
    marks = Bookmarks(tmp_path / "marks")
    marks.put(log, 16)
    log.write_bytes(b"".join(reversed(LINES)))

    assert marks.find(log) == 0


def test_a_log_that_became_shorter_starts_at_its_beginning(log: Path, tmp_path: Path) -> None:
    marks = Bookmarks(tmp_path / "marks")
    marks.put(log, 16)
    log.write_bytes(LINES[0])

    assert marks.find(log) == 0


def test_a_damaged_bookmark_counts_as_none(log: Path, tmp_path: Path) -> None:
    marks = Bookmarks(tmp_path / "marks")
    marks.put(log, 16)
    for place in (tmp_path / "marks").iterdir():
        place.write_text("{")

    assert marks.find(log) == 0


def test_two_logs_of_one_name_have_a_bookmark_each(log: Path, tmp_path: Path) -> None:
    marks = Bookmarks(tmp_path / "marks")
    other = tmp_path / "other" / log.name
    other.parent.mkdir()
    other.write_bytes(log.read_bytes())
    marks.put(log, 16)

    assert (marks.find(log), marks.find(other)) == (16, 0)
