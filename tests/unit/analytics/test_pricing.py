"""What an exchange costs."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.pricing import Cost, PriceBook, PriceSource
from tests.unit.analytics.lines import ANSWER, EMBEDDINGS, MCP, QUESTION, RESPONSES, exchange

RATES = {
    "gpt-4o": {"unit": "token", "prompt_price": "0.0000025", "completion_price": "0.00001"},
    "bison": {"unit": "char_without_whitespace", "prompt_price": 0.5, "completion_price": 0.25},
    "ada": {"unit": "token", "prompt_price": "0.0000001"},
}
BOOK = PriceBook.from_model_rates(json.dumps(RATES))
NOTHING = Cost()


def priced(book: PriceBook = BOOK, uri: str | None = None, **overrides: Any) -> Cost:
    arguments = {"body": QUESTION, "assembled": ANSWER, **overrides}
    return book.price(exchange(uri, **arguments) if uri else exchange(**arguments))


def test_what_core_reports_comes_first() -> None:
    cost = priced(token_usage={"prompt_tokens": 1, "price": 0.3, "deployment_price": 0.1})

    assert cost == Cost(Decimal("0.3"), Decimal("0.1"), PriceSource.CORE)


def test_the_oldest_name_of_the_price_is_known() -> None:
    assert priced(token_usage={"agg_cost": 0.3}).price == Decimal("0.3")


def test_a_price_of_zero_is_a_price() -> None:
    assert priced(token_usage={"price": 0}) == Cost(Decimal(0), Decimal(0), PriceSource.CORE)


def test_a_deployment_price_alone_counts_only_in_the_newer_measurements() -> None:
    usage = {"deployment_price": 3}

    assert priced(PriceBook(), token_usage=usage) == NOTHING
    assert priced(PriceBook(), RESPONSES, token_usage=usage) == Cost(Decimal(0), Decimal(3), PriceSource.CORE)


def test_tokens_are_priced_exactly() -> None:
    asked, answered = 22 * Decimal("0.0000025"), 9 * Decimal("0.00001")
    own = asked + answered

    assert priced() == Cost(own, own, PriceSource.RATES, BOOK.version, "gpt-4o", "exact", asked, answered)


def test_characters_are_counted_without_spaces_but_with_line_ends() -> None:
    body = {"messages": [{"role": "user", "content": "a b"}, {"role": "user", "content": "c"}]}
    reply = {"choices": [{"message": {"content": "x y  z\n"}}]}

    assert priced(deployment="bison", body=body, assembled=reply).price == Decimal(3)


def test_the_deployment_is_looked_up_before_the_model() -> None:
    assert priced(deployment="ada").price == 22 * Decimal("0.0000001")
    assert priced(deployment="unknown").price == priced().price
    assert priced(deployment="unknown", body={"model": "unknown"}) == NOTHING


def test_without_a_count_there_is_no_price() -> None:
    assert priced(assembled={"id": "x"}) == NOTHING


def test_calls_that_failed_or_ask_no_model_have_none() -> None:
    assert priced(status="500", token_usage={"price": 1}) == NOTHING
    assert priced(uri=MCP, token_usage={"price": 1}) == NOTHING


def test_embeddings_have_no_answer_to_pay_for() -> None:
    cost = priced(uri=EMBEDDINGS, deployment="ada", assembled=None, reply={"usage": {"prompt_tokens": 43}})

    assert cost.price == Decimal("0.0000043")


def test_models_behind_an_application_have_their_own_rates() -> None:
    entries = [
        {"model": name, "prompt_tokens": 100, "completion_tokens": 20} for name in ("gpt-4o", "bison", "new")
    ]

    found = BOOK.price_models(exchange(assembled={"statistics": {"usage_per_model": entries}}))

    assert [used.price for used in found] == [Decimal("0.00045"), 0, 0]


def test_other_rates_are_another_version() -> None:
    changed = PriceBook.from_model_rates(json.dumps({**RATES, "ada": {"unit": "token", "prompt_price": 1}}))
    reordered = PriceBook.from_model_rates(json.dumps(dict(reversed(RATES.items()))))

    assert changed.version != BOOK.version == reordered.version
    assert PriceBook.from_model_rates("") == PriceBook.from_model_rates("{}") == PriceBook()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "MODEL_RATES is not JSON"),
        ("[]", "MODEL_RATES must be an object"),
        ('{"m": 5}', "'m' must be an object"),
        ('{"m": {}}', "'m': unit must be token or char_without_whitespace"),
        ('{"m": {"unit": "word"}}', "'m': unit must be"),
        ('{"m": {"unit": "token", "prompt_price": "cheap"}}', "'m': prompt_price must be a number"),
        ('{"m": {"unit": "token", "prompt_price": true}}', "'m': prompt_price must be a number"),
        (
            '{"m": {"unit": "token", "completion_price": -1}}',
            "'m': completion_price must be a number of at least 0",
        ),
        ('{"m": {"unit": "token", "completion_price": NaN}}', "'m': completion_price must be a number"),
    ],
)
def test_rates_that_make_no_sense_are_refused_in_one_line(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        PriceBook.from_model_rates(text)

    assert "\n" not in str(caught.value)


TOKENS = st.integers(min_value=0, max_value=10**9)
PRICES = st.decimals(min_value=0, max_value=1, places=9)


def own_price(rate: dict[str, Any], asked: int, answered: int) -> Decimal:
    book = PriceBook.from_model_rates(json.dumps({"gpt-4o": rate}))
    cost = priced(book, token_usage={"prompt_tokens": asked, "completion_tokens": answered})
    assert cost.price is not None
    return cost.price


@given(TOKENS, TOKENS, TOKENS, TOKENS, PRICES, PRICES)
def test_prices_add_up_and_are_never_negative(a: int, b: int, c: int, d: int, x: Decimal, y: Decimal) -> None:
    rate = {"unit": "token", "prompt_price": str(x), "completion_price": str(y)}

    assert own_price(rate, a + c, b + d) == own_price(rate, a, b) + own_price(rate, c, d) >= 0
