"""The DIAL contract cases beside the repository, put to the core directly and compared as their runner does.

Skipped where there are none. `python -m tests.contract.test_conformance_offline` prints how many pass.
"""

import importlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from analytics.language import detect
from analytics.pipeline import Tools, analyze
from analytics.points import to_line_protocol
from analytics.pricing import PriceBook

FOLDER = Path(__file__).parents[3] / "shared" / "conformance"
EDITIONS = ("2026", "both")


def runner() -> Any:
    """The runner of the cases, from beside the repository."""
    if str(FOLDER) not in sys.path:
        sys.path.append(str(FOLDER))
    return importlib.import_module("run")


def all_cases() -> list[dict[str, Any]]:
    """Batches of log lines; what is no batch at all is a matter of the door."""
    if not FOLDER.is_dir():
        return []
    loaded: list[dict[str, Any]] = runner().load_cases(str(FOLDER / "cases"))
    return [case for case in loaded if isinstance(case["request"], list) and not case.get("raw")]


def wanted(case: dict[str, Any]) -> bool:
    """The current edition, and of the older one what can be switched on; defects are not ours."""
    return not case.get("defect") and (case["edition"] in EDITIONS or bool(case.get("env_profile")))


CASES = [case for case in all_cases() if wanted(case)]


def no_topics(texts: Sequence[str]) -> list[str]:
    return ["undefined"] * len(texts)


def price_book(case: dict[str, Any]) -> PriceBook:
    if not case.get("env_profile"):
        return PriceBook()
    variables = json.loads((FOLDER / "env" / f"{case['env_profile']}.json").read_text("utf-8"))
    return PriceBook.from_model_rates(variables["MODEL_RATES"])


def differences(case: dict[str, Any]) -> list[str]:
    """What makes the case fail."""
    run, parse_line = runner(), importlib.import_module("lineproto").parse_line
    lines = [item["message"] for item in case["request"] if isinstance(item, dict) and "message" in item]
    analysis = analyze(lines, Tools(detect, no_topics, price_book(case)))
    written = to_line_protocol(analysis.events, usage_per_model=case["edition"] == "2024")
    ignored = run.Ignored(case, run.options().parse_args([]))
    found = run.match_points(
        [parse_line(line) for line in case["expected_lines"]], [parse_line(line) for line in written], ignored
    )
    return [f"{kind}: {text}" for kind, text in found if kind not in run.SOFT]


@pytest.mark.skipif(not CASES, reason="the contract cases are not beside the repository")
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_the_core_keeps_the_contract(case: dict[str, Any]) -> None:
    assert differences(case) == []


if __name__ == "__main__":
    passed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for one in all_cases():
        defect = "defects of the predecessor" if one.get("defect") else one.get("env_profile") or "no profile"
        name = f"edition {one['edition']}, {defect}"
        total[name] += 1
        passed[name] += not differences(one)
    for name in sorted(total):
        print(f"{passed[name]:4} of {total[name]:4}  {name}")
