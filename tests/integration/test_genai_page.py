"""What the calls used and cost, as Prometheus reads it: the same figures as OpenTelemetry gets."""

from decimal import Decimal
from typing import Any

import pytest
import redis
from prometheus_client.parser import text_string_to_metric_families

from api.app import create_app
from tests.events import make_event
from tests.servers import Valkey
from workers.meters import Meters
from workers.settings import Settings

pytestmark = pytest.mark.integration


def page(server: Valkey) -> dict[str, Any]:
    settings = Settings.from_env({"REDIS_URL": server.url, "OPENAI_TELEMETRY_CURRENCY": "EUR"})
    answer = create_app(settings).test_client().get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.get_data(as_text=True))}


def test_tokens_costs_and_durations_are_on_the_page(valkey_server: Valkey, valkey: redis.Redis) -> None:
    call = {
        "operation": "chat",
        "has_usage": True,
        "deployment_price": Decimal("0.002"),
        "request_model": 'a"b\\c',
    }
    failed = make_event(**call, ok=False, status="429", error_type="rate_limit_exceeded")
    Meters(valkey).add([make_event(**call), failed])

    found = page(valkey_server)

    tokens = {
        (sample.labels["gen_ai_token_type"], sample.labels.get("le")): sample.value
        for sample in found["gen_ai_client_token_usage"].samples
        if sample.name.endswith("_bucket")
    }
    assert (tokens["input", "16"], tokens["input", "64"], tokens["input", "+Inf"]) == (0, 2, 2)
    (spent,) = found["gen_ai_usage_total_cost"].samples
    assert (spent.name, spent.value) == ("gen_ai_usage_total_cost_total", 0.004)
    assert (spent.labels["currency"], spent.labels["gen_ai_request_model"]) == ("EUR", 'a"b\\c')
    sums = {
        sample.labels.get("error_type", ""): sample.value
        for sample in found["gen_ai_client_operation_duration_seconds"].samples
        if sample.name.endswith("_sum")
    }
    assert sums == {"": 0.812, "rate_limit_exceeded": 0.812}


def test_before_the_first_call_there_is_a_page_without_them(
    valkey_server: Valkey, valkey: redis.Redis
) -> None:
    assert not [name for name in page(valkey_server) if name.startswith("gen_ai")]
