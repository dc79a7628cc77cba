"""Token counts and prices as they come."""

from decimal import Decimal
from typing import Any

import pytest

from analytics.exchange import Usage
from analytics.usage import read_usage


def test_everything_that_is_counted() -> None:
    usage, notes = read_usage(
        {
            "prompt_tokens": 30,
            "completion_tokens": 40.0,
            "prompt_tokens_details": {"cached_tokens": 10, "cache_write_tokens": 5},
            "completion_tokens_details": {"reasoning_tokens": 8},
            "price": Decimal("0.0042"),
            "deployment_price": 1,
        }
    )

    assert usage == Usage(30, 40, 10, 5, 8, Decimal("0.0042"), Decimal(1))
    assert notes == ()


def test_a_short_lived_spelling_is_known() -> None:
    assert read_usage({"prompt_token_details": {"cached_tokens": 3}})[0] == Usage(cached_prompt_tokens=3)


@pytest.mark.parametrize("nothing", [None, {}])
def test_nothing_counted_is_none(nothing: dict[str, Any] | None) -> None:
    assert read_usage(nothing) == (None, ())


def test_nulls_are_zero() -> None:
    assert read_usage({"prompt_tokens": None, "prompt_tokens_details": None, "price": None}) == (Usage(), ())


@pytest.mark.parametrize("value", [-1, True, "12", [], {}, 2**63, 10**400, Decimal("1e400"), float("inf")])
def test_what_cannot_be_right_falls_back_with_a_note(value: Any) -> None:
    usage, notes = read_usage(
        {"prompt_tokens": value, "completion_tokens": 4, "price": value, "deployment_price": 2}
    )

    assert usage == Usage(completion_tokens=4, deployment_price=Decimal(2))
    assert notes == ("invalid_prompt_tokens", "invalid_price")


def test_a_negative_zero_is_zero() -> None:
    usage, _ = read_usage({"price": Decimal("-0.0")})

    assert usage is not None
    assert str(usage.price) == "0.0"
