"""The section of Dev Proxy's OpenAITelemetryPlugin in a Dev Proxy config, read as it is."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from analytics.pricing.jsonc import parse_jsonc

PLUGIN = "OpenAITelemetryPlugin"
SECTION = "openAITelemetryPlugin"
LOCAL = "http://localhost:4318"
SHOWN = 40


@dataclass(frozen=True, slots=True)
class Section:
    """What the file says, with the plugin's own defaults; its endpoint is None where it says nothing."""

    application: str = "default"
    currency: str = "USD"
    environment: str = "development"
    exporterEndpoint: str | None = None  # noqa: N815 - the plugin's names
    includeCompletion: bool = True  # noqa: N815
    includeCosts: bool = False  # noqa: N815
    includePrompt: bool = True  # noqa: N815
    pricesFile: str | None = None  # noqa: N815
    enabled: bool = True
    """Of the plugin itself, from the list of plugins."""


PROPERTIES = tuple(one.name for one in fields(Section) if one.name != "enabled")
FLAGS = frozenset({"includeCompletion", "includeCosts", "includePrompt"})
ABSENT = Section()
"""Where there is no file: words of people stay here, and costs are told."""


def read(path: str) -> Section:
    """Raises ValueError with one sentence that names what is wrong."""
    try:
        document = parse_jsonc(Path(path).read_text("utf-8-sig"))
    except OSError as unreadable:
        raise ValueError(str(unreadable.strerror).lower()) from unreadable
    if not isinstance(document, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - a wrong value, as all others
    plugin = _plugin(document)
    name = plugin.get("configSection", SECTION)
    if not plugin and name not in document:
        raise ValueError(f"neither the plugin {PLUGIN} nor a section {SECTION}")
    values = _checked(document.get(name, {}), str(name))
    if values.get("pricesFile"):
        values["pricesFile"] = str(Path(path).parent / values["pricesFile"])
    return Section(**values, enabled=plugin.get("enabled", True) is not False)


def _plugin(document: dict[str, Any]) -> dict[str, Any]:
    """What the list of plugins says of ours; {} where it is not there."""
    plugins = document.get("plugins")
    entries = plugins if isinstance(plugins, list) else []
    ours = (one for one in entries if isinstance(one, dict) and one.get("name") == PLUGIN)
    return next(ours, {})


def _checked(section: Any, name: str) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise ValueError(f"{name} is no JSON object")  # noqa: TRY004 - a wrong value, as all others
    values = {key: value for key, value in section.items() if key != "$schema"}
    unknown = sorted(set(values) - set(PROPERTIES))
    if unknown:
        said = ", ".join(repr(key[:SHOWN]) for key in unknown)
        raise ValueError(f"unknown in {name}: {said}; known are {', '.join(PROPERTIES)}")
    for key, value in values.items():
        _check(key, value)
    return {key: value for key, value in values.items() if value is not None}


def _check(key: str, value: Any) -> None:
    if key in FLAGS:
        right, kind = isinstance(value, bool), "true or false"
    else:
        right, kind = isinstance(value, str) or (key == "pricesFile" and value is None), "a text"
    if not right:
        raise ValueError(f"{key} is not {kind}")
    if key == "exporterEndpoint" and not value.startswith(("http://", "https://")):
        raise ValueError(f"{key} is no URL that starts with http:// or https://")
