"""Keys: ours opens the proxy and goes no further, theirs passes through and is written nowhere."""

from collections.abc import Iterator

import httpx
import pytest

from tests.integration.proxied import ProxyProcess
from tests.upstream import Upstream

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream() as running:
        yield running


@pytest.fixture(scope="module")
def guarded(upstream: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProxyProcess]:
    process = ProxyProcess(
        tmp_path_factory.mktemp("proxy"),
        PROXY_UPSTREAM_URL=upstream.url,
        PROXY_UPSTREAM_KEY="sk-upstream",
        PROXY_TOKENS="old-token,new-token",
    )
    yield process.up()
    process.kill()


@pytest.mark.parametrize(
    ("name", "start"), [("Authorization", "Bearer "), ("api-key", ""), ("x-api-key", "")]
)
def test_a_token_is_replaced_by_the_key_of_the_upstream_where_it_stands(
    upstream: Upstream, guarded: ProxyProcess, name: str, start: str
) -> None:
    reply = httpx.get(f"{guarded.url}/openai/v1/models", headers={name: start + "new-token"})

    sent = {header.lower(): value for header, value in upstream.seen[-1].headers.items()}
    assert reply.status_code == 200
    assert sent[name.lower()] == start + "sk-upstream"
    assert "new-token" not in str(sent)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "new-token"}])
def test_without_a_token_nobody_comes_in(
    upstream: Upstream, guarded: ProxyProcess, headers: dict[str, str]
) -> None:
    before = len(upstream.seen)
    reply = httpx.get(f"{guarded.url}/openai/v1/models", headers=headers)

    assert (reply.status_code, reply.json()["error"]["code"]) == (401, "invalid_api_key")
    assert len(upstream.seen) == before


def test_a_key_of_the_caller_passes_through(
    upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> None:
    process = ProxyProcess(tmp_path_factory.mktemp("open"), PROXY_UPSTREAM_URL=upstream.url).up()
    httpx.get(f"{process.url}/anthropic/v1/models", headers={"x-api-key": "sk-caller"})
    process.kill()

    assert upstream.seen[-1].headers["x-api-key"] == "sk-caller"


def test_a_key_of_ours_is_for_nobody_from_outside(tmp_path_factory: pytest.TempPathFactory) -> None:
    process = ProxyProcess(
        tmp_path_factory.mktemp("outside"),
        HOST="0.0.0.0",  # noqa: S104 - it must refuse
        PROXY_UPSTREAM_URL="http://127.0.0.1:1",
        PROXY_UPSTREAM_KEY="sk-upstream",
    )
    process.start()

    assert process.wait() == 1
    assert "PROXY_TOKENS" in process.output()
    assert "sk-upstream" not in process.output()
