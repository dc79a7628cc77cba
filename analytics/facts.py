"""What a call asked for and how it ended, in numbers and codes: what telemetry tells beside tokens and cost.

Nothing here is anybody's words: a text is kept only when it looks like a code, such as a model or a size.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics.document import get_object, get_objects, get_str

Scalar = str | int | float | bool

_CODE = re.compile(r"[\w][\w.:/@+-]{0,127}", re.ASCII)
_LARGEST = 2**53


@dataclass(frozen=True, slots=True)
class Facts:
    """`parameters` are of the request, `answered` of the reply; both hold only what was given."""

    request_model: str = ""
    response_model: str = ""
    finish_reasons: tuple[str, ...] = ()
    error_type: str = ""
    parameters: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    answered: Mapping[str, Scalar] = field(default_factory=dict, hash=False)
    embedding_count: int = 0
    embedding_dimension: int = 0


# Our name -> where it may be in a request, the first one that fits; a dot leads into an object.
NUMBERS: dict[str, tuple[str, ...]] = {
    "temperature": ("temperature",),
    "top_p": ("top_p",),
    "top_k": ("top_k",),
    "frequency_penalty": ("frequency_penalty",),
    "presence_penalty": ("presence_penalty",),
    "audio_speed": ("speed",),
    "learning_rate_multiplier": (
        "method.supervised.hyperparameters.learning_rate_multiplier",
        "hyperparameters.learning_rate_multiplier",
        "learning_rate_multiplier",
    ),
}
WHOLE: dict[str, tuple[str, ...]] = {
    "max_tokens": ("max_tokens", "max_completion_tokens", "max_output_tokens"),
    "choice_count": ("n",),
    "seed": ("seed",),
    "dimensions": ("dimensions",),
    "n_epochs": ("method.supervised.hyperparameters.n_epochs", "hyperparameters.n_epochs", "n_epochs"),
    "batch_size": (
        "method.supervised.hyperparameters.batch_size",
        "hyperparameters.batch_size",
        "batch_size",
    ),
}
CODES: dict[str, tuple[str, ...]] = {
    "reasoning_level": ("reasoning_effort", "reasoning.effort"),
    "service_tier": ("service_tier",),
    "response_format": ("response_format", "response_format.type", "text.format.type"),
    "encoding_format": ("encoding_format",),
    "image_size": ("size",),
    "image_quality": ("quality",),
    "image_style": ("style",),
    "audio_voice": ("voice",),
    "audio_language": ("language",),
    "training_file": ("training_file",),
    "validation_file": ("validation_file",),
    "suffix": ("suffix",),
    "previous_response_id": ("previous_response_id",),
}
ANSWERED: dict[str, tuple[str, ...]] = {
    "service_tier": ("service_tier",),
    "system_fingerprint": ("system_fingerprint",),
    "status": ("status",),
    "fine_tuned_model": ("fine_tuned_model",),
}


_NAMES_BY_KEY: dict[str, list[str]] = {}
for _name, _paths in (NUMBERS | WHOLE | CODES).items():
    for _path in _paths:
        _NAMES_BY_KEY.setdefault(_path.partition(".")[0], []).append(_name)


def read_facts(
    request: Mapping[str, Any] | None, reply: Mapping[str, Any] | None, status: str, *, ok: bool
) -> Facts:
    """Read what the bodies say; a value of the wrong type is passed over, and never the record."""
    return Facts(
        request_model=code(get_str(request, "model")),
        response_model=code(get_str(reply, "model")),
        finish_reasons=_finish_reasons(request, reply) if ok else (),
        error_type=_error_type(reply, status, ok=ok),
        parameters=_parameters(request),
        answered={name: text for name, paths in ANSWERED.items() if (text := _code_at(reply, paths))},
    )


def code(text: Any) -> str:
    """Give the text if it is a code, else ""."""
    return text if isinstance(text, str) and _CODE.fullmatch(text) else ""


def _parameters(request: Mapping[str, Any] | None) -> dict[str, Scalar]:
    """Requests have few of them: only names that may be there are looked for."""
    found: dict[str, Scalar] = {}
    for name in {name: None for key in request or () for name in _NAMES_BY_KEY.get(key, ())}:
        if name in CODES:
            if text := _code_at(request, CODES[name]):
                found[name] = text
        elif name in NUMBERS:
            if (number := _number_at(request, NUMBERS[name])) is not None:
                found[name] = float(number)
        elif (number := _number_at(request, WHOLE[name])) is not None and number == int(number):
            found[name] = int(number)
    return found


def _number_at(data: Mapping[str, Any] | None, paths: Sequence[str]) -> float | None:
    values = (_at(data, path) for path in paths)
    return next((v for v in values if type(v) in (int, float) and abs(v) <= _LARGEST), None)


def _code_at(data: Mapping[str, Any] | None, paths: Sequence[str]) -> str:
    return next((text for path in paths if (text := code(_at(data, path)))), "")


def _at(data: Mapping[str, Any] | None, path: str) -> Any:
    *sections, last = path.split(".")
    for section in sections:
        data = get_object(data, section)
    return data.get(last) if data else None


def _error_type(reply: Mapping[str, Any] | None, status: str, *, ok: bool) -> str:
    """Name the error: by its code, its type, or the status alone. A stream may fail after its 200."""
    value = (reply or {}).get("error")
    error = value if isinstance(value, dict) else {}
    if ok and not error:
        return ""
    number = error.get("code")
    named = str(number) if type(number) is int else code(number)
    return named or code(error.get("type")) or (code(status) if not ok else "") or "_OTHER"


def _finish_reasons(request: Mapping[str, Any] | None, reply: Mapping[str, Any] | None) -> tuple[str, ...]:
    """One for each choice; a stream that ended without a reason was cut."""
    if choices := get_objects(reply, "choices"):
        cut = "error" if (request or {}).get("stream") is True else ""
        reasons = (code(choice.get("finish_reason")) or cut for choice in choices)
        return tuple(reason for reason in reasons if reason)
    if reason := code(get_str(reply, "stop_reason")):
        return (reason,)
    return _end_of_response(reply)


def _end_of_response(reply: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The Responses API has a status instead, and a reason only for what is incomplete."""
    if get_str(reply, "object") != "response":
        return ()
    ended = get_str(reply, "status")
    if ended == "incomplete":
        reason = code(get_object(reply, "incomplete_details").get("reason"))
        return ("length",) if reason == "max_output_tokens" else (reason or "error",)
    if ended != "completed":
        return ("error",)
    calls = any(item.get("type") == "function_call" for item in get_objects(reply, "output"))
    return ("tool_calls",) if calls else ("stop",)
