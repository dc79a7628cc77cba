"""The envelope of one line of DIAL's prompt log: who called what, when, and with which bodies.

What the bodies say is not looked at here. A broken field of a good record is unknown and leaves a note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields, missing, pre_load

from analytics.document import decode
from analytics.errors import MalformedRecord

EARLIEST = datetime(1678, 1, 1, tzinfo=UTC)
LATEST = datetime(2262, 1, 1, tzinfo=UTC)
"""InfluxDB counts nanoseconds in 64 bits; a time outside of this would poison the whole write."""

_STATUSES = range(100, 600)
_FATAL = ("missing_uri", "invalid_uri", "missing_time", "invalid_time")
_BROKEN = object()


@dataclass(frozen=True, slots=True)
class LogRecord:
    """One line of the log. "" stands for what is not known."""

    digest: str
    uri: str
    time: datetime
    method: str = ""
    status: str = ""
    chat_id: str = ""
    project_id: str = ""
    user_hash: str = ""
    title: str = ""
    deployment: str = ""
    parent_deployment: str = ""
    execution_path: tuple[str, ...] = ()
    trace_id: str = ""
    core_span_id: str = ""
    core_parent_span_id: str = ""
    upstream: str = ""
    operation_duration_ms: int | None = None
    token_usage: Mapping[str, Any] | None = None
    request_body: str | None = None
    response_body: str | None = None
    assembled_response: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the call succeeded: any 2xx."""
        return len(self.status) == len("200") and self.status.startswith("2") and self.status.isdecimal()


class Lenient(fields.Field[Any]):
    """Takes null for absent. Overrides `deserialize` itself, as the door has microseconds a field."""

    def deserialize(self, value: Any, *_where: Any, **_kwargs: Any) -> Any:
        """Read the value, or say by which code it is of no use."""
        return self.absent() if value is None or value is missing else self.read(value)

    def absent(self) -> Any:
        """Give the value of a field that is not there."""
        return None

    def read(self, value: Any) -> Any:
        """Give the value of a field that is there."""
        raise NotImplementedError

    def invalid(self) -> ValidationError:
        """Make the error that names this field."""
        return ValidationError(f"invalid_{self.name}")


class Text(Lenient):
    """A name or an id."""

    def absent(self) -> Any:
        return ""

    def read(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        raise self.invalid()


class Body(Text):
    """A document inside the line. Absent is not empty: the bodies of secured keys are never logged."""

    def absent(self) -> Any:
        return None


class Uri(Text):
    """The one name that a record cannot do without."""

    def absent(self) -> Any:
        raise ValidationError("missing_uri")


class Status(Text):
    """The HTTP status, a string in DIAL's log; a number is as good."""

    def read(self, value: Any) -> Any:
        return str(value) if type(value) is int and value in _STATUSES else super().read(value)


class Moment(Lenient):
    """ISO 8601; without a zone it is UTC. Digits beyond the microsecond are cut."""

    def absent(self) -> Any:
        raise ValidationError("missing_time")

    def read(self, value: Any) -> Any:
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError) as error:
            raise self.invalid() from error
        if EARLIEST <= moment < LATEST:
            return moment
        raise self.invalid()


class CallStack(Lenient):
    """The deployments a call went through, this one last. Elements may be null: then nobody knows."""

    def absent(self) -> Any:
        return ()

    def read(self, value: Any) -> Any:
        if isinstance(value, list):
            return tuple(item if isinstance(item, str) else "" for item in value)
        raise self.invalid()


class Milliseconds(Lenient):
    """A duration."""

    def read(self, value: Any) -> Any:
        if type(value) is int and 0 <= value < 2**63:
            return value
        raise self.invalid()


class Counts(Lenient):
    """What DIAL Core counted, in the shape of Chat Completions for every API."""

    def read(self, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        raise self.invalid()


_SECTIONS = {
    "chat": {"chat_id": "id"},
    "project": {"project_id": "id"},
    "user": {"user_hash": "id", "title": "title"},
    "trace": {
        "trace_id": "trace_id",
        "core_span_id": "core_span_id",
        "core_parent_span_id": "core_parent_span_id",
    },
    "request": {"method": "method", "uri": "uri", "time": "time", "request_body": "body"},
    "response": {"status": "status", "upstream": "upstream_uri", "response_body": "body"},
}
"""Where the fields of a record are in the line; all others are on its top level, under their own names."""


class LogRecordSchema(Schema):
    """A line of the log. Flat, as nested schemas cost three times as much at the door."""

    class Meta:
        """DIAL Core adds keys with every version."""

        unknown = EXCLUDE

    uri = Uri()
    time = Moment()
    method = Text()
    status = Status()
    chat_id = Text()
    project_id = Text()
    user_hash = Text()
    title = Text()
    deployment = Text()
    parent_deployment = Text()
    execution_path = CallStack()
    trace_id = Text()
    core_span_id = Text()
    core_parent_span_id = Text()
    upstream = Text()
    operation_duration_ms = Milliseconds()
    token_usage = Counts()
    request_body = Body()
    response_body = Body()
    assembled_response = Body()

    @pre_load
    def flatten(self, document: Mapping[str, Any], **_kwargs: Any) -> Mapping[str, Any]:
        """Bring the fields of all sections to one level."""
        flat = dict(document)
        for section, names in _SECTIONS.items():
            part = document.get(section)
            if isinstance(part, dict):
                for name, key in names.items():
                    flat[name] = part.get(key)
            else:
                flat.update(dict.fromkeys(names, None if part is None else _BROKEN))
        return flat


_SCHEMA = LogRecordSchema()


def parse(message: str) -> LogRecord:
    """Read one line of the log; raise MalformedRecord when nothing can be made of it, now or later."""
    line = message.strip()
    document = decode(line, exact=True)
    if not isinstance(document, dict):
        raise MalformedRecord("not_an_object")
    if not isinstance(document.get("request"), dict):
        raise MalformedRecord("missing_request")
    values, notes = _validated(document)
    digest = hashlib.blake2b(line.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return LogRecord(digest=digest, notes=notes, **values)


def _validated(document: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Give the good fields, and a note for each broken one."""
    try:
        return _SCHEMA.load(document), ()
    except ValidationError as error:
        messages: dict[str, list[str]] = error.messages_dict
        codes = [code for reasons in messages.values() for code in reasons]
        for code in codes:
            if code in _FATAL:
                raise MalformedRecord(code) from error
        values = error.valid_data
        return dict(values) if isinstance(values, dict) else {}, tuple(codes)
