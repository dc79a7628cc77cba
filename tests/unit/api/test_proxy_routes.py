"""Where calls may go: what is configured, and nothing that a caller could write into a path."""

import json

import pytest

from api.proxy.routes import find, upstreams
from workers.settings import Settings, SettingsError


def settings(**environ: str) -> Settings:
    return Settings.from_env(environ)


@pytest.mark.parametrize(
    ("url", "chat", "azure"),
    [
        ("https://h/v1", "https://h/v1/x", "https://h/openai/deployments/x"),
        ("https://h/", "https://h/v1/x", "https://h/openai/deployments/x"),
        ("https://h/openai/v1", "https://h/openai/v1/x", "https://h/openai/deployments/x"),
    ],
)
def test_one_url_stands_for_all_apis(url: str, chat: str, azure: str) -> None:
    known = upstreams(settings(PROXY_UPSTREAM_URL=url))
    found = [find(known, path) for path in ("/openai/v1/x", "/openai/deployments/x")]

    assert [address.target for address in found if address] == [chat, azure]


def test_the_longest_prefix_wins_and_a_record_knows_the_usual_one() -> None:
    entries = {"/a/openai/v1": "https://a/v1", "/openai/v1": {"url": "https://b/v2/", "key": "k"}}
    known = upstreams(settings(PROXY_UPSTREAM_URL="https://h/v1", PROXY_UPSTREAMS=json.dumps(entries)))

    team, usual = find(known, "/a/openai/v1/x?y=1"), find(known, "/openai/v1/x")

    assert team
    assert (team.target, team.uri) == ("https://a/v1/x?y=1", "/openai/v1/x?y=1")
    assert usual
    assert (usual.target, usual.upstream.key) == ("https://b/v2/x", "k")


def test_without_an_upstream_there_is_no_proxy() -> None:
    assert upstreams(settings()) == ()


@pytest.mark.parametrize(
    "entries",
    [
        '["x"]',
        '{"/other": "https://h"}',
        '{"/openai/v1": "ftp://h"}',
        '{"/openai/v1": {"url": "https://h", "secret": 1}}',
        '{"/openai/v1": {"url": "https://h", "headers": {"X": "a\\nb"}}}',
        "{",
    ],
)
def test_a_wrong_table_stops_the_start_and_is_not_shown(entries: str) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(PROXY_UPSTREAMS=entries)

    assert "PROXY_UPSTREAMS=(hidden)" in str(refused.value)


@pytest.mark.parametrize("headers", ["who=X-User", "user", "user=X User"])
def test_a_wrong_list_of_headers_stops_the_start(headers: str) -> None:
    with pytest.raises(SettingsError, match="PROXY_HEADERS"):
        settings(PROXY_HEADERS=headers)
