"""A duty that one thread of a process goes on with beside its work."""

import threading


class Routine:
    """Runs from `start` to `stop`. Start it after a fork, never before: threads do not survive one.

    `_run` of a subclass is the duty: it waits on `_stopped` between its rounds, and ends when that is set.
    """

    def __init__(self, name: str) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Safe to call again: a worker is "ready" once more after each reconnect."""
        if not self._thread.is_alive() and not self._stopped.is_set():
            self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _run(self) -> None:
        raise NotImplementedError
