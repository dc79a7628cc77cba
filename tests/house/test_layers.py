"""What import-linter's contracts cannot see of the layers, and whether they see what they should."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, files, pyproject

# A core that asks for the time or rolls dice cannot be tested with plain values.
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input"}
LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")


def calls(path: Path) -> set[str]:
    """Names of all functions and methods that a module calls."""
    tree = ast.parse(path.read_text("utf-8"))
    functions = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {function.attr for function in functions if isinstance(function, ast.Attribute)}
    return names | {function.id for function in functions if isinstance(function, ast.Name)}


@pytest.mark.parametrize("path", files("analytics/*.py"), ids=lambda path: str(path.relative_to(ROOT)))
def test_the_core_asks_for_no_time_and_no_chance(path: Path) -> None:
    assert calls(path) & IMPURE_CALLS == set()


@pytest.mark.parametrize("package", ["analytics", "workers", "api"])
def test_a_package_imports_nothing_by_itself(package: str) -> None:
    tree = ast.parse((ROOT / package / "__init__.py").read_text("utf-8"))

    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_every_module_opens_with_what_it_is_for() -> None:
    modules = {path.relative_to(ROOT): ast.parse(path.read_text("utf-8")) for path in files("*.py")}
    silent = [path for path, tree in modules.items() if tree.body and not ast.get_docstring(tree)]

    assert silent == []


def lay_out(folder: Path) -> None:
    """Empty modules for every name that a contract starts from, or forbids among our own."""
    config = pyproject()["tool"]["importlinter"]
    ours = tuple(config["root_packages"])
    named = {*ours}
    for contract in config["contracts"]:
        named |= {*contract.get("source_modules", []), *contract.get("forbidden_modules", [])}
    for name in named:
        if name.startswith(ours):
            package = folder / name.replace(".", "/")
            package.mkdir(parents=True, exist_ok=True)
            (package / "__init__.py").touch()


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the contracts of pyproject.toml over the packages in a folder."""
    return subprocess.run(
        [LINT_IMPORTS, "--config", ROOT / "pyproject.toml", "--no-cache"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("analytics/record.py", "import workers"),
        ("analytics/record.py", "import os"),
        ("analytics/record.py", "import logging"),
        ("workers/shelf.py", "import api"),
        ("workers/shelf.py", "import flask"),
        ("workers/shelf.py", "import sqlite3"),
        ("workers/shelf.py", "import influxdb_client"),
        ("workers/shelf.py", "import torch"),
        ("workers/sinks/shelf.py", "import redis"),
        ("api/app.py", "import numpy"),
    ],
)
def test_the_contracts_notice_an_import_that_points_the_wrong_way(
    tmp_path: Path, module: str, line: str
) -> None:
    lay_out(tmp_path)
    (tmp_path / module).write_text(line + "\n", "utf-8")

    result = lint_imports(tmp_path)

    assert result.returncode == 1
    assert "BROKEN" in result.stdout
