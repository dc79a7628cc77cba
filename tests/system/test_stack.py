"""The whole embedded stack from outside: it starts, takes a log, shows what came out, and stops."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.servers import ROOT, Process, listens, wait_until
from tests.system.stack import Stack

pytestmark = [pytest.mark.system, pytest.mark.slow]

SAMPLE = ROOT / "samples" / "aidial.log"


def started(output: str) -> set[str]:
    """Names of the processes that have printed something."""
    return set(re.findall(r"^([a-z-]+) +\| ", output, re.MULTILINE))


def children(pid: int) -> set[int]:
    """All living descendants of a process."""
    listing = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = {int(child): int(parent) for child, parent in map(str.split, listing.splitlines())}
    found: set[int] = set()
    while grown := {child for child, parent in parents.items() if parent in found | {pid}} - found:
        found |= grown
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def test_the_demo_shows_what_came_out_of_the_sample(tmp_path: Path) -> None:
    stack = Stack(tmp_path, topic_model=None)
    process = stack.process("demo", "--exit")
    process.start()

    status = process.wait(timeout_s=240)

    output = process.output()
    assert status == 0, output[-4000:]
    for word in ("Totals", "Models", "gpt-4o", "Topics", "Languages", "refused: invalid json", "Stopped."):
        assert word in output, word
    assert not listens(stack.port)
    assert not listens(stack.broker_port)


def test_a_log_that_is_sent_can_be_read_in_the_summary(stack: Stack, served: Process) -> None:
    sent = stack.call("ingest", str(SAMPLE))
    wait_until(stack.empty, timeout_s=60, what="the delivery")

    summary = stack.call("summary")
    status = json.loads(stack.call("status", "--json"))

    assert "accepted" in sent
    assert "gpt-4o" in summary
    assert status["counters"]["delivered:sqlite"] > 300
    assert status["dead_letters"] == {"invalid_json": 1}


def test_the_same_log_again_sends_only_what_is_new(stack: Stack, served: Process, tmp_path: Path) -> None:
    log = tmp_path / "aidial.log"
    lines = SAMPLE.read_bytes().splitlines(keepends=True)
    log.write_bytes(b"".join(lines[:20]))
    first = stack.call("ingest", str(log))
    log.write_bytes(b"".join(lines[:25]))

    second = stack.call("ingest", str(log))
    third = stack.call("ingest", str(log))
    again = stack.call("ingest", "--from-start", str(log))

    counts = [re.search(r"sent\W+(\d+)", output) for output in (first, second, third, again)]
    assert [int(found[1]) for found in counts if found] == [20, 5, 0, 25]


def test_dead_letters_are_listed_shown_replayed_and_dropped(stack: Stack, served: Process) -> None:
    httpx.post(f"{stack.url}/data", json=[{"message": "words of somebody"}, {"message": "{}"}])

    listed = json.loads(stack.call("deadletters", "list", "--json"))
    letter: dict[str, Any] = next(found for found in listed if found["reason"] == "invalid_json")
    shown = stack.call("deadletters", "show", letter["id"][:12])
    opened = stack.call("deadletters", "show", "--payload", letter["id"])
    would = stack.call("deadletters", "drop", "--all", "--dry-run")
    dropped = stack.call("deadletters", "drop", "--reason", "missing_request")
    replayed = stack.call("deadletters", "replay", letter["id"])

    assert "words of somebody" not in shown
    assert "words of somebody" in opened
    assert ("2" in would, "1" in dropped, "1" in replayed) == (True, True, True)
    # What no repair has made readable comes back as the same letter.
    wait_until(
        lambda: (
            [found["id"] for found in json.loads(stack.call("deadletters", "list", "--json"))]
            == [letter["id"]]
        )
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_stops_every_process(stack: Stack, served: Process, number: signal.Signals) -> None:
    # Broker, API with two processes, two workers, of which one has a process of its own for its tasks.
    wait_until(lambda: len(children(served.pid)) >= 6, timeout_s=30, what="all processes")
    family = children(served.pid)

    served.signal(number)

    assert served.wait(timeout_s=20) == 0
    wait_until(lambda: not alive(family), timeout_s=2, what="the end of every process")
    assert "Stopped." in served.output()
    assert "Traceback" not in served.output()


def test_what_was_accepted_survives_a_restart(stack: Stack) -> None:
    """The workers find the parcel after the restart, though its wake-up went to a stack that is gone."""
    broker, api = stack.process("broker"), stack.process("api")
    broker.start(lambda: listens(stack.broker_port))
    api.start(stack.ready)
    line = SAMPLE.read_text("utf-8").splitlines()[0]
    assert httpx.post(f"{stack.url}/data", json=[{"message": line}]).json() == [{"status": "success"}]
    api.kill()
    broker.kill()

    serve = stack.process("serve")
    serve.start(stack.ready, timeout_s=60)
    wait_until(stack.empty, timeout_s=60, what="the delivery")

    delivered = json.loads(stack.call("status", "--json"))["counters"]["delivered:sqlite"]
    assert serve.stop() == 0
    assert delivered == 1


def test_a_taken_port_is_one_clear_sentence(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", stack.port)):
        process = stack.process("serve")
        process.start()

        assert process.wait() == 1

    assert process.output().splitlines() == [
        f"Error: Port {stack.port} is already in use: stop what uses it, or set PORT to another one."
    ]


def test_a_broker_port_that_is_taken_by_something_else_is_one_clear_sentence(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", stack.broker_port)):
        process = stack.process("serve")
        process.start()

        assert process.wait() == 1

    assert "is no Redis: set REDIS_URL" in process.output()
    assert "Traceback" not in process.output()


def test_a_process_that_cannot_start_stops_the_stack(tmp_path: Path) -> None:
    stack = Stack(tmp_path, topic_model="/no/such/folder")
    process = stack.process("serve")
    process.start()

    assert process.wait(timeout_s=90) == 1
    assert "worker-analyze ended" in process.output()
    assert "Traceback" not in process.output()
    assert not listens(stack.broker_port)
