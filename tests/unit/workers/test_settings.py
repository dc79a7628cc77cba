"""Settings: what is read, what is refused and how, and that the documentation knows exactly the same ones."""

import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from analytics.points import PointSchema
from tests.servers import ROOT
from workers.knobs import JSON_FORMAT, Knob
from workers.settings import Settings, SettingsError, knobs

INFLUX = {"INFLUX_URL": "http://influx:8086", "INFLUX_BUCKET": "default", "INFLUX_ORG": "dial"}


def refusal(**environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(environ)
    return str(refused.value)


def test_without_any_variable_the_embedded_store_is_on() -> None:
    settings = Settings.from_env({})

    assert settings.sqlite_path == Path("data/analytics.sqlite")
    assert settings.influx_url is None
    assert settings.redis_url == "redis://127.0.0.1:6379/0"
    assert (settings.port, settings.topic_model) == (5001, "./topic_model")


def test_the_embedded_store_follows_the_data_folder() -> None:
    assert Settings.from_env({"DATA_DIR": "/srv/x"}).sqlite_path == Path("/srv/x/analytics.sqlite")


def test_with_influxdb_the_embedded_store_is_off_unless_asked_for() -> None:
    assert Settings.from_env(INFLUX).sqlite_path is None
    assert Settings.from_env({**INFLUX, "SQLITE_PATH": "/srv/x.sqlite"}).sqlite_path == Path("/srv/x.sqlite")


def test_values_are_read_in_their_types() -> None:
    settings = Settings.from_env(
        {
            "PORT": "80",
            "LEASE_SECONDS": "2.5",
            "POINT_SCHEMA": "lean",
            "USAGE_PER_MODEL": "points",
            "LOG_LEVEL": "debug",
        }
    )

    assert (settings.port, settings.lease_seconds, settings.point_schema) == (80, 2.5, PointSchema.LEAN)
    assert (settings.usage_per_model, settings.log_level) == ("points", "DEBUG")


def test_an_empty_value_is_the_same_as_none() -> None:
    assert Settings.from_env({"PORT": "", "INFLUX_URL": "", "MODEL_RATES": ""}) == Settings.from_env({})


def test_an_empty_topic_model_turns_topics_off() -> None:
    assert Settings.from_env({"TOPIC_MODEL": ""}).topic_model == ""


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PORT", "x", "PORT='x': allowed is a whole number from 1 to 65535"),
        ("PORT", "0", "PORT='0': allowed is a whole number from 1 to 65535"),
        ("LEASE_SECONDS", "nan", "LEASE_SECONDS='nan': allowed is a number of seconds from 1 to 3600"),
        ("USAGE_PER_MODEL", "maybe", "USAGE_PER_MODEL='maybe': allowed is off or points"),
        ("POINT_SCHEMA", "fat", "POINT_SCHEMA='fat': allowed is compat or lean"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL='loud': allowed is DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("TOPIC_DEVICE", "tpu", "TOPIC_DEVICE='tpu': allowed is auto, cpu, cuda, cuda:N or mps"),
        (
            "INFLUX_URL",
            "influx:8086",
            "INFLUX_URL='influx:8086': allowed is a URL that starts with http:// or https://",
        ),
        ("OTEL_LOGS_EXPORTER", "otlp", "OTEL_LOGS_EXPORTER='otlp': allowed is only \"none\""),
        (
            "DIAL_SDK_JSON_LOG_FORMAT",
            "[]",
            "DIAL_SDK_JSON_LOG_FORMAT='[]' (not a JSON object): allowed is " + JSON_FORMAT.allowed,
        ),
        (
            "MODEL_RATES",
            "{",
            "MODEL_RATES='{' (MODEL_RATES is not JSON): allowed is a JSON object: model -> rates",
        ),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(name: str, value: str, said: str) -> None:
    assert refusal(**{name: value}) == said


def test_a_long_wrong_value_is_cut() -> None:
    assert len(refusal(MODEL_RATES="[" * 5000)) < 250


@pytest.mark.parametrize(
    "environ",
    [
        {"INFLUX_URL": "http://influx:8086"},
        {**INFLUX, "INFLUX_DATABASE": "default"},
        {**INFLUX, "INFLUX_ORG": ""},
        {"INFLUX_BUCKET": "default"},
    ],
    ids=["no place", "two places", "a bucket without organisation", "a place without URL"],
)
def test_half_a_description_of_influxdb_is_refused(environ: dict[str, str]) -> None:
    assert "INFLUX_" in refusal(**environ)
    assert "allowed" in refusal(**environ)


def test_a_database_needs_no_organisation() -> None:
    settings = Settings.from_env({"INFLUX_URL": "http://influx:8181", "INFLUX_DATABASE": "dial"})

    assert settings.influx_database == "dial"


def test_a_secret_can_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret\n", "utf-8")

    assert Settings.from_env({"INFLUX_API_TOKEN_FILE": str(tmp_path / "token")}).influx_api_token == "s3cret"


def test_a_secret_given_twice_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("s3cret", "utf-8")
    said = refusal(INFLUX_API_TOKEN="other", INFLUX_API_TOKEN_FILE=str(tmp_path / "token"))

    assert said == "INFLUX_API_TOKEN and INFLUX_API_TOKEN_FILE are both set: allowed is one of them"


def test_a_missing_secret_file_is_refused() -> None:
    assert refusal(REDIS_URL_FILE="/missing") == "REDIS_URL_FILE='/missing': allowed is a readable text file"


def test_secrets_are_in_no_repr_and_no_error() -> None:
    settings = Settings.from_env({"REDIS_URL": "redis://:s3cret@redis:6379/0", "INFLUX_API_TOKEN": "t0ken"})

    assert "s3cret" not in repr(settings)
    assert "t0ken" not in repr(settings)
    assert "s3cret" not in refusal(REDIS_URL="http://:s3cret@redis")


# ── the same settings in three places ──


def shown(knob: Knob) -> str:
    """A default as one writes it into an environment."""
    default: Any = knob.default
    if isinstance(default, Enum):
        return str(default.value)
    if isinstance(default, Path):
        return f"./{default}"
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if default is None else f"{default:g}" if isinstance(default, float) else str(default)


def documented() -> Iterator[tuple[str, str, str, str]]:
    """Rows of the tables in docs/configuration.md, with the pipes inside code restored."""
    for line in (ROOT / "docs/configuration.md").read_text("utf-8").splitlines():
        if line.startswith("| `"):
            name, default, accepts, meaning = re.split(r"(?<!\\) \| ", line.strip("| "))
            yield name.strip("`"), default.replace("\\|", "|").strip("`"), accepts, meaning


def test_the_documentation_lists_exactly_these_settings() -> None:
    declared = [
        (knob.name, shown(knob) or "-", knob.kind.allowed + ("; a secret" if knob.secret else ""), knob.help)
        for knob in knobs()
    ]

    assert list(documented()) == declared


def test_the_example_lists_exactly_these_settings() -> None:
    ours = (ROOT / ".env.example").read_text("utf-8").split("# Read by Docker Compose only")[0]
    listed = re.findall(r"^# ([A-Z][A-Z_]+)=(.*)$", ours, re.MULTILINE)

    assert listed == [(knob.name, shown(knob)) for knob in knobs()]


def test_every_default_is_a_value_that_would_be_accepted() -> None:
    written = {knob.name: shown(knob) for knob in knobs() if shown(knob)}

    assert Settings.from_env(written) == Settings.from_env({})


def test_every_setting_is_read_by_somebody() -> None:
    code = "".join(
        path.read_text("utf-8") for folder in ("workers", "api") for path in (ROOT / folder).rglob("*.py")
    )
    unread = {name for name in Settings.__dataclass_fields__ if not re.search(rf"ettings\.{name}\b", code)}

    # These are only checked: they promise nothing but their one value.
    exporters = {"otel_logs_exporter", "otel_traces_exporter", "otel_metrics_exporter"}
    assert unread == {*exporters, "otlp_protocol"}
