"""What README.md tells a newcomer to type does what it says."""

import json
import re
import shlex
import subprocess
import sys

import pytest

from tests.servers import ROOT, Process, wait_until
from tests.system.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.slow]

README = (ROOT / "README.md").read_text("utf-8")
BLOCKS: list[str] = re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def second_terminal() -> list[str]:
    """The commands for a running stack: the block that begins with asking for its health."""
    return next(block for block in BLOCKS if "/health" in block).splitlines()


def run(command: str, stack: Stack) -> str:
    ours = f"{shlex.quote(sys.executable)} -m api.cli"
    command = command.replace("http://127.0.0.1:5001", stack.url).replace(".venv/bin/dial-analytics", ours)
    return stack.shell(command)


def test_the_commands_for_a_running_stack_work(stack: Stack, served: Process) -> None:
    printed = {command: run(command, stack) for command in second_terminal()}
    wait_until(stack.empty, timeout_s=60, what="the delivery")

    health, data, ingest, status, summary, letters = printed.values()
    assert json.loads(health) == {"status": "ok"}
    assert sum(reply["status"] == "success" for reply in json.loads(data)) > 300
    assert "accepted" in ingest
    assert "analyze" in status
    assert summary
    assert "invalid_json" in letters


def test_sending_the_sample_again_changes_no_total(stack: Stack, served: Process) -> None:
    send = next(command for command in second_terminal() if "/data" in command)
    totals = []
    for _ in range(2):
        run(send, stack)
        wait_until(stack.empty, timeout_s=60, what="the delivery")
        totals.append(re.findall(r"(events|cost, USD)\W+([\d.,]+)", stack.call("summary")))

    assert totals[0]
    assert totals[0] == totals[1]


def test_every_make_target_of_the_readme_exists() -> None:
    named = set(re.findall(r"\bmake ([a-z_]+)", README))
    listed = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert named
    assert [target for target in named if target not in listed] == []
