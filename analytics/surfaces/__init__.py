"""Which reader knows which call: an ordered table, and the only place where URIs are looked at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from analytics.exchange import Exchange, Surface
from analytics.record import LogRecord
from analytics.surfaces import (
    anthropic,
    audio,
    chat,
    completions,
    embeddings,
    images,
    jobs,
    mcp,
    rate,
    responses,
    routes,
)


class Rule(NamedTuple):
    """Calls of this path, from its first to its last character, are read so."""

    surface: Surface
    path: re.Pattern[str]
    read: Callable[[LogRecord, Mapping[str, str]], Exchange]


_ORIGIN = re.compile(r"^https?://[^/]*")
"""DIAL Core logs paths; whoever watches the wire may log where they were asked for, too."""


def _path(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.DOTALL)


# The first match wins. The query string is gone by then.
RULES = (
    # First, as an application may name its own paths /rate or /mcp.
    Rule(Surface.ROUTE, _path(r"/v1/deployments/(?P<deployment>.+?)/route/(?P<path>.+)"), routes.read),
    Rule(Surface.RATE, _path(r"/v1/(?:deployments/)?(?P<deployment>.+?)/rate(?:/.*)?"), rate.read),
    Rule(Surface.CHAT, _path(r"/openai/deployments/(?P<deployment>.+?)/chat/completions(?:/.*)?"), chat.read),
    # Exact, as .../messages/count_tokens asks no model.
    Rule(Surface.RESPONSES, _path(r"/openai/v1/responses"), responses.read),
    Rule(Surface.ANTHROPIC, _path(r"/anthropic/v1/messages"), anthropic.read),
    Rule(
        Surface.EMBEDDINGS,
        _path(r"/openai/deployments/(?P<deployment>.+?)/embeddings(?:/.*)?"),
        embeddings.read,
    ),
    Rule(Surface.MCP, _path(r"/v1/(?:toolset|deployments)/(?P<deployment>.+?)/mcp(?:/.*)?"), mcp.read),
)

# OpenAI's own paths, under either prefix, after DIAL's so that none of those is taken for one.
_V1 = r"(?:/openai)?/v1"
PLAIN = (
    Rule(Surface.CHAT, _path(_V1 + r"/chat/completions"), chat.read),
    Rule(Surface.COMPLETIONS, _path(_V1 + r"/completions"), completions.read),
    Rule(Surface.EMBEDDINGS, _path(_V1 + r"/embeddings"), embeddings.read),
    Rule(Surface.RESPONSES, _path(r"/v1/responses"), responses.read_plain),
    Rule(Surface.IMAGES, _path(_V1 + r"/images/(?:generations|edits|variations)"), images.read),
    Rule(
        Surface.TRANSCRIPTION,
        _path(_V1 + r"/audio/(?:transcriptions|translations)"),
        audio.read_transcription,
    ),
    Rule(Surface.SPEECH, _path(_V1 + r"/audio/speech"), audio.read_speech),
    Rule(Surface.FINE_TUNING, _path(_V1 + r"/fine_tuning/jobs"), jobs.read),
)


def read(record: LogRecord) -> Exchange | None:
    """Give what the record's call said; None for a call of no interest, such as a list of models."""
    path = "/" + _ORIGIN.sub("", record.uri.partition("?")[0]).lstrip("/")
    # Only a POST asks a model there: a GET lists what was stored.
    for rule in RULES if record.method not in ("", "POST") else RULES + PLAIN:
        match = rule.path.fullmatch(path)
        if match:
            place = match.groupdict()
            place["deployment"] = unquote(place.get("deployment", ""))
            return rule.read(record, place)
    return None
