"""What a body of the greatest length costs: time grows with it, and no faster."""

import json
import time
from typing import Any

import pytest

from tests.unit.analytics.lines import CHAT, EMBEDDINGS, analysis, line

# The slowest of these takes half a second; quadratic time would be minutes.
PATIENCE_S = 20
FOUR_MIB = 4 * 1024 * 1024


def filled(piece: str) -> str:
    return piece * (FOUR_MIB // len(piece))


@pytest.mark.parametrize(
    ("uri", "bodies"),
    [
        (CHAT, {"reply": filled("data:x\n")}),
        (CHAT, {"reply": filled("\n")}),
        (CHAT, {"reply": filled('data:{"choices":[{"delta":{"content":"x"}}]}\n')}),
        (CHAT, {"reply": filled('data:{"choices":[{"delta":{"tool_calls":[{"id":"x"}]}}]}\n')}),
        (CHAT, {"body": '{"messages":[' + filled('{"content":"a"},') + "{}]}"}),
        (EMBEDDINGS, {"reply": json.dumps({"data": [{"embedding": [0.123456789] * 300_000}]})}),
    ],
    ids=["lines", "blank", "chunks", "tool calls", "messages", "vectors"],
)
def test_the_longest_bodies_take_linear_time(uri: str, bodies: dict[str, Any]) -> None:
    message = line(uri, **bodies)
    started = time.process_time()

    found = analysis(message)

    assert len(found.events) == 1
    assert time.process_time() - started < PATIENCE_S
