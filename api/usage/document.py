"""The usage report as JSON: a list of calls for each model, or with `aggregate` their sums."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from api.usage.report import Contents, Head
from workers.reports.llm_usage import Call, ModelUse, Tokens


def lines(head: Head, contents: Contents, *, aggregate: bool = False) -> Iterator[str]:
    """The report, line by line; calls are never all in memory."""
    yield "{"
    for name in ("application", "currency", "environment"):
        yield f'  "{name}": {_json(getattr(head, name))},'
    yield from _sums(head, contents) if aggregate else _calls(head, contents.calls_by_name())
    if head.extended:
        rows = (_members(head, use) | {"project": use.project} for use in contents.projects)
        yield f'  "projects": {_indented(list(rows))},'
    yield '  "fileExtension": ".json"'
    yield "}"


def _calls(head: Head, calls: Iterable[Call]) -> Iterator[str]:
    models = groupby((call for call in calls if call.ok), key=attrgetter("model"))
    entries = _separated(_model(head, model, of_model) for model, of_model in models)
    first = next(entries, None)
    if first is None:
        yield '  "modelUsage": {},'
        return
    yield '  "modelUsage": {'
    yield first
    yield from entries
    yield "  },"


def _model(head: Head, model: str, calls: Iterable[Call]) -> Iterator[str]:
    yield f"    {_json(model)}: ["
    yield from _separated(_object(_call(head, call), "      ") for call in calls)
    yield "    ]"


def _separated(entries: Iterable[Iterable[str]]) -> Iterator[str]:
    """The lines of all entries, with a comma after each entry but the last."""
    held: str | None = None
    for entry in entries:
        mark = ","
        for line in entry:
            if held is not None:
                yield held + mark
            held, mark = line, ""
    if held is not None:
        yield held


def _sums(head: Head, contents: Contents) -> Iterator[str]:
    uses = contents.models if head.extended else contents.used
    rows = {use.model: _members(head, use) for use in uses}
    yield f'  "modelUsage": {_indented(rows)},'


def _call(head: Head, call: Call) -> dict[str, Any]:
    tokens = call.tokens or Tokens()
    return {
        "completionTokens": tokens.completion,
        "cost": tokens.cost if head.costs else Decimal(0),
        "model": call.model,
        "promptTokens": tokens.prompt,
        "cachedTokens": tokens.cached,
    } | ({"priceSource": call.price_source} if head.extended else {})


def _members(head: Head, use: ModelUse) -> dict[str, Any]:
    tokens = use.tokens
    return {
        "completionTokens": tokens.completion,
        "cost": tokens.cost if head.costs else Decimal(0),
        "model": use.model,
        "promptTokens": tokens.prompt,
        "cachedTokens": tokens.cached,
        "requests": use.requests,
    } | ({"unpricedRequests": use.unpriced, "errors": use.errors} if head.extended else {})


def _object(members: dict[str, Any], indent: str) -> list[str]:
    inner = [f"{indent}  {_json(name)}: {_json(value)}" for name, value in members.items()]
    return [f"{indent}{{", *(line + "," for line in inner[:-1]), inner[-1], f"{indent}}}"]


def _json(value: Any) -> str:
    if isinstance(value, Decimal):
        return number(value)
    return json.dumps(_plain(value), ensure_ascii=False)


def _indented(value: Any) -> str:
    return json.dumps(_plain(value), indent=2, ensure_ascii=False).replace("\n", "\n  ")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def number(value: Decimal) -> str:
    """A cost as .NET writes a double: the shortest digits that say the same, and E for very small ones."""
    text = repr(float(value)).removesuffix(".0")
    return text.replace("e", "E")
