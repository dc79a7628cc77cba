"""Plays a conversation: each turn is a request with the whole history, maybe a failure before, a rating after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from samples.dialcore.anthropic import Anthropic
from samples.dialcore.apps import app_turn
from samples.dialcore.ask import Ask, reply_id, request_body, send
from samples.dialcore.callers import caller_of
from samples.dialcore.cast import Cast, Deployment
from samples.dialcore.chance import digest, number, pick
from samples.dialcore.chat import Chat
from samples.dialcore.conversation import Conversation, Turn
from samples.dialcore.dialect import Dialect, Json, Said
from samples.dialcore.line import Call, Span, compact
from samples.dialcore.responses import Responses
from samples.dialcore.week import after, moment

DIALECTS: dict[str, Dialect] = {"chat": Chat(), "responses": Responses(), "anthropic": Anthropic()}
# The favourites come more than once.
MODELS = {
    "chat": (
        *("gpt-4o",) * 4,
        *("gpt-4o-mini",) * 3,
        *("gpt-5",) * 2,
        *("claude-sonnet-4",) * 2,
        *("gemini-2.5-pro",) * 2,
        "llama-3.3-70b",
    ),
    "responses": ("gpt-5", "gpt-5", "gpt-4o"),
    "anthropic": ("claude-sonnet-4",),
}
FAILURES = {
    "400": "The conversation is longer than the model can read. Please start a new one.",
    "429": "Too many tokens in this minute for this deployment. Try again in 20 seconds.",
    "500": "The upstream closed the connection before it had answered.",
    "503": "No upstream of this deployment is available at the moment.",
}
RATES = {"like": True, "dislike": False, "none": None}


@dataclass(frozen=True, slots=True)
class Role:
    """A conversation with everything chosen that its file left open."""

    conversation: Conversation
    cast: Cast
    ask: Ask

    @property
    def dialect(self) -> Dialect:
        """Return the API that is spoken."""
        return self.ask.dialect


def play(conversation: Conversation, cast: Cast, speaker: str) -> Iterator[Call]:
    """Return the calls of a conversation, in the order in which they were made."""
    role = _role(conversation, cast, speaker)
    if conversation.fails:
        yield _failure(role)
    history: tuple[Json, ...] = ()
    for index, turn in enumerate(conversation.turns):
        history = (*history, role.dialect.question(turn.user, turn.image))
        ask = _turn_ask(role, index, history)
        yield from app_turn(ask, turn, cast) if role.ask.to.app else _model_turn(ask, turn)
        if turn.rate:
            yield _rating(ask, turn.rate)
        history = (*history, *_aside(ask, turn), *role.dialect.said(_final(turn)))


def _role(conversation: Conversation, cast: Cast, speaker: str) -> Role:
    dialect = DIALECTS[conversation.how]
    to = _deployment(conversation, cast)
    project = cast.projects.get(speaker)
    ask = Ask(
        name=conversation.id,
        at=moment(conversation.id),
        caller=caller_of(conversation, cast, speaker, to.id),
        span=Span(trace="", span=""),
        to=to,
        dialect=dialect,
        system=cast.prompts.get(conversation.prompt or (project.prompt if project else ""), ""),
        items=(),
        said=Said(),
        stream=project is None if conversation.stream is None else conversation.stream,
        quirks=conversation.quirks,
    )
    return Role(conversation, cast, ask)


def _deployment(conversation: Conversation, cast: Cast) -> Deployment:
    key = conversation.to or pick(MODELS[conversation.how], conversation.id, "model")
    return cast.deployments[key]


def _turn_ask(role: Role, index: int, items: tuple[Json, ...]) -> Ask:
    name = f"{role.conversation.id}/{index}"
    return replace(
        role.ask, name=name, at=role.ask.at + after(role.conversation.id, index), span=_span(name, role.ask.to.id), items=items
    )


def _span(name: str, deployment: str) -> Span:
    return Span(digest("trace", name)[:32], digest("span", name)[:16], path=(deployment,))


def _final(turn: Turn) -> Said:
    return Said(text=turn.assistant, thinking="" if turn.tool else turn.thinking)


def _model_turn(ask: Ask, turn: Turn) -> Iterator[Call]:
    """Ask the model; when it wants a tool, the client runs it and asks again in a trace of its own."""
    if turn.tool is None:
        yield send(replace(ask, said=_final(turn)))
        return
    wanted = send(replace(ask, name=f"{ask.name}/tool", said=tool_call(ask, turn)))
    yield wanted
    later = ask.at + timedelta(milliseconds=wanted.duration_ms + number(300, 2500, ask.name, "tool"))
    span = _span(f"{ask.name}/again", ask.to.id)
    yield send(replace(ask, at=later, span=span, items=(*ask.items, *_aside(ask, turn)), said=_final(turn)))


def tool_call(ask: Ask, turn: Turn) -> Said:
    """Return the reply in which the model asks for a tool."""
    return Said(tool=turn.tool, call_id="call_" + digest("call", ask.name)[:20], thinking=turn.thinking)


def _aside(ask: Ask, turn: Turn) -> tuple[Json, ...]:
    """Return what a tool call leaves in the history; an app keeps that to itself."""
    if turn.tool is None or ask.to.app:
        return ()
    said = tool_call(ask, turn)
    return (*ask.dialect.said(said), ask.dialect.result(said))


def _failure(role: Role) -> Call:
    """Return the first try, which failed; the person tried again half a minute later."""
    conversation = role.conversation
    first = conversation.turns[0]
    ask = replace(
        _turn_ask(role, 0, (role.dialect.question(first.user, first.image),)),
        at=role.ask.at - timedelta(milliseconds=number(21_000, 40_000, conversation.id, "retry")),
        span=_span(f"{conversation.id}/failed", role.ask.to.id),
    )
    status = conversation.fails
    error = compact({"error": {"message": FAILURES[status], "type": "upstream_error", "code": status}})
    return _bodiless(ask, error, status)


def _bodiless(ask: Ask, error: str, status: str) -> Call:
    duration = number(90, 900, ask.name, "failed")
    return Call(
        ask.at,
        ask.dialect.uri(ask.to.id),
        ask.to.id,
        ask.caller,
        ask.span,
        request_body(ask),
        error,
        assembled=error,
        status=status,
        upstream=ask.to.upstream,
        duration_ms=duration,
    )


def _rating(ask: Ask, rate: str) -> Call:
    at: datetime = ask.at + timedelta(milliseconds=number(14_000, 33_000, ask.name, "rate"))
    body = compact({"responseId": reply_id(ask), "rate": RATES[rate]})
    span = _span(f"{ask.name}/rate", ask.to.id)
    uri = f"/v1/{ask.to.id}/rate"
    return Call(at, uri, ask.to.id, ask.caller, span, body, "", assembled="", duration_ms=number(3, 19, ask.name))
