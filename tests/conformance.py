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

from tests.servers import Process, free_port

PROFILE = "model_rates"
# The older edition of the contract is the one that priced by these rates.
PROFILE_CASES = ["--env-profile", PROFILE, "--edition", "2024"]
# It also counted the models behind a call one by one, which is an option now.
PROFILE_ENV = {"USAGE_PER_MODEL": "true"}
COMMAND = Path(sys.executable).with_name("dial-analytics")
STARTS_S = 180.0
STOPS_S = 30.0


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return bool(reply.status < 300)
    except (OSError, urllib.error.URLError):
        return False


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
            command = [
                sys.executable,
                str(cases / "run.py"),
                "--api",
                url,
                "--capture",
                influx_url,
                "--unique",
            ]
            status = subprocess.run([*command, *arguments], check=False).returncode
        if status:
            print((folder / "stack.log").read_text("utf-8", "replace")[-8000:])
        return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, required=True, help="folder with run.py and cases/")
    options, arguments = parser.parse_known_args()
    cases: Path = options.cases.resolve()
    if not (cases / "run.py").is_file():
        print(
            f"Skipped: the contract cases are not part of this repository, and {options.cases} is not there."
        )
        return 0
    profile = PROFILE_ENV | json.loads((cases / "env" / f"{PROFILE}.json").read_text("utf-8"))
    status = run(cases, {}, arguments)
    return run(cases, profile, [*PROFILE_CASES, *arguments]) or status


if __name__ == "__main__":
    sys.exit(main())
