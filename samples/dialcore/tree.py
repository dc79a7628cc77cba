"""The worked example of prices in a call tree: one app calls a model and a second app, which calls a model.

The truth is 0.08 dollars: `price` of the root, or the sum of `deployment_price`; the sum of `price` is 0.21.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from samples.dialcore.apps import child, own_price
from samples.dialcore.ask import Ask, send
from samples.dialcore.cast import Cast
from samples.dialcore.chance import digest
from samples.dialcore.chat import Chat
from samples.dialcore.dialect import Said
from samples.dialcore.line import Call, Caller, Span
from samples.dialcore.usage import Usage
from samples.dialcore.week import moment

OUTER, INNER = "trip-planner", "flight-scout"
# 14,000 and 1,500 tokens of gpt-4o are 0.05 dollars; 8,000 and 2,000 of gemini-2.5-pro are 0.03.
FLIGHTS = ("gpt-4o", Usage(prompt=14_000, completion=1_500))
PLAN = ("gemini-2.5-pro", Usage(prompt=8_000, completion=2_000, reasoning=640))


def tree(scene: Mapping[str, Any], cast: Cast, caller: Caller) -> Iterator[Call]:
    """Return the four calls, the leaves first: a call is logged when it has ended."""
    root = _ask(scene, cast, caller)
    inner_span = child(root.span, f"{root.name}/{INNER}", INNER)
    flights = _model(root, inner_span, scene["flights"], cast, FLIGHTS, 400)
    inner = replace(
        _at(root, 250),
        name=f"{root.name}/{INNER}",
        span=inner_span,
        to=cast.deployments[INNER],
        tokens=Usage(),
    )
    scout = send(replace(inner, said=Said(text=scene["flights"]), below=own_price(flights)))
    plan = _model(root, root.span, scene["answer"], cast, PLAN, 21_000)
    whole = send(replace(root, said=Said(text=scene["answer"]), below=own_price(flights) + own_price(plan)))
    yield flights
    yield replace(scout, duration_ms=flights.duration_ms + 300)
    yield plan
    yield replace(whole, duration_ms=21_000 + plan.duration_ms + 200)


def _ask(scene: Mapping[str, Any], cast: Cast, caller: Caller) -> Ask:
    name, chat = "price-tree", Chat()
    return Ask(
        name=name,
        at=moment(name),
        caller=replace(caller, chat=f"conversations/{digest('bucket', scene['by'])[:40]}/{OUTER}__{name}"),
        span=Span(digest("trace", name)[:32], digest("span", name)[:16], path=(OUTER,)),
        to=cast.deployments[OUTER],
        dialect=chat,
        system="",
        items=(chat.question(scene["question"], ""),),
        said=Said(),
        tokens=Usage(),
    )


def _at(ask: Ask, delay_ms: int) -> Ask:
    return replace(ask, at=ask.at + timedelta(milliseconds=delay_ms))


def _model(ask: Ask, above: Span, text: str, cast: Cast, leaf: tuple[str, Usage], delay_ms: int) -> Call:
    model, usage = leaf
    span = child(above, f"{ask.name}/{above.span}/{model}", model)
    timed = replace(_at(ask, delay_ms), name=f"{ask.name}/{model}", span=span, to=cast.deployments[model])
    return send(replace(timed, said=Said(text=text), tokens=usage))
