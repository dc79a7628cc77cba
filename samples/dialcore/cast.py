"""The people, projects, deployments and system prompts of `cast.yaml`: all invented."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from samples.dialcore.chance import digest
from samples.dialcore.usage import Rates

CAST_FILE = Path(__file__).resolve().parent.parent / "cast.yaml"


@dataclass(frozen=True, slots=True)
class Person:
    """A user with a token; Core logs only a hash and the job title."""

    key: str
    title: str
    speaks: tuple[str, ...]

    @property
    def hash(self) -> str:
        """Return the 64 hex digits that stand for the person."""
        return digest("person", self.key)


@dataclass(frozen=True, slots=True)
class Project:
    """Software with an API key."""

    key: str
    secured: bool = False
    chats: bool = False
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model, application or toolset behind Core."""

    id: str
    version: str
    upstream: str
    rates: Rates | None
    reasons: bool
    app: bool


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who appears in the sample."""

    people: Mapping[str, Person]
    projects: Mapping[str, Project]
    deployments: Mapping[str, Deployment]
    prompts: Mapping[str, str]

    def speakers(self, language: str) -> list[Person]:
        """Return the people who would ask in a language."""
        return [person for person in self.people.values() if language in person.speaks]


def load_cast(path: Path = CAST_FILE) -> Cast:
    """Read the cast."""
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    people = (Person(key, item["title"], tuple(item["speaks"])) for key, item in data["people"].items())
    projects = (Project(key, **item) for key, item in data["projects"].items())
    deployments = (_deployment(key, item) for key, item in data["deployments"].items())
    return Cast(
        people={person.key: person for person in people},
        projects={project.key: project for project in projects},
        deployments={deployment.id: deployment for deployment in deployments},
        prompts=data["prompts"],
    )


def _deployment(key: str, item: Mapping[str, Any]) -> Deployment:
    return Deployment(
        id=key,
        version=item.get("version", key),
        upstream=item["upstream"],
        rates=_rates(item.get("rates")),
        reasons=item.get("reasons", False),
        app=item.get("app", False),
    )


def _rates(item: Mapping[str, str] | None) -> Rates | None:
    if item is None:
        return None
    names = ("prompt", "completion", "cached", "cache_write")
    return Rates(*(Decimal(item.get(name, item["prompt"])) for name in names))
