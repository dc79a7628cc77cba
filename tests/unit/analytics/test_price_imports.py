"""Price lists of others become prices files that mean the same."""

import json
from typing import Any

import pytest

from analytics.pricing.file import read_prices
from analytics.pricing.imports import from_litellm, from_openlit, from_rates
from analytics.pricing.jsonc import parse_jsonc


def test_litellm_counts_single_tokens() -> None:
    listed = """{
        "sample_spec": {"input_cost_per_token": 9},
        "gpt-4o": {"input_cost_per_token": 2.5e-06, "output_cost_per_token": 1e-05, "max_tokens": 16384,
                   "cache_read_input_token_cost": 1.25e-06, "litellm_provider": "openai"},
        "tts-1": {"input_cost_per_character": 1.5e-05},
        "whisper-1": {"input_cost_per_second": 0.0001},
        "painter": {"output_cost_per_image": 0.04},
        "both": {"input_cost_per_token": 1e-06, "input_cost_per_character": 2.5e-07},
        "nothing": {"mode": "chat"}
    }"""
    found = from_litellm(parse_jsonc(listed))

    assert found["prices"] == {
        "gpt-4o": {"input": 2.5, "output": 10, "cached_input": 1.25},
        "tts-1": {"per_1m_chars": 15},
        "whisper-1": {"per_minute": 0.006},
        "painter": {"images": {"standard": {"default": 0.04}}},
        "both": {"input": 1},
    }
    assert read_prices(found).prices.keys() == found["prices"].keys()


def test_openlit_counts_thousands() -> None:
    listed = {
        "chat": {"gpt-4o": {"promptPrice": 0.0025, "completionPrice": 0.01, "cacheReadPrice": 0.00125}},
        "embeddings": {"small": 0.00002},
        "images": {"painter": {"standard": {"1024x1024": 0.04}}},
        "audio": {"tts-1": 0.015, "whisper-1": 0.0001},
    }
    found = from_openlit(parse_jsonc(json.dumps(listed)))

    assert found["prices"] == {
        "gpt-4o": {"input": 2.5, "output": 10, "cached_input": 1.25},
        "small": {"input": 0.02},
        "painter": {"images": {"standard": {"1024x1024": pytest.approx(0.04)}}},
        "tts-1": {"per_1m_chars": 15},
        "whisper-1": {"per_minute": 0.006},
    }
    assert read_prices(found).prices.keys() == found["prices"].keys()


def test_rates_of_dial_keep_their_unit() -> None:
    rates = {
        "m": {"unit": "char_without_whitespace", "prompt_price": "0.0000025", "completion_price": 0.00001}
    }

    assert from_rates(json.dumps(rates))["prices"] == {
        "m": {"input": 2.5, "output": 10, "unit": "char_without_whitespace"}
    }


@pytest.mark.parametrize("document", [{}, {"m": {"mode": "chat"}}, {"m": 5}])
def test_a_list_without_prices_is_no_price_list(document: Any) -> None:
    with pytest.raises(ValueError, match="no price"):
        from_litellm(document)
