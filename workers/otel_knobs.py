"""The knobs of spans and metrics for OpenTelemetry; the list of all settings in `settings.py` takes them in.

Each property of Dev Proxy's plugin has a variable, which comes before the file.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from analytics.telemetry.attributes import Telling
from workers import otel_config
from workers.knobs import FLAG, HTTP_URL, TEXT, checked, knob, one_of, seconds

TRACES, METRICS = "/v1/traces", "/v1/metrics"

if TYPE_CHECKING:
    from workers.settings import Settings

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
        telemetry_costs=_chosen(settings.telemetry_costs, said.includeCosts if path else True),
    )


def _prices(said: otel_config.Section) -> Path | None:
    return Path(said.pricesFile) if said.pricesFile and said.enabled else None


def _chosen(value: bool | None, default: bool) -> bool:
    return default if value is None else value


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
