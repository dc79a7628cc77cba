"""`make conformance`: the DIAL contract cases against the running stack, whose InfluxDB is a recorder.

The cases lie beside the repository; without them there is nothing to do. Other arguments go to their runner.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.servers import Process, free_port, wait_until

PROFILE = "model_rates"
# The older edition of the contract is the one that priced by these rates.
PROFILE_CASES = ["--env-profile", PROFILE, "--edition", "2024"]
# It also counted the models behind a call one by one, which is an option now.
PROFILE_ENV = {"USAGE_PER_MODEL": "points"}
COMMAND = Path(sys.executable).with_name("dial-analytics")
STARTS_S = 180.0
# Longer than the runner's own patience: the two cores of continuous integration are busy.
CASE_S = "60"
WARM_UP: dict[str, object] = {
    "deployment": "warm-up",
    "request": {
        "uri": "/v1/warm-up/rate",
        "method": "POST",
        "time": "2026-01-01T00:00:00",
        "body": json.dumps({"responseId": "warm-up", "rate": True}),
    },
    "response": {"status": "200", "body": ""},
}
STOPS_S = 30.0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status < 300)
    except (OSError, urllib.error.URLError):
        return False


def post(url: str, record: dict[str, object]) -> None:
    """One log line through the door, as Vector sends it."""
    body = json.dumps([{"message": json.dumps(record)}]).encode()
    request = urllib.request.Request(f"{url}/data", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30):
        pass


def captured(influx_url: str) -> int:
    with urllib.request.urlopen(f"{influx_url}/_lines", timeout=30) as reply:
        return int(json.load(reply)["count"])


def warm_up(url: str, influx_url: str) -> None:
    """Wait for the first point: the API accepts batches long before the workers have loaded their models."""
    post(url, WARM_UP)
    wait_until(lambda: captured(influx_url) > 0, timeout_s=STARTS_S, what="the first point", every_s=0.5)


@contextmanager
def recorder(cases: Path, folder: Path) -> Iterator[str]:
    """The stand-in for InfluxDB, at the address that is yielded."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, str(cases / "capture_influx.py"), "--port", str(port), "--types"]
    process = Process(command, folder / "recorder.log")
    process.start(lambda: answers(f"{url}/ping"))
    try:
        yield url
    finally:
        process.kill()


@contextmanager
def stack(folder: Path, influx_url: str, profile: Mapping[str, str]) -> Iterator[str]:
    """Broker, API and workers as `dial-analytics serve` starts them, writing to that InfluxDB."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    env = {
        "PORT": str(port),
        "HOST": "127.0.0.1",
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "DATA_DIR": str(folder / "data"),
        "INFLUX_URL": influx_url,
        "INFLUX_API_TOKEN": "conformance",
        "INFLUX_ORG": "conformance",
        "INFLUX_BUCKET": "conformance",
        "INFLUX_DATABASE": None,
        "SQLITE_PATH": None,
        **profile,
    }
    process = Process([str(COMMAND), "serve"], folder / "stack.log", env=env)
    try:
        process.start(lambda: answers(f"{url}/ready"), timeout_s=STARTS_S)
        yield url
    finally:
        process.stop(STOPS_S)


def run(cases: Path, profile: Mapping[str, str], arguments: list[str]) -> int:
    """One run of the cases over a fresh stack; the log of a stack that failed is shown."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as name:
        folder = Path(name)
        with recorder(cases, folder) as influx_url, stack(folder, influx_url, profile) as url:
            warm_up(url, influx_url)
            where = ["--api", url, "--capture", influx_url, "--timeout", CASE_S]
            command = [sys.executable, str(cases / "run.py"), *where, "--unique", *arguments]
            status = subprocess.run(command, check=False).returncode
        if status:
            print((folder / "stack.log").read_text("utf-8", "replace")[-8000:])
        return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="folder with run.py and cases/")
    options, arguments = parser.parse_known_args()
    cases: Path = options.cases.resolve()
    if not (cases / "run.py").is_file():
        print(f"Skipped: {options.cases}, the folder of the contract cases, is not part of this repository.")
        return 0
    profile = PROFILE_ENV | json.loads((cases / "env" / f"{PROFILE}.json").read_text("utf-8"))
    status = run(cases, {}, arguments)
    return run(cases, profile, [*PROFILE_CASES, *arguments]) or status


if __name__ == "__main__":
    sys.exit(main())
