"""What one request and its answer said, whatever API they used.

An exchange still holds the words of people; an event (`event.py`) no longer does.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from analytics.facts import Facts
from analytics.record import LogRecord

ZERO = Decimal(0)
NOTHING_KNOWN = Facts()


class Surface(StrEnum):
    """The API through which the call came."""

    CHAT = "chat"
    EMBEDDINGS = "embeddings"
    RESPONSES = "responses"
    ANTHROPIC = "anthropic"
    COMPLETIONS = "completions"
    IMAGES = "images"
    TRANSCRIPTION = "transcription"
    SPEECH = "speech"
    FINE_TUNING = "fine_tuning"
    RATE = "rate"
    MCP = "mcp"
    ROUTE = "route"


class Api(NamedTuple):
    """The operation by OpenTelemetry's conventions, and the dotted name that OpenAI's clients have for it."""

    operation: str
    name: str


APIS = {
    Surface.CHAT: Api("chat", "chat.completions"),
    Surface.EMBEDDINGS: Api("embeddings", "embeddings"),
    Surface.RESPONSES: Api("chat", "responses"),
    Surface.ANTHROPIC: Api("chat", "messages"),
    Surface.COMPLETIONS: Api("text_completion", "completions"),
    Surface.IMAGES: Api("generate_content", "images.generations"),
    Surface.TRANSCRIPTION: Api("speech_to_text", "audio.transcriptions"),
    Surface.SPEECH: Api("text_to_speech", "audio.speech"),
    Surface.FINE_TUNING: Api("fine_tuning", "fine_tuning.jobs"),
}

MODEL_SURFACES = frozenset(APIS)
"""Those which ask a model and so have tokens, a price and a response id."""


@dataclass(frozen=True, slots=True)
class Message:
    """One piece of text and who said it: user, assistant, system, developer, tool."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """What was counted. The prices are those that were reported, None when none was."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_prompt_tokens: int = 0
    cache_write_prompt_tokens: int = 0
    reasoning_completion_tokens: int = 0
    price: Decimal | None = None
    deployment_price: Decimal | None = None
    audio_prompt_tokens: int = 0
    audio_completion_tokens: int = 0
    total_tokens: int = 0
    """As reported; 0 where nobody did."""
    priced_by_provider: bool = False
    """Whether the reply itself told the price, as some gateways do."""


@dataclass(frozen=True, slots=True)
class ModelUsage:
    """What one of the models behind an application was asked for, as the application tells it."""

    model: str
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_prompt_tokens: int = 0
    cache_write_prompt_tokens: int = 0
    reasoning_completion_tokens: int = 0
    price: Decimal = ZERO
    price_source: str = "none"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request with its answer. `reply` is None when the answer is not known, () when it holds no words."""

    record: LogRecord
    surface: Surface
    deployment: str = ""
    model: str = ""
    response_id: str = ""
    messages: tuple[Message, ...] = ()
    reply: tuple[Message, ...] | None = None
    request_known: bool = False
    number_request_messages: int = 0
    stream: bool = False
    usage: Usage | None = None
    facts: Facts = NOTHING_KNOWN
    per_model: tuple[ModelUsage, ...] = ()
    rate: bool | None = None
    mcp_method: str = ""
    mcp_tool_call_name: str = ""
    route_path: str = ""
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether it counts as done; nobody asks a rating for its status."""
        return self.surface is Surface.RATE or self.record.ok

    @property
    def conversation(self) -> bool:
        """Whether words are looked at: those of a known conversation, never those of calls by API keys."""
        return bool(self.record.chat_id) and self.ok and self.surface in MODEL_SURFACES
