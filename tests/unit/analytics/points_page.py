"""Makes `docs/points.md` from the table of measurements."""

from pathlib import Path

from analytics.measurements import COLUMNS, MEASUREMENTS, Measurement
from analytics.points import PointSchema

PAGE = Path(__file__).parents[3] / "docs" / "points.md"

_HEAD = """# Points

What is written to InfluxDB. Names of measurements, tags and fields are a contract with dashboards and with
DIAL Admin; this page is made from `analytics/measurements.py` by `python -m tests.golden.rewrite`, and a test
compares the two.

- A value that is not known is `undefined`. Tags marked *optional* are left out instead, and so is an unknown
  `operation_duration_ms`.
- Names ending in `_count`, `_tokens`, `_messages` and `_ms` are integers, `price` and `deployment_price` are
  floats, all other fields are strings.
- The time is that of the request, in nanoseconds. Where ids are fields, two calls of the same millisecond
  could overwrite each other; there the time gets an offset below one millisecond, made from the record, so
  that a retry writes the same point again.
- `price` is the cost of a call with all calls below it, `deployment_price` its own. To add up a trace, take
  the sum of `deployment_price`, or `price` of the root; the sum of `price` counts twice.
- With `POINT_SCHEMA=lean`, tags marked *lean: field* are fields, so that no request makes a new series.
- With `USAGE_PER_MODEL=points`, an application that tells the usage of the models behind it, and for which
  DIAL Core counted nothing, gives one point without tokens and one more for each model.

"""


def page() -> str:
    return _HEAD + "\n".join(_section(measurement) for measurement in MEASUREMENTS)


def _section(measurement: Measurement) -> str:
    rows = [_row(measurement, name, "tag") for name in sorted(measurement.tags)]
    rows += [_row(measurement, name, "field") for name in sorted(measurement.fields)]
    table = "\n".join(("| name | kind | meaning |", "|---|---|---|", *rows))
    return f"## {measurement.name}\n\nOf {measurement.meaning}.\n\n{table}\n"


def _row(measurement: Measurement, name: str, kind: str) -> str:
    marks = [kind]
    if name in measurement.optional:
        marks.append("*optional*")
    if kind == "tag" and name not in measurement.layout(PointSchema.LEAN)[0]:
        marks.append("*lean: field*")
    return f"| `{name}` | {', '.join(marks)} | {COLUMNS[name].meaning} |"
