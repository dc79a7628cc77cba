"""gunicorn's threaded worker with an end to its patience: a request has to arrive within a time.

gunicorn itself waits for ever for the rest of a request, and a thread with it.
"""

import socket
import time
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import TConn, ThreadWorker


class TimedSocket:
    """A socket whose `recv` fails once the time of the request is up; all else is that of the socket."""

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock = sock
        self._seconds = seconds
        self._deadline = 0.0
        self.restart()

    def restart(self) -> None:
        """A new request begins."""
        self._deadline = time.monotonic() + self._seconds

    def recv(self, size: int) -> bytes:
        before = self._sock.gettimeout()
        left = max(self._deadline - time.monotonic(), 0.001)
        self._sock.settimeout(left if before is None else min(left, before))
        try:
            return self._sock.recv(size)
        except TimeoutError:
            if before is not None:
                raise
            # What gunicorn takes for a sender that has gone away.
            raise NoMoreData from None
        finally:
            self._sock.settimeout(before)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)


class PatientWorker(ThreadWorker):
    """Times each request from its first byte."""

    patience_s = 60.0

    def handle(self, conn: TConn) -> Any:
        """Put the timed socket under the parser; the connection itself keeps its own."""
        if conn.initialized:
            conn.parser.unreader.sock.restart()
        else:
            begin = conn.init

            def init() -> None:
                begin()
                if not isinstance(conn.parser.unreader.sock, TimedSocket):
                    conn.parser.unreader.sock = TimedSocket(conn.sock, self.patience_s)

            conn.init = init
        return super().handle(conn)
