"""Fixtures that every kind of test may use: real Valkey servers, made on first use and always stopped."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.influx_server import influx_server, own_influx_server  # noqa: F401 - fixtures of every folder
from tests.servers import Valkey


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """One Valkey for the whole session; never kill this one, ask for `own_valkey` instead."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server.up()
    server.kill()


@pytest.fixture
def valkey(valkey_server: Valkey) -> Iterator[redis.Redis]:
    """A client of the shared Valkey, emptied before the test."""
    with valkey_server.client() as client:
        client.flushall()
        yield client


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A Valkey of the test's own, running, to be killed and restarted at will."""
    server = Valkey(tmp_path / "valkey")
    yield server.up()
    server.kill()
