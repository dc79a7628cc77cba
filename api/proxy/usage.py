"""Asks a stream for its tokens where the caller did not, and takes the answer out again on the way back."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

# Chat completions and completions, of OpenAI's form and of Azure's.
STREAMS = re.compile(r"/openai/(?:v1|deployments/.+?)/(?:chat/)?completions")
# Larger requests stream through, and their tokens stay unknown.
MOST_READ = 8 * 1024 * 1024
OPENING = re.compile(rb"\s*\{")
ADDED = b'"stream_options":{"include_usage":true},'
# Chunks say `null` until the last one. Within a text the quotes would be escaped.
NO_USAGE = re.compile(rb',\s*"usage"\s*:\s*null')
EVENT_END = re.compile(rb"\r\n\r\n|\n\n|\r\r")


def asking(body: bytes) -> bytes | None:
    """The request with the question for usage; None where it is no stream, or has the question already."""
    if b'"stream"' not in body:
        return None
    try:
        asked = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(asked, dict) or asked.get("stream") is not True:
        return None
    options = asked.get("stream_options")
    if options is None and "stream_options" not in asked:
        return OPENING.sub(lambda opening: opening[0] + ADDED, body, count=1)
    if not isinstance(options or {}, dict) or (options or {}).get("include_usage") is True:
        return None
    asked["stream_options"] = {**(options or {}), "include_usage": True}
    return json.dumps(asked, ensure_ascii=False).encode("utf-8", "surrogatepass")


@dataclass(slots=True)
class Sieve:
    """Lets a stream through, whole events at a time, without what only we have asked for."""

    _rest: bytes = field(default=b"", init=False)

    def feed(self, chunk: bytes) -> bytes:
        """What the caller may see of everything so far."""
        waiting = self._rest + chunk
        passed, start = [], 0
        for end in EVENT_END.finditer(waiting):
            passed.append(_without_usage(waiting[start : end.end()]))
            start = end.end()
        self._rest = waiting[start:]
        return b"".join(passed)

    def rest(self) -> bytes:
        """What is left when the stream has ended in the middle of an event."""
        return self._rest


def _without_usage(event: bytes) -> bytes:
    if b'"usage"' not in event:
        return event
    said = _data(event)
    if said.get("usage") and said.get("choices") == []:
        return b""
    return NO_USAGE.sub(b"", event, count=1) if said.get("usage", "") is None else event


def _data(event: bytes) -> dict[str, Any]:
    lines = [line[5:] for line in event.splitlines() if line.startswith(b"data:")]
    try:
        said = json.loads(b"\n".join(lines))
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
