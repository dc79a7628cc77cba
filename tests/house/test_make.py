"""The Makefile and CI's script: the targets people know are there, and `make help` tells of each."""

import re
import subprocess

import pytest

from tests.house.tree import ROOT, text

FROM_THE_PREDECESSOR = [
    "build",
    "serve",
    "docker_build",
    "docker_serve",
    "lint",
    "format",
    "test",
    "clean",
    "help",
]
OURS = [
    "install",
    "typecheck",
    "integration",
    "system",
    "golden",
    "conformance",
    "demo",
    "run",
    "bench",
    "fuzz",
    "docs",
    "check",
]


def make(*arguments: str) -> str:
    """The output of make, with no variable of the surrounding make in its way."""
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


@pytest.mark.parametrize("target", FROM_THE_PREDECESSOR + OURS)
def test_help_tells_of_the_target(target: str) -> None:
    plain = re.sub(r"\x1b\[\d+m", "", make("help"))

    assert re.search(rf"^ +{target} +\w", plain, re.MULTILINE)


def test_make_alone_shows_the_help() -> None:
    assert make() == make("help")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["docker_build", "IMAGE_NAME=somebody/dial"], "-t somebody/dial-api"),
        (["install", "VENV_DIR=.elsewhere"], ".elsewhere/bin/python"),
        (["install", "VENV_DIR=.elsewhere", "PYTHON=python3.99"], "python3.99 -m venv"),
        (["build", "POETRY=/opt/poetry"], "/opt/poetry build"),
    ],
)
def test_the_variables_of_the_predecessor_still_work(arguments: list[str], shown: str) -> None:
    assert shown in make("--dry-run", *arguments)


def test_the_port_reaches_what_is_started() -> None:
    assert re.search(r"^export PORT\b", text("Makefile"), re.MULTILINE)


def test_the_script_of_ci_is_valid_bash_and_stops_at_the_first_failure() -> None:
    subprocess.run(["bash", "-n", ROOT / ".ci/run"], check=True)

    assert "set -euo pipefail" in text(".ci/run")
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


def test_the_tests_are_the_last_thing_that_ci_runs() -> None:
    assert text(".ci/run").splitlines()[-1] == "make test"
