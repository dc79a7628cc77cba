"""A real InfluxDB for tests: Debian's influxd, and before it nginx, which adds the write path of 1.8.

InfluxDB 1.8 answers /api/v2/write?bucket=database/retention-policy by itself; 1.6 knows /write?db=…&rp=…
only, and nginx translates the one into the other. It also asks for the token, and below /small it refuses
big bodies.
"""

import json
import os
import shutil
import urllib.parse
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Process, free_port, listens

TOKEN = "a-token-for-tests"

INFLUXD = """
bind-address = "127.0.0.1:{rpc}"
reporting-disabled = true
[meta]
  dir = "{folder}/meta"
[data]
  dir = "{folder}/data"
  wal-dir = "{folder}/wal"
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{http}"
  log-enabled = false
"""

NGINX = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  map $arg_bucket $database {{ "~^(?<before>.+?)(?:%2[Ff]|/)" $before; default $arg_bucket; }}
  map $arg_bucket $policy {{ "~(?:%2[Ff]|/)(?<after>.+)$" $after; default ""; }}
  map $arg_precision $unit {{ us u; default $arg_precision; }}
  map $http_authorization $refused {{ "Token {token}" 0; default 1; }}
  server {{
    listen 127.0.0.1:{front};
    client_max_body_size 25m;
    if ($refused) {{ return 401; }}
    location / {{ return 404; }}
    location = /api/v2/write {{
      proxy_pass http://127.0.0.1:{http}/write?db=$database&rp=$policy&precision=$unit;
    }}
    location = /small/api/v2/write {{
      client_max_body_size 4k;
      proxy_pass http://127.0.0.1:{http}/write?db=$database&rp=$policy&precision=$unit;
    }}
  }}
}}
"""

Rows = list[dict[str, Any]]


class InfluxServer:
    """influxd with nginx before it; `url` is what INFLUX_URL would be, `query` goes to influxd directly."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.http, self.front = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.front}"
        ports = {"http": self.http, "front": self.front, "rpc": free_port()}
        for name, text in (("influxd.conf", INFLUXD), ("nginx.conf", NGINX)):
            (folder / name).write_text(text.format(folder=folder, token=TOKEN, **ports))
        influxd = ["influxd", "run", "-config", str(folder / "influxd.conf")]
        nginx = ["nginx", "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
        self.influxd = Process(influxd, folder / "influxd.log")
        self.nginx = Process(nginx, folder / "nginx.log")

    def up(self) -> "InfluxServer":
        """Start both (again, on the same ports and data) and wait until they answer."""
        if not self.influxd.running:
            self.influxd.start(self._answers)
        if not self.nginx.running:
            self.nginx.start(lambda: listens(self.front))
        return self

    def down(self) -> None:
        """Stop both; the data stays."""
        self.nginx.stop()
        self.influxd.stop()

    def new_database(self) -> str:
        """The name of a fresh, empty database."""
        name = f"test_{uuid.uuid4().hex}"
        self.query("", f'CREATE DATABASE "{name}"')
        return name

    def query(self, database: str, influxql: str) -> Rows:
        """The answer to a query as rows; tags of GROUP BY are columns too."""
        form = urllib.parse.urlencode({"db": database, "q": influxql, "epoch": "ns"}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/query", form, timeout=30) as reply:
            [result] = json.load(reply)["results"]
        assert "error" not in result, result["error"]
        return [
            {**series.get("tags", {}), **dict(zip(series["columns"], values, strict=True))}
            for series in result.get("series", [])
            for values in series.get("values", [])
        ]

    def points(self, database: str) -> int:
        """How many points there are, of all measurements: none of them lacks all fields."""
        rows = self.query(database, "SELECT count(*) FROM /.*/")
        return sum(max(value or 0 for name, value in row.items() if name != "time") for row in rows)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}/ping", timeout=5):
                return True
        except OSError:
            return False


def require_influx() -> None:
    """Skip where influxd or nginx is not installed; there is no excuse in CI."""
    missing = [program for program in ("influxd", "nginx") if shutil.which(program) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"CI has to install {' and '.join(missing)}")
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed")


@pytest.fixture(scope="session")
def influx_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    """One InfluxDB for the whole session; tests take a database of their own in it and never stop it."""
    require_influx()
    server = InfluxServer(tmp_path_factory.mktemp("influx"))
    try:
        yield server.up()
    finally:
        server.down()


@pytest.fixture
def own_influx_server(tmp_path: Path) -> Iterator[InfluxServer]:
    """An InfluxDB of the test's own, running, to be stopped and started at will."""
    require_influx()
    server = InfluxServer(tmp_path)
    try:
        yield server.up()
    finally:
        server.down()
