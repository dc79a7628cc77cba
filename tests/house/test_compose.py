"""docker-compose.yml follows the specification, loses nothing, and passes no variable that nobody reads."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from tests.house.tree import compose, service, text
from workers.settings import knobs

SETTINGS = {knob.name for knob in knobs()}
OURS = ["api", "proxy", "worker-analyze", "worker-deliver", "worker-analyze-gpu"]
# Read by Compose itself, by the images of others, or by Vector: no settings of ours.
FOREIGN = {
    "IMAGE_NAME",
    "INFLUX_USERNAME",
    "INFLUX_PASSWORD",
    "DIAL_LOG_DIR",
    "DIAL_ANALYTICS_TOKEN",
    "GRAFANA_PASSWORD",
}
INTERPOLATION = re.compile(r"\$\{(\w+)(?P<default>:?[-?][^}]*)?\}")


def strings(value: Any) -> Iterator[str]:
    """Every string in a nested document."""
    if isinstance(value, dict):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    elif isinstance(value, str):
        yield value


def interpolated() -> set[str]:
    return {match[1] for line in strings(compose()) for match in INTERPOLATION.finditer(line)}


def with_defaults(document: dict[str, Any]) -> str:
    """The file as Compose reads it where no variable is set but those that have to be."""

    def value(match: re.Match[str]) -> str:
        default = match["default"] or ""
        return "given" if "?" in default else default.lstrip(":-")

    return INTERPOLATION.sub(value, yaml.safe_dump(document, width=1000))


def test_it_follows_the_compose_specification() -> None:
    parsed = PyCompose.from_yaml(with_defaults(compose()))

    assert set(parsed.service_names()) == {"valkey", "influxdb", "vector", "prometheus", "grafana", *OURS}


def test_the_check_would_notice_a_key_that_the_specification_does_not_know() -> None:
    broken = compose()
    broken["services"]["api"]["enviroment"] = {}  # codespell:ignore enviroment

    with pytest.raises(ValueError, match="api"):
        PyCompose.from_yaml(with_defaults(broken))


def test_every_service_has_a_health_check_in_the_file_or_in_its_image() -> None:
    without = [name for name, service in compose()["services"].items() if "healthcheck" not in service]

    # Theirs are in Dockerfile.api and Dockerfile.worker; that of the worker image asks about analysis.
    assert sorted(without) == sorted(set(OURS) - {"worker-deliver"})


def test_nobody_starts_before_broker_and_store_are_healthy() -> None:
    for name in OURS:
        needs = service(name)["depends_on"]

        assert {other: need["condition"] for other, need in needs.items()} == {
            "valkey": "service_healthy",
            "influxdb": "service_healthy",
        }


def test_valkey_keeps_what_it_was_given() -> None:
    command = service("valkey")["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert service("valkey")["volumes"] == ["valkey-data:/data"]


def test_every_named_volume_is_declared() -> None:
    used = {
        volume.partition(":")[0]
        for service in compose()["services"].values()
        for volume in service.get("volumes", [])
        if volume[0] not in "./$"
    }

    assert used == set(compose()["volumes"])


def test_proxy_gpu_and_vector_start_only_when_asked_for() -> None:
    profiles = {name: service.get("profiles") for name, service in compose()["services"].items()}

    assert profiles.pop("worker-analyze-gpu") == ["gpu"]
    assert profiles.pop("proxy") == ["proxy"]
    assert profiles.pop("vector") == ["vector"]
    assert set(profiles.values()) == {None}


def test_analysis_gets_the_smallest_share_of_the_processor() -> None:
    default = 1024
    shares = {
        name: service(name).get("cpu_shares", default) for name in ("api", "worker-analyze", "worker-deliver")
    }

    assert shares["worker-analyze"] < shares["worker-deliver"] <= shares["api"]


def test_no_secret_has_a_default() -> None:
    for name in (
        "INFLUX_API_TOKEN",
        "INFLUX_PASSWORD",
        "GRAFANA_PASSWORD",
        "DIAL_ANALYTICS_TOKEN",
        "READ_TOKENS",
    ):
        defaults = [
            match["default"]
            for line in strings(compose())
            for match in INTERPOLATION.finditer(line)
            if match[1] == name
        ]

        assert defaults
        assert all(default.startswith(":?") for default in defaults)


def test_a_default_never_holds_a_brace() -> None:
    """Compose ends an interpolation at the first closing brace, so ${X:-{}} would add one to every value."""
    assert not re.search(r"\$\{\w+:?-[^}]*\{", text("docker-compose.yml"))


@pytest.mark.parametrize("name", OURS)
def test_every_variable_that_is_passed_exists_in_the_settings(name: str) -> None:
    assert set(service(name)["environment"]) - SETTINGS == set()


def test_every_variable_that_is_read_from_the_environment_is_a_setting_or_foreign() -> None:
    assert interpolated() - SETTINGS - FOREIGN == set()


def test_every_variable_that_is_read_from_the_environment_is_in_the_example() -> None:
    shown = set(re.findall(r"^#? ?(\w+)=", text(".env.example"), re.MULTILINE))

    assert interpolated() - shown == set()
