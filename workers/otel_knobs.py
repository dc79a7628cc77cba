"""The knobs of spans and metrics for OpenTelemetry; the list of all settings in `settings.py` takes them in.

Each property of Dev Proxy's plugin has a variable, which comes before the file.
"""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.telemetry.attributes import Telling
from analytics.telemetry.content import Listening
from workers import otel_config
from workers.knobs import FLAG, HTTP_URL, TEXT, checked, knob, one_of, seconds, whole

TRACES, METRICS = "/v1/traces", "/v1/metrics"

CAPTURING = frozenset({"SPAN_ONLY", "SPAN_AND_EVENT", "true"})

if TYPE_CHECKING:
    from workers.settings import Settings


def patterns(text: str) -> tuple[re.Pattern[str], ...]:
    """Raises ValueError with one sentence."""
    try:
        return tuple(re.compile(one) for one in _strings(json.loads(text)))
    except (re.error, json.JSONDecodeError) as wrong:
        raise ValueError("not JSON, or no regular expression in it") from wrong


def _strings(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError("not a list of texts")
    return value


CONFIG = knob(
    "OPENAI_TELEMETRY_CONFIG",
    checked("a Dev Proxy config in JSON", otel_config.read),
    None,
    "Dev Proxy config with a section `openAITelemetryPlugin`: spans and metrics are sent as it says.",
)
APPLICATION = knob(
    "OPENAI_TELEMETRY_APPLICATION", TEXT, "", "Name of the application; unset: as in the file, or `default`."
)
ENVIRONMENT = knob(
    "OPENAI_TELEMETRY_ENVIRONMENT",
    TEXT,
    "",
    "Name of the environment; unset: as in the file, or `development`.",
)
CURRENCY = knob(
    "OPENAI_TELEMETRY_CURRENCY",
    TEXT,
    "",
    "What prices are in, a label only; unset: as in the file, or `USD`.",
)
ENDPOINT = knob(
    "OPENAI_TELEMETRY_EXPORTER_ENDPOINT",
    HTTP_URL,
    None,
    "OTLP collector, by HTTP; unset: as in the file, or as the OTEL_EXPORTER_OTLP_… variables say.",
)
COSTS = knob(
    "OPENAI_TELEMETRY_INCLUDE_COSTS",
    FLAG,
    None,
    "Whether costs are sent; unset: as in the file (false unless it says so), without a file true.",
)
PROMPT = knob(
    "OPENAI_TELEMETRY_INCLUDE_PROMPT",
    FLAG,
    None,
    "Whether spans hold what was asked; unset: as in the file (true unless it says no), without one false.",
)
COMPLETION = knob(
    "OPENAI_TELEMETRY_INCLUDE_COMPLETION",
    FLAG,
    None,
    "The same for what was answered.",
)
CAPTURE = knob(
    "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT",
    one_of("NO_CONTENT", "SPAN_ONLY", "EVENT_ONLY", "SPAN_AND_EVENT", "true", "false"),
    None,
    "OpenTelemetry's word for both, after those variables and before the file.",
)
CONTENT_CHARS = knob(
    "OPENAI_TELEMETRY_CONTENT_CHARS",
    whole(1, 1_000_000),
    8192,
    "Most characters of what was asked, and of what was answered, on a span.",
)
REDACT = knob(
    "OPENAI_TELEMETRY_REDACT",
    checked("a JSON list of regular expressions", patterns),
    "[]",
    "Whatever matches one of these is replaced in the contents of spans.",
)
OTLP_ENDPOINT = knob(
    "OTEL_EXPORTER_OTLP_ENDPOINT", HTTP_URL, None, "The same collector for spans and metrics."
)
OTLP_TRACES_ENDPOINT = knob(
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", HTTP_URL, None, "Where spans go, with the whole path."
)
OTLP_METRICS_ENDPOINT = knob(
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", HTTP_URL, None, "Where metrics go, with the whole path."
)
OTLP_HEADERS = knob(
    "OTEL_EXPORTER_OTLP_HEADERS",
    TEXT,
    "",
    "Sent with every export: name=value, separated by commas.",
    secret=True,
)
OTLP_PROTOCOL = knob(
    "OTEL_EXPORTER_OTLP_PROTOCOL", one_of("http/protobuf"), "http/protobuf", "How OTLP is spoken."
)
METRICS_EVERY = knob(
    "OPENAI_TELEMETRY_METRICS_SECONDS",
    seconds(0.1, 3600),
    60.0,
    "Metrics are sent this often, by one process of all.",
)


def filled(settings: "Settings") -> "Settings":
    """What no variable says is taken from the file, and after that from the plugin's defaults."""
    path = settings.telemetry_config
    said = otel_config.read(path) if path else otel_config.ABSENT
    captured = None if settings.telemetry_capture is None else settings.telemetry_capture in CAPTURING
    own = settings.telemetry_endpoint or (said.exporterEndpoint if said.enabled else None)
    if path and said.enabled and not own and not any(_standard(settings)):
        own = otel_config.LOCAL
    return replace(
        settings,
        telemetry_application=settings.telemetry_application or said.application,
        telemetry_environment=settings.telemetry_environment or said.environment,
        telemetry_currency=settings.telemetry_currency or said.currency,
        telemetry_endpoint=own,
        prices_file=settings.prices_file or _prices(said),
        telemetry_costs=_first(settings.telemetry_costs, said.includeCosts if path else True),
        telemetry_prompt=_first(settings.telemetry_prompt, captured, bool(path) and said.includePrompt),
        telemetry_completion=_first(
            settings.telemetry_completion, captured, bool(path) and said.includeCompletion
        ),
    )


def _prices(said: otel_config.Section) -> Path | None:
    return Path(said.pricesFile) if said.pricesFile and said.enabled else None


def _first(*said: bool | None) -> bool:
    """The first that says anything."""
    return next((bool(one) for one in said if one is not None), False)


def _standard(settings: "Settings") -> tuple[str | None, ...]:
    return settings.otlp_endpoint, settings.otlp_traces_endpoint, settings.otlp_metrics_endpoint


def traces_url(settings: "Settings") -> str:
    """Where spans go; "" when none are sent."""
    return _url(settings.telemetry_endpoint, settings.otlp_traces_endpoint, settings.otlp_endpoint, TRACES)


def metrics_url(settings: "Settings") -> str:
    """Where metrics go; "" when none are sent."""
    return _url(settings.telemetry_endpoint, settings.otlp_metrics_endpoint, settings.otlp_endpoint, METRICS)


def _url(own: str | None, signal: str | None, standard: str | None, path: str) -> str:
    """What the plugin's property says comes first, as everywhere; a path that is given is kept."""
    if own:
        base = own.rstrip("/")
        return base.removesuffix(TRACES).removesuffix(METRICS) + path
    return signal or (standard.rstrip("/") + path if standard else "")


def telling(settings: "Settings") -> Telling:
    return Telling(
        settings.telemetry_application,
        settings.telemetry_environment,
        settings.telemetry_currency,
        costs=bool(settings.telemetry_costs),
    )


def listening(settings: "Settings") -> Listening | None:
    """What spans are to hold of conversations; None where that is nothing, as it is unless somebody asks."""
    wanted = settings.telemetry_prompt or settings.telemetry_completion
    if not (wanted and traces_url(settings)):
        return None
    return Listening(
        prompt=bool(settings.telemetry_prompt),
        completion=bool(settings.telemetry_completion),
        most_chars=settings.telemetry_content_chars,
        redact=patterns(settings.telemetry_redact),
    )
