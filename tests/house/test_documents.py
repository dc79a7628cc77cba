"""Documents: links lead somewhere, and every decision record has the parts of the template."""

import re
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

LINK = re.compile(r"\[[^\]]*\]\((?!\w+:)(?P<target>[^)#\s]+)(#[^)]*)?\)")
PARTS = ["Status", "Context", "Options", "Decision", "Consequences"]
RECORDS = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))


@pytest.mark.parametrize("path", files("*.md"), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_inside_the_repository_leads_somewhere(path: Path) -> None:
    targets = [match["target"] for match in LINK.finditer(path.read_text("utf-8"))]

    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_decision_record_has_every_part(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text("utf-8"), re.MULTILINE)

    assert headings == PARTS


def test_decision_records_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(len(RECORDS)))
    assert len(RECORDS) > 1
