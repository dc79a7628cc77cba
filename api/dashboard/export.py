"""Tables as files: CSV for spreadsheets, JSON for programs."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

from flask import Response

from api.dashboard.figures import iso
from api.dashboard.view import Table

MIMETYPES = {"csv": "text/csv", "json": "application/json"}
# A spreadsheet runs what begins like this, and some of these names come from outside.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_file(table: Table, kind: str) -> Response:
    """An answer that browsers save."""
    text = _csv(table) if kind == "csv" else _json(table)
    response = Response(text, mimetype=MIMETYPES[kind])
    response.headers["Content-Disposition"] = f'attachment; filename="{table.name}.{kind}"'
    return response


def _csv(table: Table) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(column.key for column in table.columns)
    for record in _records(table):
        writer.writerow(_safe(value) for value in record.values())
    return out.getvalue()


def _json(table: Table) -> str:
    return json.dumps(_records(table), ensure_ascii=False, indent=1, default=_exact)


def _records(table: Table) -> list[dict[str, Any]]:
    """Times as ISO 8601; everything else as it is."""
    moments = {column.key for column in table.columns if column.kind == "moment"}
    return [
        {key: iso(value) if key in moments and value is not None else value for key, value in record.items()}
        for record in table.records()
    ]


def _safe(value: Any) -> Any:
    if isinstance(value, Decimal):
        return _exact(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _exact(value: Any) -> str:
    """Money without an exponent, and without the zeros at its end."""
    text = f"{Decimal(value):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
