"""A stand-in for InfluxDB: it keeps points by series and time as InfluxDB does, and misbehaves on demand."""

import gzip
import json
import re
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.chaos.records import POISON


@dataclass(frozen=True, slots=True)
class Mood:
    """How writes are answered for a while. `status` 0 means as usual."""

    status: int = 0
    retry_after: int = 0
    hangs: bool = False
    delay_s: float = 0.0
    cuts: bool = False  # stores the lines, then resets the connection in the middle of its reply
    most_lines: int = 0  # larger bodies are answered 413


CALM = Mood()
# A newline inside a quoted field belongs to its line; the one at its end comes after the time.
LINE_END = re.compile(r"(?<= \d{19})\n")


class Influx:
    """Up, down and up again on the same port; what it has stored stays."""

    def __init__(self) -> None:
        self.mood = CALM
        self.points: dict[str, tuple[float, str]] = {}  # series and time -> (first stored, line)
        self.rewritten = 0
        self.refused: set[str] = set()
        self.lock = threading.Lock()
        self._server: _Server | None = None
        self.up()
        self.url = f"http://127.0.0.1:{self._port}"

    def up(self) -> None:
        self._server = _Server(("127.0.0.1", getattr(self, "_port", 0)), _Handler)
        self._server.influx = self
        self._port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def down(self) -> None:
        """As a machine that goes away: nobody listens, and every open connection is reset."""
        if self._server is not None:
            self._server.shutdown()
            self._server.reset_all()
            self._server.server_close()
            self._server = None

    @contextmanager
    def feeling(self, mood: Mood) -> Iterator[None]:
        self.mood = mood
        try:
            yield
        finally:
            self.mood = CALM

    def store(self, lines: list[str]) -> None:
        now = time.time()
        with self.lock:
            for line in lines:
                identity = identity_of(line)
                if identity in self.points:
                    self.rewritten += 1
                self.points[identity] = (self.points.get(identity, (now, ""))[0], line)


def identity_of(line: str) -> str:
    """Measurement, tags and time of a line: what InfluxDB knows a point by."""
    fields_start = _first_bare_space(line)
    return f"{line[:fields_start]} {line.rsplit(' ', 1)[1]}"


def _first_bare_space(line: str) -> int:
    at = line.index(" ")
    while line[at - 1] == "\\":
        at = line.index(" ", at + 1)
    return at


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    influx: Influx

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def reset_all(self) -> None:
        for request in tuple(self._open):
            reset(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Lost connections are the point of this server."""


def reset(request: socket.socket) -> None:
    """Close with RST instead of FIN."""
    try:
        request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.shutdown(socket.SHUT_RD)
        request.close()
    except OSError:
        return


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Says nothing."""

    def do_POST(self) -> None:
        influx = self.server.influx
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        lines = [line for line in LINE_END.split(body.decode()) if line and not line.startswith("#")]
        mood = influx.mood
        while mood.hangs and influx.mood is mood:
            time.sleep(0.05)
        time.sleep(mood.delay_s)
        if mood.status:
            self._answer(mood.status, {"code": "error", "message": "made on demand"}, mood.retry_after)
        elif mood.most_lines and len(lines) > mood.most_lines:
            self._answer(413, {"code": "request too large", "message": "made on demand"})
        elif bad := [line for line in lines if POISON in line]:
            influx.refused.update(bad)
            self._answer(400, {"code": "invalid", "message": f"unable to parse '{bad[0]}': made on demand"})
        else:
            influx.store(lines)
            self._succeed(mood)

    def _succeed(self, mood: Mood) -> None:
        if mood.cuts:
            self.wfile.write(b"HTTP/1.1 20")
            self.wfile.flush()
            self.close_connection = True
            reset(self.connection)
            return
        self.send_response(204)
        self.end_headers()

    def _answer(self, status: int, body: dict[str, str], retry_after: int = 0) -> None:
        raw = json.dumps(body).encode()
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", str(retry_after))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)
