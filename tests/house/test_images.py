"""The two Dockerfiles: hadolint has nothing to say, nobody is root, and each image holds what it should."""

import json
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.house.tree import ROOT, pyproject, text

DOCKERFILES = ["Dockerfile.api", "Dockerfile.worker"]
HADOLINT = Path(sys.executable).with_name("hadolint")


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """(instruction, arguments) with continued lines joined and comments left out."""
    lines = [line for line in text(dockerfile).splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in joined.splitlines()) if word]


def final_stage(dockerfile: str) -> list[tuple[str, str]]:
    parts = instructions(dockerfile)
    last = max(number for number, (word, _) in enumerate(parts) if word == "FROM")
    return parts[last:]


def copied(dockerfile: str) -> list[str]:
    sources = []
    for word, rest in instructions(dockerfile):
        if word == "COPY" and not rest.startswith("--from"):
            sources += rest.split()[:-1]
    return sources


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_hadolint_finds_nothing(dockerfile: str) -> None:
    result = subprocess.run([HADOLINT, ROOT / dockerfile], capture_output=True, text=True, check=False)

    assert result.stdout == ""
    assert result.returncode == 0


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_image_does_not_run_as_root(dockerfile: str) -> None:
    users = [rest for word, rest in final_stage(dockerfile) if word == "USER"]

    assert users
    assert users[-1] not in {"root", "0"}


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_health_check_uses_a_program_that_the_image_has(dockerfile: str) -> None:
    checks = [rest for word, rest in final_stage(dockerfile) if word == "HEALTHCHECK"]

    assert len(checks) == 1
    command = json.loads(checks[0].partition("CMD ")[2])
    assert command[0] in {"python", "dial-analytics"}
    assert not {"curl", "wget", "nc"} & set(" ".join(command).split())


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_the_image_starts_our_own_command(dockerfile: str) -> None:
    command = [json.loads(rest) for word, rest in final_stage(dockerfile) if word == "CMD"]

    assert [line[0] for line in command] == list(pyproject()["project"]["scripts"])


@pytest.mark.parametrize("dockerfile", DOCKERFILES)
def test_all_that_is_copied_exists_and_passes_dockerignore(dockerfile: str) -> None:
    allowed = [line[1:] for line in text(".dockerignore").splitlines() if line.startswith("!")]

    missing = [name for name in copied(dockerfile) if not (ROOT / name).exists()]
    kept_out = [name for name in copied(dockerfile) if not any(fnmatch(name, rule) for rule in allowed)]

    assert missing == []
    assert kept_out == []


def test_the_api_image_installs_no_extra() -> None:
    assert "optional-dependencies" not in text("Dockerfile.api")
    assert "torch==" not in text("Dockerfile.api")


def test_the_worker_image_holds_the_model_and_every_library_of_the_workers() -> None:
    installs = text("Dockerfile.worker")

    assert "topic_model" in copied("Dockerfile.worker")
    assert "*e['worker']" in installs
    assert "*e['otel']" in installs


def test_the_worker_image_names_the_torch_that_is_pinned() -> None:
    pinned = re.findall(r"^torch==\S+$", text("constraints.txt"), re.MULTILINE)

    assert re.findall(r"torch==[\d.]+", text("Dockerfile.worker")) == pinned


def test_the_worker_image_runs_on_a_cpu_unless_it_is_told_otherwise() -> None:
    assert ("ARG", "DEVICE=cpu") in final_stage("Dockerfile.worker")
