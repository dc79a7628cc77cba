"""A call as a line of DIAL's prompt log, so that everything behind the door reads it as any other."""

import json
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from analytics.document import as_object, get_object, get_str
from analytics.event import without_secrets
from analytics.surfaces import anthropic
from analytics.surfaces.bodies import open_reply
from analytics.surfaces.multipart import open_form
from api.proxy import bodies
from api.proxy.call import Call

TRACEPARENT = re.compile(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
# A name, an id; not a text.
LONGEST = 256
# What else tells it, when no header does: keys of the body, then keys of its `metadata`.
TOLD_BY = {
    "conversation": (("conversation",), ("conversation_id", "session_id")),
    "user": (("safety_identifier", "user"), ("user_id",)),
    "title": ((), ("job_title",)),
    "project": ((), ("project",)),
    "application": ((), ("application",)),
}

Facts = Mapping[str, str]
JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Writer:
    """`headers` says which header tells which fact; `hashed` makes a stable, meaningless name of a key."""

    headers: Mapping[str, str]
    hashed: Callable[[str], str]
    hash_users: bool = False

    def line(self, call: Call) -> str:
        asked = bodies.text(call.request, *_kinds(call.headers))
        answered = bodies.text(call.response, *_kinds(call.answer))
        facts = self._facts(call, open_form(asked))
        return json.dumps(
            {
                "apiType": "DialOpenAI",
                "chat": {"id": facts["conversation"]},
                "project": {"id": facts["project"]},
                "user": {"id": facts["user"], "title": facts["title"]},
                **({"parent_deployment": facts["application"]} if facts["application"] else {}),
                **_trace(call.headers.get("traceparent", "")),
                **_tokens(call, answered),
                "operation_duration_ms": round(call.took_s * 1000),
                "request": {
                    "protocol": call.protocol,
                    "method": call.method,
                    "uri": without_secrets(call.uri),
                    "time": call.started.replace(tzinfo=None).isoformat(timespec="microseconds"),
                    "body": asked,
                },
                "response": {"status": str(call.status), "upstream_uri": call.upstream, "body": answered},
                "proxy": self._told(call),
            },
            ensure_ascii=False,
        )

    def _facts(self, call: Call, body: Mapping[str, Any] | None) -> dict[str, str]:
        metadata = get_object(body, "metadata")
        found = {
            fact: call.headers.get(self.headers.get(fact, ""), "")[:LONGEST] or _in(body, metadata, *keys)
            for fact, keys in TOLD_BY.items()
        }
        if self.hash_users and found["user"]:
            found["user"] = self.hashed(found["user"])
        if not found["project"] and call.key:
            found["project"] = self._key(call)
        return found

    def _key(self, call: Call) -> str:
        return f"key-{self.hashed(call.key)}"

    def _told(self, call: Call) -> JSON:
        """What a line of DIAL Core has no place for; readers of the log pass over it."""
        first = call.first_chunk_s
        return {
            "key": self._key(call) if call.key else "",
            "ended": call.ended,
            "first_chunk_ms": None if first is None else round(first * 1000, 3),
            "request_bytes": call.request.size,
            "request_bytes_cut": call.request.cut,
            "response_bytes": call.response.size,
            "response_bytes_cut": call.response.cut,
        }


def _kinds(headers: Mapping[str, str]) -> tuple[str, str]:
    return headers.get("content-type", ""), headers.get("content-encoding", "")


def _in(
    body: Mapping[str, Any] | None, metadata: Mapping[str, Any], keys: tuple[str, ...], more: tuple[str, ...]
) -> str:
    """The first of these keys that is told. Of a conversation, Responses tell the id or an object with it."""
    told = [get_str(body, key) or get_str(get_object(body, key), "id") for key in keys]
    told += [get_str(metadata, key) for key in more]
    return next(filter(None, told), "")[:LONGEST]


def _trace(traceparent: str) -> JSON:
    """The caller's span is the parent of this call."""
    match = TRACEPARENT.fullmatch(traceparent.strip())
    if match is None:
        return {}
    span = secrets.token_hex(8)
    return {"trace": {"trace_id": match[1], "core_span_id": span, "core_parent_span_id": match[2]}}


def _tokens(call: Call, answered: str) -> JSON:
    """Where DIAL Core would have counted: Anthropic's calls, and answers too long to be kept whole."""
    if call.uri.startswith("/anthropic"):
        usage = _of_anthropic(get_object(open_reply(answered, anthropic.fold), "usage"))
    elif call.response.cut and answered.endswith(bodies.CUT):
        usage = _at_the_end(call.response.tail.decode("utf-8", "replace"))
    else:
        usage = {}
    return {"token_usage": usage} if usage else {}


def _of_anthropic(told: Mapping[str, Any]) -> JSON:
    def count(name: str) -> int:
        value = told.get(name)
        return value if isinstance(value, int) else 0

    if not told:
        return {}
    read, written = count("cache_read_input_tokens"), count("cache_creation_input_tokens")
    prompt, completion = count("input_tokens") + read + written, count("output_tokens")
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": written},
    }


def _at_the_end(tail: str) -> JSON:
    """The object behind the last "usage" of a long document."""
    _, found, rest = tail.rpartition('"usage":')
    end = rest.find("}")
    for _ in range(4):
        if told := as_object(rest[: end + 1]) if found and end >= 0 else None:
            return dict(told)
        end = rest.find("}", end + 1)
    return {}
