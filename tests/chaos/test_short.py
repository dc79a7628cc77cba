"""The short form of `make chaos`, for every change: each kind of fault, nothing lost, nothing twice."""

import os
from pathlib import Path

import pytest

from tests.chaos import report
from tests.chaos.run import Plan, run

pytestmark = [pytest.mark.chaos, pytest.mark.system, pytest.mark.slow, pytest.mark.timeout(600)]

# Where a report of the run is left, for CI to keep.
REPORT = os.environ.get("CHAOS_REPORT")


def test_nothing_is_lost_and_nothing_comes_twice_while_everything_dies(tmp_path: Path) -> None:
    outcome = run(Plan(seed=4, rate=40.0, long=False), tmp_path, print)

    text = report.write(outcome, Path(REPORT) if REPORT else tmp_path / "report")
    assert outcome.findings.good, text
    assert outcome.findings.accepted > 1000
    slow = [one for one in outcome.recoveries if one.drained is None or one.drained > LONGEST_S]
    assert not slow, text


# Twice the aim of the long form: CI machines are shared.
LONGEST_S = 30.0
