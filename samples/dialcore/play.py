"""Plays a conversation: each turn is a request with the whole history, maybe a rating after it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

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


def play(conversation: Conversation, cast: Cast, speaker: str) -> Iterator[Call]:
    """Return the calls of a conversation, in the order in which they were made."""
    opening = _opening(conversation, cast, speaker)
    if conversation.fails:
        yield _failure(conversation, opening)
    history: tuple[Json, ...] = ()
    for index, turn in enumerate(conversation.turns):
        history = (*history, opening.dialect.question(turn.user, turn.image))
        ask = _turn_ask(opening, index, history)
        yield from app_turn(ask, turn, cast) if ask.to.app else _model_turn(ask, turn)
        if turn.rate:
            yield _rating(ask, turn.rate)
        history = (*history, *_aside(ask, turn), *opening.dialect.said(_final(turn)))


def _opening(conversation: Conversation, cast: Cast, speaker: str) -> Ask:
    """Return what all requests of the conversation share, with everything chosen that its file left open."""
    to = _deployment(conversation, cast)
    project = cast.projects.get(speaker)
    return Ask(
        name=conversation.id,
        at=moment(conversation.id),
        caller=caller_of(conversation, cast, speaker, to.id),
        span=_span(conversation.id, to.id),
        to=to,
        dialect=DIALECTS[conversation.how],
        system=cast.prompts.get(conversation.prompt or (project.prompt if project else ""), ""),
        items=(),
        said=Said(),
        stream=project is None if conversation.stream is None else conversation.stream,
        quirks=conversation.quirks,
    )


def _deployment(conversation: Conversation, cast: Cast) -> Deployment:
    key = conversation.to or pick(MODELS[conversation.how], conversation.id, "model")
    return cast.deployments[key]


def _turn_ask(opening: Ask, index: int, items: tuple[Json, ...]) -> Ask:
    name = f"{opening.name}/{index}"
    at = opening.at + after(opening.name, index)
    return replace(opening, name=name, at=at, span=_span(name, opening.to.id), items=items)


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


def _failure(conversation: Conversation, opening: Ask) -> Call:
    """Return the first try, which failed; the person tried again half a minute later."""
    first, name = conversation.turns[0], f"{opening.name}/failed"
    ask = replace(opening, items=(opening.dialect.question(first.user, first.image),))
    status = conversation.fails
    error = compact({"error": {"message": FAILURES[status], "type": "upstream_error", "code": status}})
    return Call(
        at=opening.at - timedelta(milliseconds=number(21_000, 40_000, name, "retry")),
        uri=ask.dialect.uri(ask.to.id),
        deployment=ask.to.id,
        caller=ask.caller,
        span=_span(name, ask.to.id),
        request=request_body(ask),
        response=error,
        assembled=error,
        status=status,
        upstream=ask.to.upstream,
        duration_ms=number(90, 900, name, "failed"),
    )


def _rating(ask: Ask, rate: str) -> Call:
    at = ask.at + timedelta(milliseconds=number(14_000, 33_000, ask.name, "rate"))
    body = compact({"responseId": reply_id(ask), "rate": RATES[rate]})
    span = _span(f"{ask.name}/rate", ask.to.id)
    uri = f"/v1/{ask.to.id}/rate"
    return Call(
        at, uri, ask.to.id, ask.caller, span, body, "", assembled="", duration_ms=number(3, 19, ask.name)
    )
