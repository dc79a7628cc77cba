"""Spans: whose trace they join, how they hang together, what their times are, and what they never say."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.event import Event
from analytics.exchange import APIS, Surface
from analytics.telemetry.attributes import Telling
from analytics.telemetry.meters import labels_of
from analytics.telemetry.provider import place, provider
from analytics.telemetry.spans import Span, derived, span_of
from tests.events import NOON_NS, make_event

TRACE = "5dca3d6ed5d22b6ab574f27a6ab5ec14"


def chat(**overrides: Any) -> Event:
    known = {"operation": "chat", "api": "chat.completions", "has_usage": True, "request_model": "gpt-4o"}
    return make_event(**{**known, **overrides})


def span(**overrides: Any) -> Span:
    return span_of(chat(**overrides), Telling())


def test_the_trace_of_the_caller_is_joined() -> None:
    assert span().trace_id == int(TRACE, 16)


def test_a_call_hangs_below_the_call_that_made_it() -> None:
    parent = span(core_span_id="a" * 16, core_parent_span_id="")
    child = span(core_span_id="b" * 16, core_parent_span_id="a" * 16)

    assert parent.parent_id is None
    assert child.parent_id == parent.span_id
    assert child.span_id != parent.span_id


def test_a_span_links_to_the_one_of_dial_core_and_never_takes_its_id() -> None:
    made = span()

    assert made.link == (int(TRACE, 16), 0x9ADE2B6FEF0A716D)
    assert made.span_id == derived(TRACE, "9ade2b6fef0a716d") != 0x9ADE2B6FEF0A716D


def test_ids_are_the_same_each_time_and_in_either_case() -> None:
    assert span() == span()
    assert span(trace_id=TRACE.upper()).span_id == span().span_id


@pytest.mark.parametrize("trace", ["", "0" * 32, "xyz", TRACE[1:], TRACE + "0"])
def test_without_a_trace_the_event_makes_its_own(trace: str) -> None:
    made = span(trace_id=trace)

    assert made.trace_id
    assert (made.parent_id, made.link) == (None, None)
    assert made.span_id == span(trace_id=trace).span_id


def test_times_are_those_of_the_call() -> None:
    made = span(operation_duration_ms=812)

    assert (made.start_ns, made.end_ns) == (NOON_NS, NOON_NS + 812_000_000)


def test_an_end_that_nobody_knows_is_said_to_be_estimated() -> None:
    made = span(operation_duration_ms=None)

    assert made.end_ns == made.start_ns
    assert made.attributes["dial.end_time_estimated"] is True


def test_a_name_is_operation_and_model() -> None:
    assert span().name == "chat gpt-4o"
    assert span(request_model="", deployment="").name == "chat"


def test_a_failed_call_says_how_it_failed() -> None:
    made = span(ok=False, status="429", error_type="rate_limit_exceeded")

    assert made.error == made.attributes["error.type"] == "rate_limit_exceeded"
    assert made.attributes["error.message"] == "HTTP 429"
    assert span().error == ""


def test_a_stream_that_fails_after_its_200_is_a_failure_too() -> None:
    assert span(ok=True, error_type="server_error").error == "server_error"


def test_usage_that_nobody_counted_is_not_zero() -> None:
    assert not [name for name in span(has_usage=False).attributes if name.startswith("gen_ai.usage.input")]


def test_a_price_that_nobody_knows_is_not_zero() -> None:
    assert "gen_ai.usage.cost" not in span(price_source="none", deployment_price=Decimal(0)).attributes
    assert span(price_source="rates", deployment_price=Decimal(0)).attributes["gen_ai.usage.cost"] == 0.0


def test_costs_are_left_out_on_request() -> None:
    made = span_of(chat(), Telling(costs=False))

    assert not [name for name in made.attributes if "cost" in name or "price" in name]


def test_an_id_that_we_made_up_is_not_told_as_the_reply_s() -> None:
    from analytics.event import own_response_id

    known = chat(response_id="chatcmpl-1")
    assert span_of(known, Telling()).attributes["gen_ai.response.id"] == "chatcmpl-1"
    event = make_event(id="ab" * 16, operation="chat", response_id=own_response_id("ab" * 16))
    assert "gen_ai.response.id" not in span_of(event, Telling()).attributes


def test_only_host_and_port_of_an_upstream_are_told() -> None:
    made = span(upstream="https://user:secret@eu.openai.azure.com:8443/deployments/x?api-key=secret")

    assert made.attributes["server.address"] == "eu.openai.azure.com"
    assert made.attributes["server.port"] == 8443
    assert made.attributes["gen_ai.provider.name"] == "azure.ai.openai"
    assert "secret" not in str(made.attributes)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.openai.com", "openai"),
        ("my.openai.azure.com", "azure.ai.openai"),
        ("api.anthropic.com", "anthropic"),
        ("bedrock-runtime.eu-west-1.amazonaws.com", "aws.bedrock"),
        ("europe-west1-aiplatform.googleapis.com", "gcp.vertex_ai"),
        ("api.mistral.ai", "mistral_ai"),
        ("box.ai", "openai"),
        ("", "openai"),
    ],
)
def test_a_provider_is_known_by_its_host(host: str, name: str) -> None:
    assert provider(host) == name


@pytest.mark.parametrize("url", ["", "not a url", "http://[", "http://h:99999", "/v1/chat"])
def test_a_url_without_a_host_has_no_place(url: str) -> None:
    assert place(url) == ("", None)


@pytest.mark.parametrize("surface", APIS)
def test_an_operation_has_one_name_on_spans_and_metrics(surface: Surface) -> None:
    event = chat(surface=surface, operation=APIS[surface].operation, api=APIS[surface].name)
    said = span_of(event, Telling()).attributes

    assert labels_of(event).operation == said["gen_ai.operation.name"]
    assert labels_of(event).provider == said["gen_ai.provider.name"]


@pytest.mark.parametrize("surface", Surface)
def test_every_surface_becomes_a_span(surface: Surface) -> None:
    api = APIS.get(surface)
    made = span_of(make_event(surface=surface, operation=api.operation if api else ""), Telling())

    assert made.name
    assert made.attributes["dial.surface"] == surface.value


@given(
    trace=st.text(max_size=40),
    core=st.text(max_size=20),
    url=st.text(max_size=60),
    status=st.text(max_size=4),
)
def test_hostile_values_make_a_span_all_the_same(trace: str, core: str, url: str, status: str) -> None:
    made = span(
        trace_id=trace, core_span_id=core, core_parent_span_id=core, url=url, upstream=url, status=status
    )

    assert 0 < made.trace_id < 2**128
    assert 0 < made.span_id < 2**64
