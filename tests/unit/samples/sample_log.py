"""Reads the sample log and says of each line what it shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from typing import Any

from samples.make_sample import SAMPLE

Record = dict[str, Any]

KINDS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("routes", lambda path: "/route/" in path),
    ("ratings", lambda path: path.endswith("/rate")),
    ("chat completions", lambda path: path.endswith("/chat/completions")),
    ("Responses API", lambda path: path == "/openai/v1/responses"),
    ("Anthropic messages", lambda path: path == "/anthropic/v1/messages"),
    ("embeddings", lambda path: path.endswith("/embeddings")),
    ("MCP", lambda path: path.endswith("/mcp")),
    ("other paths", lambda path: True),
)


def lines() -> list[str]:
    return SAMPLE.read_bytes().decode().removesuffix("\n").split("\n")


@cache
def records() -> tuple[Record, ...]:
    return tuple(record for record in map(_parsed, lines()) if record is not None)


def _parsed(line: str) -> Record | None:
    try:
        record: Record = json.loads(line, strict=False)
    except ValueError:
        return None
    return record


def kind(record: Record) -> str:
    path = record["request"]["uri"].partition("?")[0]
    return next(name for name, fits in KINDS if fits(path))


def asked(record: Record) -> str:
    return str(record["request"].get("body", ""))


def replied(record: Record) -> str:
    return str(record["response"].get("body", ""))


def assembled(record: Record) -> str:
    return str(record.get("assembled_response", ""))


def usage(record: Record) -> str:
    return json.dumps(record.get("token_usage", {}))


PROPERTIES: dict[str, Callable[[Record], bool]] = {
    "streamed": lambda record: '"stream":true' in asked(record),
    "several questions, with the whole history in each request": (
        lambda record: asked(record).count('"role":"user"') > 1 and "tool_result" not in asked(record)
    ),
    "tool results in the request": (
        lambda record: any(
            mark in asked(record) for mark in ('"role":"tool"', '"tool_result"', '"function_call_output"')
        )
    ),
    "images in the request": (
        lambda record: any(mark in asked(record) for mark in ('"image_url"', '"type":"image"'))
    ),
    "below another deployment (`parent_deployment`)": lambda record: "parent_deployment" in record,
    "secured key: no bodies at all": lambda record: not {"body"} & {*record["request"], *record["response"]},
    "a body cut short with `>>`": (
        lambda record: any(body(record).endswith(">>") for body in (asked, replied, assembled))
    ),
    "`assembled_response` missing although there are bodies": (
        lambda record: "body" in record["request"] and "assembled_response" not in record
    ),
    "`assembled_response` is `{}`": lambda record: assembled(record) == "{}",
    "choices with `delta` instead of `message`": (
        lambda record: assembled(record).startswith("{") and '"delta":{' in assembled(record)
    ),
    "no `operation_duration_ms` (older core)": lambda record: "operation_duration_ms" not in record,
    "claims": lambda record: "claims" in record,
    "headers": lambda record: "headers" in record,
    "tokens without a price": lambda record: "price" not in record.get("token_usage", {"price": 0}),
    "cached tokens": lambda record: '"cached_tokens"' in usage(record),
    "tokens written to the cache": lambda record: '"cache_write_tokens"' in usage(record),
    "reasoning tokens": lambda record: '"reasoning_tokens"' in usage(record),
    "failed: 400, 429, 500, 503": lambda record: record["response"]["status"] >= "400",
    "other 2xx: 201, 202": lambda record: record["response"]["status"] in {"201", "202"},
}
