"""rotel, a real OpenTelemetry collector from a wheel, and what it says it took."""

import importlib.util
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers import Process, free_port, listens


def binary() -> str:
    """The program; skips the test where it is missing or does not run, and fails where CI is set."""
    spec = importlib.util.find_spec("rotel")
    places = list(spec.submodule_search_locations or []) if spec else []
    path = next((str(Path(place) / "rotel-agent") for place in places), "")
    runs = path and subprocess.run([path, "version"], capture_output=True, check=False).returncode == 0
    if not runs:
        missing = "rotel does not run: it comes from PyPI, and needs Debian's libpython3.11"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return path


class Rotel(Process):
    """Prints whatever it takes; what it printed before a restart stays."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        options = {
            "otlp-http-endpoint": f"127.0.0.1:{self.port}",
            "otlp-grpc-endpoint": f"127.0.0.1:{free_port()}",
            "debug-log-verbosity": "detailed",
            "exporter": "blackhole",
            "pid-file": str(folder / "rotel.pid"),
        }
        flags = [part for name, value in options.items() for part in (f"--{name}", value)]
        logs = ["--debug-log", "traces", "--debug-log", "metrics"]
        super().__init__([binary(), "start", *flags, *logs], folder / "rotel.log")

    def up(self) -> "Rotel":
        self.start(lambda: listens(self.port))
        return self

    def span_ids(self) -> list[str]:
        """In the order of arrival, as often as they came."""
        return re.findall(r"^    ID {13}: ([0-9a-f]{16})$", self.output(), re.MULTILINE)

    def event_ids(self) -> list[str]:
        """Of which events it got spans."""
        return re.findall(r"-> dial\.event\.id: Str\((\w+)\)", self.output())

    def totals(self, metric: str) -> list[float]:
        """What each export said of a metric: the sum over its points."""
        blocks = re.split(r"^ResourceMetrics #0$", self.output(), flags=re.MULTILINE)[1:]
        found = [block.partition(f"-> Name: {metric}\n")[2].partition("Metric #")[0] for block in blocks]
        numbers = [re.findall(r"^(?:Sum|Value): (\S+)$", text, re.MULTILINE) for text in found if text]
        return [sum(map(float, one)) for one in numbers]
