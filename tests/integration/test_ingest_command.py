"""`ingest` against a server that is slow, full or away: nothing is lost, nothing is sent twice."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from rich.console import Console

from api.bookmarks import Bookmarks
from api.journey import Journey
from api.postman import DeliveryError, Postman
from tests.servers import free_port

pytestmark = pytest.mark.integration


class Door(BaseHTTPRequestHandler):
    """Answers with the statuses it was told, then takes everything; a body over the limit is 413."""

    protocol_version = "HTTP/1.1"
    statuses: ClassVar[list[int]] = []
    taken: ClassVar[list[list[Any]]] = []
    limit: ClassVar[int] = 1_000_000

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.statuses.pop(0) if self.statuses else 200
        status = 413 if len(body) > self.limit else status
        if status == 0:
            self.close_connection = True
            self.connection.close()
            return
        events = json.loads(body)
        if status == 200:
            self.taken.append(events)
        answer = json.dumps([{"status": "success"}] * len(events)).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.send_header("Retry-After", "0")
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Tests print enough."""


@pytest.fixture
def door() -> Iterator[str]:
    Door.statuses, Door.taken, Door.limit = [], [], 1_000_000
    with HTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "aidial.log"
    path.write_text("".join(f'{{"n":{number}}}\n' for number in range(450)))
    return path


def journey(url: str, folder: Path, patience_s: float = 20.0) -> Journey:
    return Journey(Postman(url, patience_s), Bookmarks(folder / "marks"), Console(quiet=True))


def messages() -> list[str]:
    return [event["message"] for events in Door.taken for event in events]


def test_every_line_arrives_once_in_vectors_shape(door: str, log: Path, tmp_path: Path) -> None:
    trip = journey(door, tmp_path)

    trip.send(str(log))
    trip.postman.close()

    assert messages() == log.read_text().splitlines()
    assert set(Door.taken[0][0]) == {"message", "file", "host", "source_type", "timestamp"}
    assert (trip.tally.sent, trip.tally.accepted) == (450, 450)


@pytest.mark.parametrize("status", [408, 429, 500, 503, 0])
def test_what_may_pass_is_tried_again(door: str, log: Path, tmp_path: Path, status: int) -> None:
    Door.statuses = [status, status]
    trip = journey(door, tmp_path)

    trip.send(str(log))
    trip.postman.close()

    assert messages() == log.read_text().splitlines()


def test_a_batch_that_is_too_large_goes_in_halves(door: str, log: Path, tmp_path: Path) -> None:
    Door.limit = 4000
    trip = journey(door, tmp_path)

    trip.send(str(log))
    trip.postman.close()

    assert messages() == log.read_text().splitlines()


def test_a_line_that_is_too_large_is_refused_alone(door: str, log: Path, tmp_path: Path) -> None:
    Door.limit = 4000
    log.write_text('{"a":1}\n' + json.dumps({"b": "x" * 5000}) + '\n{"c":1}\n')
    trip = journey(door, tmp_path)

    trip.send(str(log))
    trip.postman.close()

    assert messages() == ['{"a":1}', '{"c":1}']
    assert trip.tally.refused == {"too large": 1}


def test_a_run_that_was_cut_off_goes_on_where_it_stopped(door: str, log: Path, tmp_path: Path) -> None:
    Door.statuses = [200, 400]
    trip = journey(door, tmp_path)
    with pytest.raises(DeliveryError, match="status 400"):
        trip.send(str(log))
    trip.postman.close()

    trip = journey(door, tmp_path)
    trip.send(str(log))
    trip.postman.close()

    assert messages() == log.read_text().splitlines()
    assert trip.tally.sent == 250


def test_patience_has_an_end_and_says_so(log: Path, tmp_path: Path) -> None:
    trip = journey(f"http://127.0.0.1:{free_port()}", tmp_path, patience_s=0.5)

    with pytest.raises(DeliveryError, match=r"did not take the batch for 0\.5 s: no connection"):
        trip.send(str(log))
