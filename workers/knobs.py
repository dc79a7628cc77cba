"""What a setting is: variable, what it accepts, default and meaning; and how an environment is read."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from environs import EnvError, FileAwareEnv
from marshmallow import ValidationError
from marshmallow.validate import OneOf, Range, Regexp

# A wrong value is shown in the error, but nobody wants to see a whole price list there.
SHOWN = 60


class SettingsError(Exception):
    """One line that names the variable, its value and what is allowed."""


class Environment(FileAwareEnv):
    """environs over a given mapping. An empty value counts as unset; NAME_FILE is read for secrets only."""

    def __init__(self, variables: Mapping[str, str], secrets: frozenset[str]) -> None:
        super().__init__(strip_whitespace=True)
        self._variables = variables
        self._secrets = secrets

    def _get_value(self, env_key: str, default: Any) -> Any:
        file = self._variables.get(f"{env_key}_FILE") if env_key in self._secrets else None
        if not file:
            return self._variables.get(env_key, default)
        if self._variables.get(env_key):
            raise SettingsError(f"{env_key} and {env_key}_FILE are both set: allowed is one of them")
        try:
            return Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as unreadable:
            raise SettingsError(f"{env_key}_FILE={file!r}: allowed is a readable text file") from unreadable

    def given(self, name: str) -> bool:
        return bool(self._get_value(name, ""))

    def named(self, name: str) -> bool:
        """Whether the variable is there at all, even empty."""
        return name in self._variables


@dataclass(frozen=True, slots=True)
class Kind:
    """What a variable accepts, in words and in code; `blank` says that an empty value means something."""

    allowed: str
    read: Callable[[Environment, str], Any]
    blank: bool = False


@dataclass(frozen=True, slots=True)
class Knob:
    name: str
    kind: Kind
    default: Any
    help: str
    secret: bool

    def read(self, env: Environment) -> Any:
        """The value of the variable, or the default."""
        if not (env.given(self.name) or (self.kind.blank and env.named(self.name))):
            return self.default
        try:
            return self.kind.read(env, self.name)
        except (EnvError, ValidationError) as wrong:
            self.refuse(env.str(self.name), _detail(wrong))

    def refuse(self, value: str, detail: str = "") -> NoReturn:
        shown = "(hidden)" if self.secret else repr(value if len(value) <= SHOWN else value[:SHOWN] + "…")
        raise SettingsError(f"{self.name}={shown}{detail}: allowed is {self.kind.allowed}") from None


def _detail(wrong: Exception) -> str:
    """What a check of ours has to add; the messages of libraries are only noise beside what is allowed."""
    cause = wrong.__cause__ if isinstance(wrong, EnvError) else wrong
    messages = getattr(cause, "messages", [])
    return "".join(f" ({text})" for text in messages if isinstance(text, Complaint))


class Complaint(str):
    """A sentence of our own inside a ValidationError."""

    __slots__ = ()


def knob(name: str, kind: Kind, default: Any, help: str, *, secret: bool = False) -> Any:  # noqa: A002 - its name
    """A dataclass field that is read from an environment variable; a secret one is not shown by repr."""
    declared = Knob(name, kind, default, help, secret)
    return field(default=default, repr=not secret, metadata={"knob": declared})


def one_of(*values: str) -> Kind:
    words = ", ".join(values[:-1]) + " or " + values[-1] if len(values) > 1 else f'only "{values[0]}"'
    return Kind(words, lambda env, name: _chosen(env.str(name), values))


def _chosen(value: str, values: tuple[str, ...]) -> str:
    known = {known.casefold(): known for known in values}
    return known[OneOf(list(known))(value.casefold())]


def whole(low: int, high: int) -> Kind:
    check = Range(low, high)
    return Kind(f"a whole number from {low} to {high}", lambda env, name: env.int(name, validate=check))


def seconds(low: float, high: float) -> Kind:
    return number("seconds", low, high)


def number(unit: str, low: float, high: float) -> Kind:
    check = Range(low, high)
    words = f"a number {f'of {unit} ' if unit else ''}from {low:g} to {high:g}"
    return Kind(words, lambda env, name: env.float(name, validate=check))


def matching(pattern: str, allowed: str, *, blank: bool = False) -> Kind:
    return Kind(allowed, lambda env, name: env.str(name, validate=Regexp(pattern)), blank=blank)


def checked(allowed: str, check: Callable[[str], object]) -> Kind:
    """A text that `check` accepts; its ValueError says in one sentence what is wrong."""

    def validate(value: str) -> None:
        try:
            check(value)
        except ValueError as wrong:
            raise ValidationError([Complaint(wrong)]) from wrong

    return Kind(allowed, lambda env, name: env.str(name, validate=validate))


def check_text_format(value: str) -> None:
    logging.PercentStyle(value).validate()


def check_json_format(value: str) -> None:
    if not isinstance(json.loads(value), dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a wrong value, as all others


def _listed(value: str) -> tuple[str, ...]:
    """The parts between commas or line ends, as a file may hold one a line."""
    return tuple(part for part in re.split(r"[,\s]+", value) if part)


def listed(allowed: str, check: Callable[[tuple[str, ...]], object] = lambda _parts: None) -> Kind:
    """Several texts; a ValueError of `check` says in one sentence what is wrong with them."""
    texts = checked(allowed, lambda value: check(_listed(value)))
    return Kind(allowed, lambda env, name: _listed(texts.read(env, name)))


def check_tokens(tokens: tuple[str, ...]) -> None:
    if not all(token.isascii() and token.isprintable() for token in tokens):
        raise ValueError("a character that no header can hold")


def check_keys(keys: tuple[str, ...]) -> None:
    if not all(re.fullmatch(r"[\w-]{43}=", key, re.ASCII) for key in keys):
        raise ValueError("not 32 bytes in URL-safe base64")


TEXT = matching(r"(?s).*", "any text")
BLANK_TEXT = matching(r"(?s).*", "any text; empty turns it off", blank=True)
PATH = Kind("a path", lambda env, name: env.path(name))
FLAG = Kind("true or false", lambda env, name: env.bool(name))
TOKENS = listed("texts of ASCII characters, separated by commas", check_tokens)
KEYS = listed("Fernet keys, separated by commas", check_keys)
HTTP_URL = matching(r"https?://[^\s/]+", "a URL that starts with http:// or https://")
REDIS_URL = matching(r"rediss?://\S+", "a URL that starts with redis:// or rediss://")
DEVICE = matching(r"(auto|cpu|mps|cuda(:\d+)?)$", "auto, cpu, cuda, cuda:N or mps")
TEXT_FORMAT = checked("a %-style format of Python's logging", check_text_format)
JSON_FORMAT = checked("a JSON object whose texts are %-style formats", check_json_format)
