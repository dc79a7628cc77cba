"""Where spans and metrics go and what they tell: the plugin's file, variables, OpenTelemetry's own ones."""

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from analytics.pricing.jsonc import parse_jsonc
from tests.servers import ROOT
from workers.otel_config import PROPERTIES, Section
from workers.otel_knobs import listening, metrics_url, telling, traces_url
from workers.settings import Settings, SettingsError
from workers.sinks import sink_names

SCHEMA = json.loads((ROOT / "schemas/devproxyrc.schema.json").read_text("utf-8"))
SAMPLE = ROOT / "samples/devproxyrc.json"


def written(folder: Path, section: Any, **more: Any) -> str:
    path = folder / "devproxyrc.json"
    path.write_text(json.dumps({"openAITelemetryPlugin": section, **more}), "utf-8")
    return str(path)


def settings(folder: Path, section: Any, **environ: str) -> Settings:
    return Settings.from_env({"OPENAI_TELEMETRY_CONFIG": written(folder, section), **environ})


def refusal(path: str) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env({"OPENAI_TELEMETRY_CONFIG": path})
    return str(refused.value)


def test_without_anything_nothing_is_sent() -> None:
    found = Settings.from_env({})

    assert (traces_url(found), metrics_url(found)) == ("", "")
    assert sink_names(found) == ("sqlite",)


def test_an_empty_section_means_the_plugin_s_defaults(tmp_path: Path) -> None:
    found = settings(tmp_path, {})

    assert traces_url(found) == "http://localhost:4318/v1/traces"
    assert metrics_url(found) == "http://localhost:4318/v1/metrics"
    told = telling(found)
    assert (told.application, told.environment, told.currency) == ("default", "development", "USD")
    assert told.costs is False
    assert sink_names(found) == ("sqlite", "otel")


def test_every_property_is_taken(tmp_path: Path) -> None:
    section = {
        "application": "shop",
        "currency": "EUR",
        "environment": "production",
        "exporterEndpoint": "https://collector:4318/otlp",
        "includeCosts": True,
        "pricesFile": "prices.json",
    }

    found = settings(tmp_path, section)

    assert traces_url(found) == "https://collector:4318/otlp/v1/traces"
    told = telling(found)
    assert (told.application, told.environment, told.currency, told.costs) == (
        "shop",
        "production",
        "EUR",
        True,
    )
    assert found.prices_file == tmp_path / "prices.json"


def test_a_variable_comes_before_the_file(tmp_path: Path) -> None:
    section = {"application": "shop", "exporterEndpoint": "http://one:4318", "pricesFile": "prices.json"}

    found = settings(
        tmp_path,
        section,
        OPENAI_TELEMETRY_APPLICATION="other",
        OPENAI_TELEMETRY_EXPORTER_ENDPOINT="http://two:4318/",
        OPENAI_TELEMETRY_INCLUDE_COSTS="true",
        PRICES_FILE="mine.json",
    )

    assert (telling(found).application, telling(found).costs) == ("other", True)
    assert traces_url(found) == "http://two:4318/v1/traces"
    assert found.prices_file == Path("mine.json")


def test_opentelemetry_s_own_variables_count_where_the_plugin_s_say_nothing(tmp_path: Path) -> None:
    standard = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318/x",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://t/in",
    }

    for found in (Settings.from_env(standard), settings(tmp_path, {}, **standard)):
        assert (traces_url(found), metrics_url(found)) == ("http://t/in", "http://c:4318/x/v1/metrics")
    own = settings(tmp_path, {"exporterEndpoint": "http://own:4318"}, **standard)
    assert traces_url(own) == "http://own:4318/v1/traces"


def test_one_signal_alone_is_possible() -> None:
    found = Settings.from_env({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://m/v1/metrics"})

    assert (traces_url(found), metrics_url(found)) == ("", "http://m/v1/metrics")
    assert sink_names(found) == ("sqlite",)


@pytest.mark.parametrize(
    "given", ["http://c/v1/traces", "http://c/v1/metrics", "http://c/v1/traces/", "http://c"]
)
def test_an_endpoint_may_be_that_of_a_signal_already(given: str) -> None:
    found = Settings.from_env({"OPENAI_TELEMETRY_EXPORTER_ENDPOINT": given})

    assert (traces_url(found), metrics_url(found)) == ("http://c/v1/traces", "http://c/v1/metrics")


def test_without_a_file_costs_are_told() -> None:
    assert telling(Settings.from_env({})).costs is True


ON = {"OPENAI_TELEMETRY_EXPORTER_ENDPOINT": "http://c:4318"}
CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


@pytest.mark.parametrize(
    ("section", "environ", "wanted"),
    [
        (None, ON, (False, False)),
        ({}, {}, (True, True)),
        ({"includePrompt": False}, {}, (False, True)),
        ({}, {CAPTURE: "NO_CONTENT"}, (False, False)),
        ({}, {CAPTURE: "EVENT_ONLY"}, (False, False)),
        (None, {**ON, CAPTURE: "span_and_event"}, (True, True)),
        ({"includePrompt": False}, {CAPTURE: "SPAN_ONLY"}, (True, True)),
        ({}, {CAPTURE: "SPAN_ONLY", "OPENAI_TELEMETRY_INCLUDE_COMPLETION": "false"}, (True, False)),
        (None, {CAPTURE: "SPAN_ONLY"}, (False, False)),
    ],
)
def test_words_go_only_where_somebody_asks_for_them(
    tmp_path: Path, section: Any, environ: dict[str, str], wanted: tuple[bool, bool]
) -> None:
    found = Settings.from_env(environ) if section is None else settings(tmp_path, section, **environ)

    heard = listening(found)
    assert ((heard.prompt, heard.completion) if heard else (False, False)) == wanted


@pytest.mark.parametrize("value", ["[", '["("]', "{}", "[1]"])
def test_a_pattern_that_is_none_stops_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_TELEMETRY_REDACT"):
        Settings.from_env({"OPENAI_TELEMETRY_REDACT": value})


def test_a_plugin_that_is_switched_off_sends_nothing(tmp_path: Path) -> None:
    plugins = [{"name": "OpenAITelemetryPlugin", "enabled": False}]
    path = written(tmp_path, {"pricesFile": "prices.json"}, plugins=plugins)

    found = Settings.from_env({"OPENAI_TELEMETRY_CONFIG": path})

    assert (traces_url(found), found.prices_file) == ("", None)


def test_the_section_may_have_another_name(tmp_path: Path) -> None:
    plugins = [{"name": "OpenAITelemetryPlugin", "configSection": "mine"}]
    path = written(tmp_path, {}, plugins=plugins, mine={"application": "shop"})

    assert telling(Settings.from_env({"OPENAI_TELEMETRY_CONFIG": path})).application == "shop"


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (
            {"aplication": "x", "zoo": 1},
            "unknown in openAITelemetryPlugin: 'aplication', 'zoo'; known are application",
        ),
        ({"includeCosts": "yes"}, "includeCosts is not true or false"),
        ({"application": 5}, "application is not a text"),
        (
            {"exporterEndpoint": "localhost:4318"},
            "exporterEndpoint is no URL that starts with http:// or https://",
        ),
        ([], "openAITelemetryPlugin is no JSON object"),
    ],
)
def test_a_wrong_section_stops_the_start_with_one_line(tmp_path: Path, section: Any, said: str) -> None:
    refused = refusal(written(tmp_path, section))

    assert said in refused
    assert refused.startswith("OPENAI_TELEMETRY_CONFIG=")
    assert "\n" not in refused


def test_a_file_that_is_no_config_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{", "utf-8")
    (tmp_path / "list.json").write_text("[]", "utf-8")
    (tmp_path / "other.json").write_text('{"urlsToWatch": []}', "utf-8")

    assert "no such file" in refusal(str(tmp_path / "missing.json"))
    assert "not JSON at line 1" in refusal(str(tmp_path / "broken.json"))
    assert "no JSON object" in refusal(str(tmp_path / "list.json"))
    assert "neither the plugin" in refusal(str(tmp_path / "other.json"))


def test_another_protocol_is_refused_rather_than_passed_over() -> None:
    with pytest.raises(SettingsError, match="OTEL_EXPORTER_OTLP_PROTOCOL='grpc'"):
        Settings.from_env({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})


def test_the_schema_has_the_properties_and_defaults_that_are_read() -> None:
    declared = SCHEMA["$defs"]["section"]["properties"]
    defaults = {name: one["default"] for name, one in declared.items() if name != "$schema"}
    read = {one.name: one.default for one in fields(Section) if one.name in PROPERTIES}

    assert defaults == {**read, "exporterEndpoint": "http://localhost:4318"}


def test_the_sample_fits_the_schema_and_is_read() -> None:
    jsonschema.validate(parse_jsonc(SAMPLE.read_text("utf-8")), SCHEMA)

    found = Settings.from_env({"OPENAI_TELEMETRY_CONFIG": str(SAMPLE)})

    assert found.telemetry_application == "chat-shop"
    assert found.prices_file is not None
    assert found.prices_file.is_file()


@pytest.mark.parametrize("section", [{"zoo": 1}, {"includeCosts": "yes"}, {"exporterEndpoint": "x"}])
def test_the_schema_refuses_what_is_refused(section: Any) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"openAITelemetryPlugin": section}, SCHEMA)
