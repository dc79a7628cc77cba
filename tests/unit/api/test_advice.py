"""What `dial-analytics status` advises: the most urgent thing first, and nothing when all is well."""

from typing import Any

import pytest

from api.advice import advice
from workers.parcels import Stats
from workers.vitals import Vitals

NOTHING = {"analyze": 0, "deliver": 0}
OLD = {"backlog": {"analyze": 3, "deliver": 0}, "oldest_s": {"analyze": 500.0, "deliver": 0.0}}
WELL = Vitals(idle_s=NOTHING, errors={}, workers={"analyze": 1, "deliver": 1})


def stats(**more: Any) -> Stats:
    fields = {"backlog": NOTHING, "oldest_s": NOTHING, "dead_letters": {}, "paused": {}, "counters": {}}
    return Stats(**(fields | more))


def signs(**more: Any) -> Vitals:
    return Vitals(**{"idle_s": NOTHING, "errors": {}, "workers": {"analyze": 1, "deliver": 1}} | more)


def test_nothing_to_do_is_no_advice() -> None:
    assert list(advice(stats(), WELL)) == []


def test_a_long_queue_that_moves_is_no_reason_for_advice() -> None:
    assert list(advice(stats(**OLD), WELL)) == []


@pytest.mark.parametrize(
    ("found", "how", "closed", "words"),
    [
        (stats(), WELL, ("backlog_too_old",), ["429", "MAX_BACKLOG_AGE_SECONDS"]),
        (stats(), WELL, ("store_unavailable",), ["503"]),
        (stats(), signs(store=("no_append_only_file",)), (), ["appendonly yes"]),
        (stats(), signs(store=("evicts",)), (), ["noeviction"]),
        (stats(paused={"influx": "unauthorized"}), WELL, (), ["influx", "unauthorized"]),
        (stats(**OLD), signs(workers={"analyze": 0, "deliver": 1}), (), ["worker analyze` running?"]),
        (stats(**OLD), signs(idle_s={"analyze": 500.0}), (), ["restart `worker analyze`"]),
        (stats(**OLD), signs(errors={"analyze": "parcel_locked"}), (), ["PARCEL_KEYS"]),
        (stats(**OLD), signs(errors={"analyze": "LookupError"}), (), ["LookupError"]),
        (stats(dead_letters={"unreadable_batch": 2}), WELL, (), ["replay --reason unreadable_batch"]),
        (stats(dead_letters={"invalid_json": 2}), WELL, (), ["deadletters list"]),
        (stats(counters={"lost:spool_full": 2}), WELL, (), ["PROXY_SPOOL_BYTES"]),
    ],
)
def test_each_trouble_has_its_remedy(
    found: Stats, how: Vitals, closed: tuple[str, ...], words: list[str]
) -> None:
    first = next(advice(found, how, closed))

    assert [word for word in words if word not in first] == []


def test_the_most_urgent_comes_first() -> None:
    troubled = stats(**OLD, dead_letters={"invalid_json": 1}, paused={"influx": "unauthorized"})

    lines = list(advice(troubled, signs(workers={}), ("backlog_too_large",)))

    assert [
        "429" in lines[0],
        "influx" in lines[1],
        "worker analyze" in lines[2],
        "deadletters" in lines[3],
    ] == [True] * 4
