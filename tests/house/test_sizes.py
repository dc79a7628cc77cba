"""Small files, small functions: no file passes 400 lines, and nine in ten keep to what we aim for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files

CAP = 400
AIM_FILE = 300
AIM_FUNCTION = 30
NINE_IN_TEN = 0.9

CODE = [path for pattern in ("*.py", "*.lua", "*.js", "*.html", "*.css") for path in files(pattern)]
PACKAGES = ("analytics", "workers", "api", "topic_model", "bench", "samples")


def lines(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def function_lengths() -> Iterator[int]:
    for path in files("*.py"):
        if path.relative_to(ROOT).parts[0] in PACKAGES:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
                    yield node.end_lineno - node.lineno + 1


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_file_is_at_most_400_lines(path: Path) -> None:
    assert lines(path) <= CAP


def test_nine_files_in_ten_keep_to_300_lines() -> None:
    small = [path for path in CODE if lines(path) <= AIM_FILE]

    assert len(small) >= NINE_IN_TEN * len(CODE)


def test_nine_functions_in_ten_keep_to_30_lines() -> None:
    lengths = list(function_lengths())

    assert sum(length <= AIM_FUNCTION for length in lengths) >= NINE_IN_TEN * len(lengths)
