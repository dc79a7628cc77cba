"""What the service says of itself: log lines with their context, and the names of all counters.

No line holds words of a conversation: an exception is logged as its class and place, never with its text.
"""

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any

from workers.settings import Settings

# Counter -> (what its label names, or "" for none; what is counted).
COUNTERS = {
    "accepted": ("", "records taken and made safe"),
    "refused": ("reason", "records that the door could not read"),
    "analysed": ("", "records that became events"),
    "dropped": ("reason", "records that are none of our business, such as other URIs"),
    "delivered": ("sink", "events written"),
    "lost": ("reason", "calls of the proxy that could not be recorded"),
    "retries": ("sink", "postponements because a sink was away"),
    "buried": ("reason", "records in dead letters, counted once per letter"),
    "braked": ("", "batches of which so much was unreadable that they became one dead letter"),
    "expired": ("", "records in dead letters that were forgotten because their time was up"),
}
# Labels are codes of ours and names of sinks. Anything else might be somebody's words.
LABEL = re.compile(r"[a-z][a-z0-9_]{0,60}")

OURS = ("api", "analytics", "workers")
# Celery's own traces quote the texts of exceptions; our line `task_failed` says the same without.
# Warnings are for developers, who see them in the tests.
SILENCED = ("celery.app.trace", "celery.worker.request", "py.warnings")
STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "levelprefix", "data"}

_context: ContextVar[Mapping[str, str]] = ContextVar("log_context", default=MappingProxyType({}))


class UndeclaredCounter(ValueError):
    """A counter that the table does not know, or one with the wrong kind of label."""


def check_counter(name: str) -> None:
    base, _, label = name.partition(":")
    if base not in COUNTERS or bool(COUNTERS[base][0]) != bool(label):
        raise UndeclaredCounter(f"{base!r} is not declared like this in workers/telemetry.py")
    if label and not LABEL.fullmatch(label):
        raise UndeclaredCounter(f"the label of {base!r} is no code")


@contextmanager
def log_context(**names: str) -> Iterator[None]:
    """Every line within says which parcel and which task it is about."""
    token = _context.set({**_context.get(), **names})
    try:
        yield
    finally:
        _context.reset(token)


def place(error: BaseException) -> str:
    """Where an exception came from: file and line of the innermost frame, without any values."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "unknown"


def configure(settings: Settings) -> None:
    """Send all log lines of this process to stderr in the chosen form. LOG_LEVEL is for our own loggers."""
    handler = logging.StreamHandler(sys.stderr)
    if settings.log_format == "json":
        handler.setFormatter(JsonFormatter(json.loads(settings.json_log_format)))
    else:
        handler.setFormatter(TextFormatter(settings.text_log_format, datefmt="%Y-%m-%d %H:%M:%S"))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(settings.log_level)
    for name in SILENCED:
        logging.getLogger(name).setLevel(logging.CRITICAL)


def fields(record: logging.LogRecord) -> dict[str, Any]:
    """What the line says besides its message: the context, and what was given as extra."""
    extra = {name: value for name, value in vars(record).items() if name not in STANDARD}
    return {**_context.get(), **extra}


class TextFormatter(logging.Formatter):
    """One readable line: the %-style format, with the fields as name=value after the message."""

    def format(self, record: logging.LogRecord) -> str:
        line = logging.makeLogRecord(vars(record))
        named = "".join(f" {name}={value}" for name, value in fields(record).items())
        line.msg, line.args = f"{record.getMessage()}{named}".replace("\n", " "), None
        line.levelprefix = f"{record.levelname + ':':<9}"
        return super().format(line)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        return without_text(ei[1])


class JsonFormatter(logging.Formatter):
    """One JSON object a line: the template with its texts filled in, and the fields beside them."""

    def __init__(self, template: dict[str, Any]) -> None:
        super().__init__(datefmt="%Y-%m-%d %H:%M:%S")
        self._template = template

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        record.asctime = self.formatTime(record, self.datefmt)
        filled = _filled(self._template, vars(record))
        line = {**{name: value for name, value in fields(record).items() if name not in filled}, **filled}
        if record.exc_info and record.exc_info[1]:
            line["exception"] = without_text(record.exc_info[1])
        return json.dumps(line, default=str)


def without_text(error: BaseException) -> str:
    """A traceback that names classes and places, and leaves out what an exception says."""
    frames = " < ".join(
        f"{Path(f.filename).name}:{f.lineno}" for f in reversed(traceback.extract_tb(error.__traceback__))
    )
    return f"{type(error).__name__} at {frames or 'unknown'}"


def _filled(template: Any, values: dict[str, Any]) -> Any:
    if isinstance(template, dict):
        return {name: _filled(part, values) for name, part in template.items()}
    if isinstance(template, list):
        return [_filled(part, values) for part in template]
    return template % values if isinstance(template, str) else template
