"""Which sinks a configuration asks for, and what naming them costs."""

import subprocess
import sys
from pathlib import Path

from tests.servers import ROOT
from workers.settings import Settings
from workers.sinks import make_sinks, sink_names
from workers.sinks.influx import InfluxSink
from workers.sinks.sqlite import SqliteSink

INFLUX = {"INFLUX_URL": "http://influx:8086", "INFLUX_API_TOKEN": "secret"}


def settings(tmp_path: Path, **environ: str) -> Settings:
    return Settings.from_env({"DATA_DIR": str(tmp_path), **environ})


def influx_of(tmp_path: Path, **environ: str) -> InfluxSink:
    sink = make_sinks(settings(tmp_path, **INFLUX, **environ))["influx"]
    assert isinstance(sink, InfluxSink)
    return sink


def test_the_embedded_store_is_there_when_nothing_else_is(tmp_path: Path) -> None:
    sinks = make_sinks(settings(tmp_path))

    assert list(sinks) == ["sqlite"]
    assert isinstance(sinks["sqlite"], SqliteSink)
    assert sinks["sqlite"]._path == tmp_path / "analytics.sqlite"


def test_an_influxdb_alone_replaces_it(tmp_path: Path) -> None:
    assert sink_names(settings(tmp_path, **INFLUX, INFLUX_DATABASE="dial")) == ("influx",)


def test_both_are_written_where_both_are_configured(tmp_path: Path) -> None:
    both = settings(tmp_path, **INFLUX, INFLUX_DATABASE="dial", SQLITE_PATH=str(tmp_path / "a.sqlite"))

    assert sink_names(both) == ("influx", "sqlite")
    assert {name: sink.name for name, sink in make_sinks(both).items()} == {
        "influx": "influx",
        "sqlite": "sqlite",
    }


def test_a_bucket_goes_with_its_organization(tmp_path: Path) -> None:
    target = influx_of(tmp_path, INFLUX_BUCKET="default", INFLUX_ORG="acme")._target

    assert (target.url, target.bucket, target.org) == ("http://influx:8086", "default", "acme")
    assert target.token == "secret"


def test_a_database_has_no_organization_even_where_one_is_configured(tmp_path: Path) -> None:
    target = influx_of(tmp_path, INFLUX_DATABASE="dial", INFLUX_ORG="acme")._target

    assert (target.bucket, target.org) == ("dial", "ignored")


def test_names_are_known_without_a_vendor() -> None:
    code = "import sys; from workers.sinks import sink_names; print(*sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )

    assert not {"influxdb_client", "sqlite3", "numpy"} & set(process.stdout.split())
