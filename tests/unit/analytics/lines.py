"""Makes log lines for tests: a good chat completion, except for what is given."""

import json
from collections.abc import Sequence
from typing import Any

from analytics.event import Event
from analytics.exchange import Exchange
from analytics.pipeline import Analysis, Tools, analyze
from analytics.pricing import PriceBook
from analytics.record import parse
from analytics.surfaces import read

CHAT = "/openai/deployments/gpt-4o/chat/completions"
EMBEDDINGS = "/openai/deployments/small/embeddings"
RESPONSES = "/openai/v1/responses"
ANTHROPIC = "/anthropic/v1/messages"
RATE = "/v1/gpt-4o/rate"
MCP = "/v1/toolset/weather/mcp"
ROUTE = "/v1/deployments/app/route/index"

QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the best language?"}]}
ANSWER = {
    "id": "chatcmpl-7",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "It depends on the task."}}],
    "usage": {"prompt_tokens": 22, "completion_tokens": 9},
}


def document(uri: str = CHAT, **overrides: Any) -> dict[str, Any]:
    """An open log line. `body`, `reply` and `status` go to where they belong; dicts become strings."""
    bodies = {name: overrides.pop(name) for name in ("body", "reply", "assembled") if name in overrides}
    request = {"method": "POST", "uri": uri, "time": overrides.pop("time", "2026-09-01T12:00:00.123")}
    response = {"status": overrides.pop("status", "200"), "upstream_uri": "https://up.example/v1"}
    return {
        "chat": {"id": "conversations/abc"},
        "project": {"id": "PROJECT-KEY"},
        "user": {"id": "e3b0c442", "title": "Data Engineer"},
        "deployment": "gpt-4o",
        "trace": {"trace_id": "t1", "core_span_id": "s1"},
        "request": request | ({"body": _text(bodies["body"])} if "body" in bodies else {}),
        "response": response | ({"body": _text(bodies["reply"])} if "reply" in bodies else {}),
        **({"assembled_response": _text(bodies["assembled"])} if "assembled" in bodies else {}),
        **overrides,
    }


def line(uri: str = CHAT, **overrides: Any) -> str:
    return json.dumps(document(uri, **overrides))


def exchange(uri: str = CHAT, **overrides: Any) -> Exchange:
    found = read(parse(line(uri, **overrides)))
    assert found is not None
    return found


def no_topics(texts: Sequence[str]) -> list[str]:
    return ["undefined"] * len(texts)


def english(_text: str) -> str:
    return "en"


PLAIN_TOOLS = Tools(english, no_topics, PriceBook())


def analysis(*messages: str, tools: Tools = PLAIN_TOOLS) -> Analysis:
    return analyze(messages, tools)


def event(uri: str = CHAT, **overrides: Any) -> Event:
    found = analysis(line(uri, **overrides)).events
    assert len(found) == 1
    return found[0]


def sse(*events: Any, end: str = "\n\n") -> str:
    return "".join(f"data: {_text(one)}{end}" for one in events)


def _text(body: Any) -> Any:
    return body if body is None or isinstance(body, str) else json.dumps(body)
