"""Senders that take their time, in head and body of a request: they are let go, and hold up nobody."""

import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.integration.lines import chat_line
from tests.integration.test_api_process import Api
from tests.servers import Valkey

pytestmark = pytest.mark.integration

HEAD = b"POST /data HTTP/1.1\r\nHost: x\r\n"
PATIENCE_S = 1.0


@pytest.fixture(scope="module")
def api(valkey_server: Valkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    server = Api(valkey_server, tmp_path_factory.mktemp("api"))
    server.env |= {"REQUEST_TIMEOUT_SECONDS": str(PATIENCE_S), "API_WORKERS": "1"}
    yield server.up()
    server.kill()


def drip(api: Api, head: bytes, drop: bytes) -> tuple[bytes, float]:
    """Send the head, then a drop now and then, until an answer or the end comes: that, and after how long."""
    with socket.create_connection(("127.0.0.1", api.port)) as sender:
        began = time.monotonic()
        sender.sendall(head)
        sender.settimeout(0.2)
        answer = b""
        while time.monotonic() - began < 10:
            try:
                answer = sender.recv(4096)
            except TimeoutError:
                sender.sendall(drop)
                continue
            except OSError:
                break
            break
        return answer, time.monotonic() - began


def test_a_body_that_drips_is_answered_408(api: Api) -> None:
    answer, took = drip(api, HEAD + b"Content-Length: 1000\r\n\r\n[", b" ")

    assert answer.startswith(b"HTTP/1.1 408 ")
    assert PATIENCE_S <= took < PATIENCE_S + 2


def test_a_chunked_body_that_drips_is_answered_408(api: Api) -> None:
    answer, _ = drip(api, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")

    assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_head_that_drips_is_closed(api: Api) -> None:
    answer, took = drip(api, HEAD, b"X-More: 1\r\n")

    assert answer == b""
    assert took < PATIENCE_S + 2
    assert "Traceback" not in api.output()


def test_more_of_them_than_threads_hold_up_nobody_for_long(api: Api) -> None:
    slow = [socket.create_connection(("127.0.0.1", api.port)) for _ in range(40)]
    for sender in slow:
        sender.sendall(HEAD + b"Content-Length: 1000\r\n\r\n[")

    reply = httpx.post(f"{api.url}/data", json=[{"message": chat_line()}], timeout=15)

    for sender in slow:
        sender.close()
    assert reply.status_code == 200


def test_a_pause_between_two_requests_is_not_counted(api: Api) -> None:
    with httpx.Client(base_url=api.url) as client:
        for _ in range(2):
            assert client.post("/data", json=[{"message": chat_line()}]).status_code == 200
            time.sleep(PATIENCE_S + 0.2)


def test_a_sender_that_goes_away_in_mid_body_is_no_fault_of_ours(api: Api) -> None:
    with socket.create_connection(("127.0.0.1", api.port)) as sender:
        sender.sendall(HEAD + b"Content-Length: 1000\r\n\r\n[")
    time.sleep(0.3)

    assert httpx.get(f"{api.url}/health").status_code == 200
    assert "request_failed" not in api.output()
