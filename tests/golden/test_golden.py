"""Every golden case, and that there is one for every surface."""

import os
from pathlib import Path

import pytest

from analytics.exchange import Surface
from tests.golden.cases import CASES, EXPECTED, HERE, lines


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.relative_to(HERE)))
def test_the_record_becomes_these_points(case: Path) -> None:
    written = "".join(f"{line}\n" for line in lines(case))

    if os.environ.get("GOLDEN") == "rewrite":
        (case / EXPECTED).write_text(written, "utf-8")
    assert written == (case / EXPECTED).read_text("utf-8")


def test_there_are_cases_for_every_surface() -> None:
    assert {case.parent.name for case in CASES} == {surface.value for surface in Surface}
