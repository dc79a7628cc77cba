"""A small reader of line protocol, by InfluxDB's rules, to see what a line says."""

import re
from typing import NamedTuple

Value = str | int | float

_NAME = r"(?:\\[,= ]|[^,= ])+"
_TAG_VALUE = r"(?:\\[,= ]|[^, ])+"
_FIELD = re.compile(rf'({_NAME})=("(?:\\["\\]|[^"])*"|[^, ]+)(,| (-?\d+)$)', re.DOTALL)
_HEAD = re.compile(rf"({_NAME})((?:,{_NAME}={_TAG_VALUE})*) ", re.DOTALL)
_TAG = re.compile(rf",({_NAME})=({_TAG_VALUE})", re.DOTALL)


class Parsed(NamedTuple):
    measurement: str
    tags: dict[str, str]
    fields: dict[str, Value]
    time: int


def parse(line: str) -> Parsed:
    head = _HEAD.match(line)
    assert head, line
    tags = {_unescaped(key): _unescaped(value) for key, value in _TAG.findall(head[2])}
    fields: dict[str, Value] = {}
    position, time = head.end(), None
    while time is None:
        field = _FIELD.match(line, position)
        assert field, line[position:]
        fields[_unescaped(field[1])] = _value(field[2])
        position, time = field.end(), field[4]
    assert position == len(line)
    return Parsed(head[1], tags, fields, int(time))


def _unescaped(text: str) -> str:
    return re.sub(r"\\([,= ])", r"\1", text)


def _value(text: str) -> Value:
    if text.startswith('"'):
        return re.sub(r'\\(["\\])', r"\1", text[1:-1])
    return int(text[:-1]) if text.endswith("i") else float(text)
