"""Log lines as DIAL Core writes them, each another one, for tests that need many."""

import itertools
import json
from typing import Any

_numbers = itertools.count()


def chat_line(text: str = "How do I boil an egg?", **request: Any) -> str:
    """One chat completion; the question's number makes every text and every id another one."""
    number = next(_numbers)
    reply = {
        "id": f"chatcmpl-{number}",
        "choices": [{"message": {"role": "assistant", "content": "Gently."}}],
    }
    asked = {"messages": [{"role": "user", "content": f"{text} This is question {number}."}]}
    called = {
        "protocol": "HTTP/1.1",
        "method": "POST",
        "uri": "/openai/deployments/gpt-4o/chat/completions",
        "time": "2026-09-01T12:00:00.123",
        "body": json.dumps(asked),
    }
    return json.dumps(
        {
            "request": {**called, **request},
            "chat": {"id": "conversations/kitchen"},
            "response": {"status": "200", "body": json.dumps(reply)},
            "assembled_response": json.dumps(reply),
            "trace": {"trace_id": f"{number:032x}", "core_span_id": f"{number:016x}"},
        }
    )
