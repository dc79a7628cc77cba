"""Reads `scenes.yaml`: everything in the sample that is no conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from samples.dialcore.cast import Cast
from samples.dialcore.chance import digest, number
from samples.dialcore.conversation import Tool
from samples.dialcore.line import Call, Caller, Span, compact
from samples.dialcore.services import embeddings, mcp, tool_call
from samples.dialcore.tree import tree
from samples.dialcore.week import after, moment

SCENES_FILE = Path(__file__).resolve().parent.parent / "scenes.yaml"
Scene = Mapping[str, Any]


def play_scenes(cast: Cast, path: Path = SCENES_FILE) -> Iterator[Call]:
    """Return the calls of all scenes."""
    scenes = yaml.safe_load(path.read_text(encoding="utf-8"))
    for scene in scenes["embeddings"]:
        yield _embeddings(scene, cast)
    for scene in scenes["mcp"]:
        yield from _mcp_session(scene, cast)
    for scene in [*scenes["routes"], *scenes["others"]]:
        yield _plain(scene, cast)
    yield from tree(scenes["tree"], cast, _caller(scenes["tree"], cast))


def _caller(scene: Scene, cast: Cast) -> Caller:
    project = cast.projects.get(scene["by"])
    if project is not None:
        return Caller(project=project.key, secured=project.secured)
    person = cast.people[scene["by"]]
    return Caller(user=person.hash, title=person.title)


def _span(name: str, deployment: str) -> Span:
    return Span(digest("trace", name)[:32], digest("span", name)[:16], path=(deployment,))


def _embeddings(scene: Scene, cast: Cast) -> Call:
    to = cast.deployments[scene.get("to", "text-embedding-3-small")]
    caller, span = _caller(scene, cast), _span(scene["id"], to.id)
    call = embeddings(to, caller, span, moment(scene["id"]), scene["input"])
    quirks = frozenset(scene.get("quirks", ()))
    if "fails" not in scene:
        return replace(call, quirks=quirks)
    error = compact(
        {"error": {"message": "Too many requests.", "type": "rate_limit", "code": scene["fails"]}}
    )
    return replace(call, response=error, assembled=error, usage=None, status=scene["fails"], quirks=quirks)


def _mcp_session(scene: Scene, cast: Cast) -> Iterator[Call]:
    """Shake hands, ask which tools there are, call some."""
    to, caller, name = cast.deployments[scene["to"]], _caller(scene, cast), scene["id"]
    start = moment(name)
    client = {"protocolVersion": "2025-06-18", "clientInfo": {"name": scene["client"], "version": "1.4.0"}}
    server = {"protocolVersion": "2025-06-18", "serverInfo": {"name": to.id, "version": to.version}}
    talks: list[tuple[str, Any, Any]] = [
        ("initialize", client, server),
        ("notifications/initialized", None, None),
        ("tools/list", {}, {"tools": scene["tools"]}),
    ]
    for step, (method, params, result) in enumerate(talks):
        at = start + timedelta(milliseconds=180 * step)
        yield mcp(to, caller, _span(f"{name}/{method}", to.id), at, method, (params, result))
    for step, item in enumerate(scene["calls"], 1):
        span = _span(f"{name}/call/{step}", to.id)
        yield tool_call(to, caller, span, start + after(name, step), Tool(**item))


def _plain(scene: Scene, cast: Cast) -> Call:
    """Call a route, or a path that analytics does not know, with any text as body."""
    to = cast.deployments[scene["to"]]
    return Call(
        at=moment(scene["id"]),
        uri=scene["uri"],
        deployment=to.id,
        caller=_caller(scene, cast),
        span=_span(scene["id"], to.id),
        request=scene["body"],
        response=scene["reply"],
        assembled=scene["reply"],
        status=scene.get("status", "200"),
        upstream=to.upstream,
        duration_ms=number(30, 2600, scene["id"], "duration"),
        quirks=frozenset(scene.get("quirks", ())),
    )
