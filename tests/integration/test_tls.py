"""TLS towards Redis and InfluxDB: spoken where the URL says so, and only with whom the certificate names."""

import gc
from pathlib import Path

import pytest
import redis
from celery import Celery

from tests.influx_server import TOKEN, InfluxServer
from tests.servers import Valkey
from tests.tls import TlsFront, certificate
from workers.app import make_celery, wake
from workers.parcels import NewParcel, connect, make_store
from workers.settings import Settings
from workers.sinks import make_sinks
from workers.sinks.base import SinkUnavailable

pytestmark = pytest.mark.integration


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    return certificate(tmp_path)


def redis_settings(port: int, **more: str) -> Settings:
    return Settings.from_env({"REDIS_URL": f"rediss://127.0.0.1:{port}/0", **more})


def test_parcels_and_wake_ups_travel_by_tls(valkey_server: Valkey, valkey: redis.Redis, pem: Path) -> None:
    with TlsFront(valkey_server.port, pem) as front:
        settings = redis_settings(front.port, REDIS_CA_FILE=str(pem))
        make_store(settings).put([NewParcel("p1", "analyze", "", b"words", 1)])
        celery: Celery = make_celery(settings)
        told = wake(celery, "p1", "analyze")
        celery.close()

    assert told
    assert valkey.hget("dial:parcel:p1", "payload") == b"words"
    assert valkey.llen("dial:celery:analyze") == 1


# redis-py leaves a socket to the garbage collector when its handshake fails; let that happen here and now.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_redis_that_nobody_vouches_for_is_refused(
    valkey_server: Valkey, valkey: redis.Redis, pem: Path, tmp_path: Path
) -> None:
    other = certificate(tmp_path / "other")
    with TlsFront(valkey_server.port, pem) as front:
        for settings in (redis_settings(front.port), redis_settings(front.port, REDIS_CA_FILE=str(other))):
            with pytest.raises(redis.ConnectionError):
                connect(settings).ping()
            assert not wake(make_celery(settings), "p1", "analyze")
    gc.collect()


def test_influxdb_is_reached_by_tls_with_its_own_authority(influx_server: InfluxServer, pem: Path) -> None:
    place = {"INFLUX_DATABASE": influx_server.new_database(), "INFLUX_API_TOKEN": TOKEN}
    with TlsFront(influx_server.front, pem) as front:
        url = f"https://127.0.0.1:{front.port}"
        trusting = Settings.from_env({"INFLUX_URL": url, "INFLUX_CA_FILE": str(pem), **place})
        make_sinks(trusting)["influx"].check()
        with pytest.raises(SinkUnavailable):
            make_sinks(Settings.from_env({"INFLUX_URL": url, **place}))["influx"].check()
