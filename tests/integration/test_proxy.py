"""The proxy is not there: what the upstream says and when it says so is what the caller gets."""

import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.integration.proxied import ProxyProcess
from tests.servers import free_port, wait_until
from tests.tls import TlsFront, certificate
from tests.upstream import PAUSE_S, Upstream

pytestmark = pytest.mark.integration

CHAT = "/openai/v1/chat/completions"
QUESTION = {"model": "gpt-4o", "messages": [{"role": "user", "content": "Which language?"}]}
STREAM = {**QUESTION, "stream": True}


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def proxy(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    process = ProxyProcess(
        tmp_path_factory.mktemp("proxy"),
        PROXY_UPSTREAM_URL=f"{upstream.url}/v1",
        PROXY_UPSTREAMS=json.dumps(
            {
                "/closed/openai/v1": f"http://127.0.0.1:{free_port()}/v1",
                "/extra/openai/v1": {"url": f"{upstream.url}/v9", "headers": {"X-Team": "blue"}},
            }
        ),
        PROXY_READ_TIMEOUT_SECONDS="1",
        MAX_BODY_BYTES="100000",
    )
    yield process.up()
    process.kill()


@pytest.fixture
def client(proxy: ProxyProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=proxy.url, timeout=10) as client:
        yield client


def test_an_answer_has_the_bytes_status_and_headers_of_the_upstream(
    upstream: Upstream, client: httpx.Client
) -> None:
    direct = httpx.post(f"{upstream.url}/v1/chat/completions", json=QUESTION)
    passed = client.post(CHAT, json=QUESTION)

    assert passed.content == direct.content
    assert passed.status_code == 200
    assert passed.headers.multi_items() == direct.headers.multi_items()


def test_any_method_and_path_below_a_prefix_travels_as_it_is(
    upstream: Upstream, client: httpx.Client
) -> None:
    reply = client.delete("/openai/v1/files/a%2Fb?x=%20y&x=2", headers={"X-Any": "thing"})

    assert reply.json() == {"method": "DELETE", "target": "/v1/files/a%2Fb?x=%20y&x=2"}
    assert reply.headers.get_list("Set-Cookie") == ["a=1", "b=2"]
    assert upstream.seen[-1].headers["X-Any"] == "thing"


def test_headers_of_one_connection_stay_on_it(upstream: Upstream, client: httpx.Client) -> None:
    reply = client.get("/openai/v1/models", headers={"Connection": "X-Secret", "X-Secret": "1", "TE": "x"})

    assert not {"X-Secret", "TE"} & set(upstream.seen[-1].headers)
    assert upstream.seen[-1].headers["Host"] == f"127.0.0.1:{upstream.port}"
    assert "X-Hop" not in reply.headers
    assert (b"X-Request-Id", b"req_1") in reply.headers.raw


def test_nothing_is_added_to_what_the_caller_sends(upstream: Upstream, proxy: ProxyProcess) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        raw.sendall(b"GET /openai/v1/models HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while raw.recv(65536):
            pass

    assert set(upstream.seen[-1].headers) == {"Host"}


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/openai/v1/models", "/v1/models"),
        ("/openai/deployments/gpt-4o/x?api-version=1", "/openai/deployments/gpt-4o/x?api-version=1"),
        ("/anthropic/v1/models", "/v1/models"),
        ("/extra/openai/v1/models", "/v9/models"),
    ],
)
def test_each_prefix_has_its_upstream(client: httpx.Client, path: str, target: str) -> None:
    assert client.get(path).json()["target"] == target


def test_an_upstream_has_headers_of_its_own(upstream: Upstream, client: httpx.Client) -> None:
    client.get("/extra/openai/v1/models", headers={"X-Team": "red"})

    assert upstream.seen[-1].headers["X-Team"] == "blue"


@pytest.mark.parametrize("path", ["/", "/openai/v2/models", "/openai/v1x", "/data", "/v1/models"])
def test_no_other_path_leads_anywhere(upstream: Upstream, client: httpx.Client, path: str) -> None:
    before = len(upstream.seen)

    assert client.get(path).status_code == 404
    assert len(upstream.seen) == before


@pytest.mark.parametrize(
    "target",
    [
        "/openai/v1/../../admin",
        "/openai/v1/%2e%2e/admin",
        "/openai/v1/x/..%2f..%2fadmin",
        "http://other.example/openai/v1/models",
    ],
)
def test_no_request_chooses_its_own_upstream(upstream: Upstream, proxy: ProxyProcess, target: str) -> None:
    before = len(upstream.seen)
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        raw.sendall(f"GET {target} HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n".encode())

        assert raw.recv(65536).startswith(b"HTTP/1.1 404")
    assert len(upstream.seen) == before


def test_each_chunk_comes_at_its_moment(client: httpx.Client) -> None:
    begun = time.monotonic()
    with client.stream("POST", CHAT, json={**STREAM, "model": "slow"}) as reply:
        moments = [time.monotonic() - begun for _ in reply.iter_raw()]

    assert len(moments) == 6
    assert moments[0] < PAUSE_S
    assert moments[-1] > 4 * PAUSE_S


def test_an_upload_streams_too(upstream: Upstream, proxy: ProxyProcess) -> None:
    """The upstream has the beginning before the caller has sent the end."""
    before = len(upstream.seen)
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        head = "Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close"
        raw.sendall(f"POST /openai/v1/files HTTP/1.1\r\nHost: x\r\n{head}\r\n\r\n5\r\nbegin\r\n".encode())
        wait_until(lambda: len(upstream.seen) > before, what="the request at the upstream")
        raw.sendall(b"3\r\nend\r\n0\r\n\r\n")

        assert raw.recv(65536).startswith(b"HTTP/1.1 200")
    assert upstream.seen[-1].body == b"beginend"


def test_an_error_of_the_upstream_passes_unchanged(client: httpx.Client) -> None:
    reply = client.post(CHAT, json={**QUESTION, "model": "error-429"})

    assert reply.status_code == 429
    assert reply.headers["Retry-After"] == "0"
    assert reply.json()["error"]["code"] == "rate_limit"


@pytest.mark.parametrize("model", ["hang", "slow-to-come"])
def test_who_leaves_is_gone_for_the_upstream_too(upstream: Upstream, proxy: ProxyProcess, model: str) -> None:
    asked = STREAM | {"model": "hang-later" if model == "slow-to-come" else "hang"}
    body = json.dumps(asked).encode()
    before = len(upstream.seen)
    with socket.create_connection(("127.0.0.1", proxy.port)) as raw:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        raw.sendall(head.encode() + body)
        wait_until(lambda: len(upstream.seen) > before and upstream.seen[-1].body == body)

    wait_until(lambda: upstream.seen[-1].ended == "CancelledError", timeout_s=0.8, what="the end upstream")


def test_an_upstream_that_is_away_is_an_openai_error_502(client: httpx.Client) -> None:
    reply = client.post("/closed" + CHAT, json=QUESTION)

    assert reply.status_code == 502
    assert set(reply.json()["error"]) == {"message", "type", "param", "code"}
    assert reply.json()["error"]["code"] == "upstream_unreachable"


def test_an_upstream_that_slams_the_door_is_502(client: httpx.Client) -> None:
    assert client.post(CHAT, json={**QUESTION, "model": "slam"}).status_code == 502


def test_an_upstream_that_says_nothing_is_504(client: httpx.Client) -> None:
    reply = client.post(CHAT, json={**QUESTION, "model": "hang"})

    assert (reply.status_code, reply.json()["error"]["code"]) == (504, "upstream_timeout")


def test_anthropics_clients_get_errors_in_their_shape(proxy: ProxyProcess, client: httpx.Client) -> None:
    reply = client.post("/anthropic/v1/messages", content=b"x" * 100_001)

    assert (reply.status_code, reply.json()["type"]) == (413, "error")


@pytest.mark.parametrize("model", ["cut", "hang-later"])
def test_a_stream_that_breaks_off_breaks_off(client: httpx.Client, model: str) -> None:
    with client.stream("POST", CHAT, json={**STREAM, "model": model}) as reply:
        got: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError):
            got.extend(reply.iter_raw())

    assert b"".join(got).count(b"data:") == 2


def test_a_body_beyond_the_limit_is_refused(upstream: Upstream, client: httpx.Client) -> None:
    assert client.post(CHAT, content=b"x" * 100_001).status_code == 413

    reply = client.post(CHAT, content=iter([b"x" * 60_000, b"x" * 60_000]))

    assert (reply.status_code, reply.json()["error"]["code"]) == (413, "request_too_large")


def test_curl_sees_no_difference(upstream: Upstream, proxy: ProxyProcess) -> None:
    def curl(url: str) -> tuple[list[str], str]:
        options = ["-sS", "--no-buffer", "--include", "-H", "Content-Type: application/json"]
        found = subprocess.run(
            ["curl", *options, "-d", json.dumps(STREAM), url], capture_output=True, text=True, check=True
        )
        head, _, body = found.stdout.partition("\n\n")
        return sorted(line for line in head.splitlines() if not line.startswith("Date")), body

    assert curl(proxy.url + CHAT) == curl(f"{upstream.url}/v1/chat/completions")


def test_tls_is_verified(upstream: Upstream, tmp_path: Path) -> None:
    pem = certificate(tmp_path / "tls")
    with TlsFront(upstream.port, pem) as front:
        said = {"PROXY_UPSTREAM_URL": f"https://127.0.0.1:{front.port}/v1"}
        statuses = []
        for number, trust in enumerate([{}, {"PROXY_CA_FILE": str(pem)}]):
            folder = tmp_path / str(number)
            folder.mkdir()
            process = ProxyProcess(folder, **said, **trust).up()
            statuses.append(httpx.post(process.url + CHAT, json=QUESTION).status_code)
            process.kill()

    assert statuses == [502, 200]
