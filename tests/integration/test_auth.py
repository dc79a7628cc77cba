"""Who may come in: tokens for sending, other tokens for reading, and nothing by oversight."""

import logging
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
import redis
from click.testing import CliRunner
from flask.testing import FlaskClient

from api import auth
from api.app import create_app
from api.cli import main
from tests.integration.lines import chat_line
from tests.integration.test_api_process import Api
from tests.servers import Valkey
from workers.settings import Settings, SettingsError

pytestmark = pytest.mark.integration

TOKENS = {"INGEST_TOKENS": "send-old,send-new", "READ_TOKENS": "read-old,read-new"}
BATCH = [{"message": chat_line()}]
Headers = dict[str, str]
Make = Callable[..., FlaskClient]


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def basic(password: str, user: str = "vector") -> Headers:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture
def make(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> Make:
    def made(**environ: str) -> FlaskClient:
        common = {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path)}
        return create_app(Settings.from_env(common | environ)).test_client()

    return made


@pytest.mark.parametrize("way", [bearer, basic])
@pytest.mark.parametrize("token", ["send-old", "send-new"])
def test_each_token_for_sending_opens_the_door(make: Make, way: Callable[[str], Headers], token: str) -> None:
    client = make(**TOKENS)

    assert client.post("/data", json=BATCH, headers=way(token)).status_code == 200
    assert client.head("/data", headers=way(token)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        bearer(""),
        bearer("send-ol"),
        bearer("send-old,send-new"),
        bearer("read-old"),
        basic("nothing", user="send-old"),
        basic("ß"),
        {"Authorization": "Basic %%%"},
        {"Authorization": "Digest send-old"},
        {"Authorization": "send-old"},
    ],
)
def test_nothing_else_opens_it(make: Make, valkey: redis.Redis, headers: Headers) -> None:
    client = make(**TOKENS)

    reply = client.post("/data", json=BATCH, headers=headers)

    assert reply.status_code == 401
    assert reply.json["detail"][0]["type"] == "unauthorized"  # type: ignore[index]
    assert client.head("/data", headers=headers).status_code == 401
    assert not valkey.exists("dial:due:analyze")


@pytest.mark.parametrize("headers", [bearer("read-new"), basic("read-old")])
def test_a_token_for_reading_opens_what_is_read_and_nothing_else(make: Make, headers: Headers) -> None:
    client = make(**TOKENS)

    assert client.get("/", headers=headers).status_code == 200
    assert client.post("/data", json=BATCH, headers=headers).status_code == 401


def test_every_view_asks_for_a_token_unless_it_is_known_to_be_open(make: Make) -> None:
    client = make(**TOKENS)
    rules = [rule for rule in client.application.url_map.iter_rules() if "GET" in (rule.methods or set())]
    opened = {rule.rule for rule in rules if client.get(rule.rule).status_code != 401}

    assert opened == {"/health", "/ready", "/openapi.json"}
    assert client.get("/nowhere").status_code == 401


def test_a_browser_asks_its_user(make: Make) -> None:
    assert make(**TOKENS).get("/").headers["WWW-Authenticate"].startswith("Basic realm=")


def test_readiness_says_to_strangers_only_whether_and_why(make: Make) -> None:
    client = make(**TOKENS)

    assert client.get("/ready").json == {"status": "ready", "reasons": []}
    assert "backlog" in client.get("/ready", headers=bearer("read-new")).json  # type: ignore[operator]


def test_one_list_alone_guards_its_own_doors(make: Make) -> None:
    client = make(INGEST_TOKENS="secret")

    assert client.get("/").status_code == 200
    assert client.post("/data", json=BATCH).status_code == 401


def test_no_log_line_holds_a_token(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    client = make(**TOKENS)
    for headers in (bearer("send-guess"), bearer("send-old")):
        client.post("/data", json=BATCH, headers=headers)

    assert "token_refused" in caplog.text
    assert "send-" not in caplog.text


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "localhost", "::1", "[::1]"])
def test_on_this_machine_alone_no_token_is_needed(host: str) -> None:
    auth.check(Settings.from_env({"HOST": host}))


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, "INGEST_TOKENS and READ_TOKENS"),
        ({"INGEST_TOKENS": "secret"}, "READ_TOKENS"),
        ({"READ_TOKENS": " , "}, "INGEST_TOKENS and READ_TOKENS"),
    ],
)
def test_elsewhere_the_api_does_not_start_without_tokens(environ: dict[str, str], missing: str) -> None:
    with pytest.raises(SettingsError, match=f"^HOST='0.0.0.0' without {missing}: allowed "):
        auth.check(Settings.from_env({"HOST": "0.0.0.0", **environ}))  # noqa: S104


@pytest.mark.parametrize("environ", [{"ALLOW_ANONYMOUS": "true"}, TOKENS])
def test_elsewhere_it_starts_with_tokens_or_when_told_to_be_open(environ: dict[str, str]) -> None:
    auth.check(Settings.from_env({"HOST": "0.0.0.0", **environ}))  # noqa: S104


@pytest.mark.parametrize("command", ["api", "serve", "demo"])
def test_a_refused_start_is_one_sentence(command: str) -> None:
    found = CliRunner().invoke(main, [command], env={"HOST": "0.0.0.0", "INGEST_TOKENS": ""})  # noqa: S104

    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert "ALLOW_ANONYMOUS=true" in found.output


def test_ingest_sends_its_token(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> None:
    (tmp_path / "dial.log").write_text(chat_line() + "\n", "utf-8")
    api = Api(valkey_server, tmp_path)
    api.env |= TOKENS
    api.up()
    try:
        send = ["ingest", str(tmp_path / "dial.log"), "--url", api.url, "--from-start"]
        sent = CliRunner().invoke(main, send, env={**TOKENS, "DATA_DIR": str(tmp_path)})
        denied = CliRunner().invoke(main, send, env={"INGEST_TOKENS": "old", "DATA_DIR": str(tmp_path)})
    finally:
        api.kill()

    assert (sent.exit_code, valkey.zcard("dial:due:analyze")) == (0, 1)
    assert denied.exit_code == 1
    assert "another token" in denied.output


def test_tokens_in_a_file_may_stand_one_a_line(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("one\ntwo\n", "utf-8")

    assert Settings.from_env({"READ_TOKENS_FILE": str(tmp_path / "tokens")}).read_tokens == ("one", "two")
