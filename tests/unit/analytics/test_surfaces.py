"""Which call is read by whom."""

import pytest

from analytics.exchange import Surface
from analytics.record import parse
from analytics.surfaces import read
from tests.unit.analytics.lines import exchange, line

RATING = {"responseId": "r1", "rate": True}


@pytest.mark.parametrize(
    ("uri", "surface", "deployment"),
    [
        ("/openai/deployments/gpt-4o/chat/completions", Surface.CHAT, "gpt-4o"),
        ("/openai/deployments/gpt-4o/chat/completions?api-version=1", Surface.CHAT, "gpt-4o"),
        (
            "/openai/deployments/applications/b/my%20app/chat/completions",
            Surface.CHAT,
            "applications/b/my app",
        ),
        ("/openai/deployments/gpt-4o/chat/completions/abc/efg", Surface.CHAT, "gpt-4o"),
        ("/openai/deployments/a/b/embeddings", Surface.EMBEDDINGS, "a/b"),
        ("/openai/v1/responses?stream=true", Surface.RESPONSES, ""),
        ("//anthropic/v1/messages", Surface.ANTHROPIC, ""),
        ("/v1/gpt-4o/rate", Surface.RATE, "gpt-4o"),
        ("/v1/deployments/app/rate", Surface.RATE, "app"),
        ("/v1/ID/chat/rate/abc/efg", Surface.RATE, "ID/chat"),
        ("/v1/toolset/toolsets/weather/mcp", Surface.MCP, "toolsets/weather"),
        ("/v1/deployments/app/mcp", Surface.MCP, "app"),
        ("/v1/deployments/app/route/v1/index", Surface.ROUTE, "app"),
        ("/v1/deployments/app/route/v1/rate", Surface.ROUTE, "app"),
        ("/v1/deployments/app/route/mcp", Surface.ROUTE, "app"),
    ],
)
def test_the_path_tells_the_surface_and_a_missing_deployment(
    uri: str, surface: Surface, deployment: str
) -> None:
    found = exchange(uri, deployment=None, body=RATING)

    assert (found.surface, found.deployment) == (surface, deployment)


@pytest.mark.parametrize(
    "uri",
    [
        "/openai/deployments/ID/completions",
        "/openai/ID/chat/completions",
        "/openai/deployments//chat/completions",
        "/proxy/openai/deployments/gpt-4o/chat/completions",
        "/openai/v1/responses/resp_1",
        "/openai/v2/responses",
        "/anthropic/v1/messages/count_tokens",
        "/v1/toolsets/ID/mcp",
        "/v1/deployments/ID/mcps",
        "/v1/gpt-4o/rates",
        "/other?x=/v1/gpt-4o/rate",
        "",
    ],
)
def test_other_calls_are_of_no_interest(uri: str) -> None:
    assert read(parse(line(uri))) is None


def test_the_deployment_of_the_record_wins() -> None:
    assert exchange("/openai/deployments/in-the-uri/chat/completions").deployment == "gpt-4o"


def test_a_routes_path_has_no_query() -> None:
    assert exchange("/v1/deployments/app/route/v1/a%20b?user=jane").route_path == "/v1/a%20b"
