"""One write request to InfluxDB and what its answer means; deciding what to do about it is the sink's part.

A server's error text can repeat the line that it refused. It is looked at here, to find a reason code, and
goes no further: not into a log, not into an exception.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as SlowAnswer

from workers.sinks.influx.retry_after import seconds_to_wait

NO_ANSWER = 0
# InfluxDB 3 and 1.8 have no organizations, and the client insists on one.
NO_ORG = "ignored"

# What the server says of a line it refuses, in the words of InfluxDB 1.x, 2.x and 3.x: first match wins.
_REFUSALS = (
    ("field type conflict", "field_type_conflict"),
    ("invalid column type", "field_type_conflict"),
    ("beyond retention policy", "beyond_retention"),
    ("max-values-per-tag limit exceeded", "too_many_tag_values"),
    ("max-series-per-database limit exceeded", "too_many_series"),
    ("max key size exceeded", "key_too_long"),
    ("time outside range", "time_out_of_range"),
    ("unable to parse", "line_not_understood"),
)


@dataclass(frozen=True, slots=True)
class InfluxTarget:
    """Where to write. `bucket` is a bucket (2.x), a database (3.x) or database/retention-policy (1.8)."""

    url: str
    bucket: str
    org: str = NO_ORG
    token: str = field(default="", repr=False)
    timeout_s: float = 10.0
    ca_file: str | None = None
    connections: int = 32


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the HTTP status or NO_ANSWER, a reason code unless it was a yes, when to try again."""

    status: int
    reason: str = ""
    retry_after: float | None = None


class Wire:
    """A pool of connections to one target; every answer is a value, none is an exception."""

    def __init__(self, target: InfluxTarget) -> None:
        _keep_answers_out_of_the_log()
        self._target = target
        self._client = InfluxDBClient(
            url=target.url,
            token=target.token,
            org=target.org,
            timeout=round(target.timeout_s * 1000),
            enable_gzip=True,
            ssl_ca_cert=target.ca_file,
            connection_pool_maxsize=target.connections,
        )
        self._api = self._client.write_api(write_options=SYNCHRONOUS)

    def post(self, body: bytes) -> Answer:
        """Send lines, with times in nanoseconds, in one gzip request."""
        try:
            self._api.write(self._target.bucket, self._target.org, body)
        except ApiException as error:
            return _answer(error.status or NO_ANSWER, error.headers or {}, error.body)
        except (HTTPError, OSError) as error:
            # urllib3 counts a refused connection among the timeouts.
            slow = isinstance(error, SlowAnswer) and not isinstance(error, NewConnectionError)
            return Answer(NO_ANSWER, "timeout" if slow else "connection_error")
        except UnicodeDecodeError:
            # The client reads every answer as UTF-8, and a proxy's error page need not be.
            return Answer(NO_ANSWER, "answer_not_understood")
        return Answer(HTTPStatus.NO_CONTENT)

    def close(self) -> None:
        self._client.close()


def _answer(status: int, headers: Mapping[str, str], body: object) -> Answer:
    if status == NO_ANSWER:
        return Answer(NO_ANSWER, "tls_error")  # The client reports nothing else without a status.
    if status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return Answer(status, _refusal(str(body or "")))
    return Answer(status, f"http_{status}", seconds_to_wait(headers.get("Retry-After")))


def _refusal(text: str) -> str:
    return next((reason for words, reason in _REFUSALS if words in text), "refused")


def _keep_answers_out_of_the_log() -> None:
    """influxdb-client sends an error body that it cannot read to the root logger, as a debug line."""
    logging.getLogger().addFilter(_no_answers)


def _no_answers(record: logging.LogRecord) -> bool:
    return record.module != "exceptions" or "influxdb_client" not in record.pathname
