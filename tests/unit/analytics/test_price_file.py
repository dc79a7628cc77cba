"""The prices file: the vectors of the specification, and which entry is meant by a name."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.exchange import Exchange, Usage
from analytics.facts import Facts
from analytics.pricing import Cost, PriceBook, PriceSource
from analytics.pricing.file import read_prices, unknown_keys
from analytics.pricing.jsonc import parse_jsonc
from analytics.pricing.price import Price
from analytics.pricing.table import PrefixMode
from tests.unit.analytics.lines import exchange

GPT_4O = {"input": Decimal("2.5"), "cached_input": Decimal("1.25"), "output": Decimal(10)}
SPEECH, HEARD = "/v1/audio/speech", "/v1/audio/transcriptions"


def call(model: str = "gpt-4o", usage: Usage | None = None, **more: Any) -> Exchange:
    """A plain call of a model, with what was counted."""
    body = {"model": "asked", "messages": [{"role": "user", "content": "a b"}]}
    found = exchange("/v1/chat/completions", deployment=None, body=body, reply={"choices": []})
    return replace(found, usage=usage or Usage(100, 20), facts=Facts(response_model=model), **more)


def book(prices: dict[str, Any], mode: PrefixMode = PrefixMode.BOUNDARY, **more: Any) -> PriceBook:
    return PriceBook(file=read_prices({"prices": prices, **more}, mode=mode))


def priced(prices: dict[str, Any], model: str = "gpt-4o", usage: Usage | None = None, **more: Any) -> Cost:
    return book(prices, **more).price(call(model, usage))


def total(price: dict[str, Any], usage: Usage) -> Decimal | None:
    return priced({"gpt-4o": price}, usage=usage).price


def test_the_vector_with_a_cache() -> None:
    cost = priced({"gpt-4o": GPT_4O}, usage=Usage(1000, 200, cached_prompt_tokens=400))

    assert (cost.input_cost, cost.output_cost) == (Decimal("0.002"), Decimal("0.002"))
    assert cost.price == cost.deployment_price == Decimal("0.004")
    assert (cost.source, cost.price_key, cost.price_match) == (PriceSource.PRICES_FILE, "gpt-4o", "exact")
    assert cost.price_version


def test_the_vector_without_a_cache() -> None:
    assert total(GPT_4O, Usage(100, 20)) == Decimal("0.00045")


def test_the_vector_whose_cache_has_no_price_of_its_own() -> None:
    plain = {name: GPT_4O[name] for name in ("input", "output")}

    assert total(plain, Usage(1000, 200, cached_prompt_tokens=400)) == Decimal("0.0045")


def test_b11_a_cache_that_is_free_is_not_one_whose_price_is_unknown() -> None:
    assert total({**GPT_4O, "cached_input": 0}, Usage(1000, 0, cached_prompt_tokens=400)) == Decimal("0.0015")


def test_b11_more_cached_than_asked_costs_what_was_asked() -> None:
    assert total(GPT_4O, Usage(10, 0, cached_prompt_tokens=400)) == Decimal("0.0000125")


def test_every_kind_of_token_has_its_price() -> None:
    price = {
        "input": 1,
        "output": 10,
        "cached_input": 2,
        "cache_write": 3,
        "audio_input": 4,
        "reasoning_output": 20,
        "audio_output": 30,
    }
    usage = Usage(
        100,
        100,
        cached_prompt_tokens=10,
        cache_write_prompt_tokens=20,
        reasoning_completion_tokens=30,
        audio_prompt_tokens=40,
        audio_completion_tokens=50,
    )
    cost = priced({"gpt-4o": price}, usage=usage)

    assert cost.input_cost == Decimal(30 * 1 + 10 * 2 + 20 * 3 + 40 * 4) / 1_000_000
    assert cost.output_cost == Decimal(20 * 10 + 30 * 20 + 50 * 30) / 1_000_000


def test_b12_a_price_of_zero_is_recorded() -> None:
    cost = priced({"gpt-4o": {"input": 0, "output": 0}})

    assert (cost.price, cost.source) == (Decimal(0), PriceSource.PRICES_FILE)


def test_a_side_without_a_price_is_unknown_where_it_is_needed() -> None:
    assert priced({"gpt-4o": {"input": 1}}) == Cost()
    assert total({"input": 1}, Usage(100, 0)) == Decimal("0.0001")


@pytest.mark.parametrize(
    ("model", "key", "match"),
    [
        ("gpt-4o", "gpt-4o", "exact"),
        ("GPT-4O", "gpt-4o", "case"),
        ("our-chat", "gpt-4o", "alias"),
        ("openai/gpt-4o", "gpt-4o", "provider"),
        ("gpt-4o-2024-08-06", "gpt-4o", "prefix"),
        ("gpt-4o-latest", "gpt-4o", "prefix"),
        ("gpt-4o-preview-0125", "gpt-4o", "prefix"),
        ("azure/gpt-4o-2024-11-20", "gpt-4o", "prefix"),
        ("chat-bison@001", "chat-bison", "prefix"),
        ("anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku", "prefix"),
    ],
)
def test_a_name_means_this_entry(model: str, key: str, match: str) -> None:
    listed = {"gpt-4o": GPT_4O, "chat-bison": GPT_4O, "anthropic.claude-3-haiku": GPT_4O}
    cost = priced(listed, model, aliases={"our-chat": "gpt-4o"})

    assert (cost.price_key, cost.price_match) == (key, match)


@pytest.mark.parametrize(
    "model",
    [
        "gpt-4o-mini",
        "gpt-4o-mini-2024-07-18",
        "gpt-4o-audio-preview",
        "gpt-4.1",
        "gpt-4.1-2025-04-14",
        "gpt-40",
    ],
)
def test_b10_another_model_is_never_billed_as_this_one(model: str) -> None:
    assert priced({"gpt-4o": GPT_4O, "gpt-4": GPT_4O}, model) == Cost()


def test_the_longest_prefix_wins_where_any_prefix_counts() -> None:
    listed = {"gpt-4": {"input": 9, "output": 9}, "gpt-4o": GPT_4O}
    cost = priced(listed, "gpt-4o-mini", mode=PrefixMode.LONGEST)

    assert (cost.price_key, cost.price_match) == ("gpt-4o", "longest")


def test_b12_the_model_that_answered_is_asked_for_before_the_one_that_was_asked() -> None:
    listed = {"asked": {"input": 1, "output": 1}, "gpt-4o": GPT_4O}

    assert priced(listed).price_key == "gpt-4o"
    assert priced(listed, "unlisted").price_key == "asked"


def test_a_call_costs_what_was_valid_when_it_was_made() -> None:
    history = [
        {"valid_from": "2026-09-01T12:00:01", "input": 3, "output": 0},
        {"input": 1, "output": 0},
        {"valid_from": "2026-09-01", "input": 2, "output": 0},
    ]
    before = [{"valid_from": "2027-01-01", "input": 1, "output": 1}]

    assert total(history, Usage(1_000_000, 0)) == Decimal(2)  # type: ignore[arg-type]
    assert priced({"gpt-4o": before}) == Cost()


def test_model_rates_come_first_and_dial_core_before_them() -> None:
    rates = PriceBook.from_model_rates('{"asked": {"unit": "token", "prompt_price": 1}}')
    both = replace(rates, file=read_prices({"prices": {"gpt-4o": GPT_4O}}))
    reported = replace(call(), usage=Usage(1, 1, price=Decimal(7), deployment_price=Decimal(7)))

    assert both.price(call()).source is PriceSource.RATES
    assert both.price(reported).source is PriceSource.CORE


def test_characters_are_paid_where_the_unit_says_so() -> None:
    price = {"unit": "char_without_whitespace", "input": 1_000_000, "output": 1}

    assert priced({"gpt-4o": price}).input_cost == Decimal(2)


def test_what_is_not_paid_by_tokens_is_paid_by_piece() -> None:
    drawn = {"images": {"standard": {"1024x1024": "0.04"}, "hd": {"default": "0.08"}}}
    listed = book(
        {"d": drawn, "s": {"per_1m_chars": 15}, "w": {"per_minute": "0.006"}, "r": {"per_request": 1}}
    )

    def cost(uri: str, model: str, **more: Any) -> Decimal | None:
        body = {"model": model, **more}
        reply = {"data": [{}, {}], "usage": {"type": "duration", "seconds": 90}}
        return listed.price(exchange(uri, deployment=None, body=body, reply=reply)).price

    assert cost("/v1/images/generations", "d") == Decimal("0.08")
    assert cost("/v1/images/generations", "d", quality="hd", size="512x512") == Decimal("0.16")
    assert cost(SPEECH, "s", input="abcd") == Decimal("0.00006")
    assert cost(HEARD, "w") == Decimal("0.009")
    assert cost(HEARD, "r") == Decimal(1)


def test_models_behind_an_application_are_priced_too() -> None:
    entries = [{"model": name, "prompt_tokens": 100, "completion_tokens": 20} for name in ("gpt-4o", "new")]
    found = exchange(assembled={"statistics": {"usage_per_model": entries}})
    known, unknown = book({"gpt-4o": GPT_4O}).price_models(found)

    assert (known.price, known.price_source) == (Decimal("0.00045"), "prices_file")
    assert (unknown.price, unknown.price_source) == (Decimal(0), "none")


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ([], "there must be an object"),
        ({"prices": {}}, "allowEmpty"),
        ({"prices": {"m": 5}}, "'m' must be an object"),
        ({"prices": {"m": {}}}, "'m' has no price"),
        ({"prices": {"m": {"input": "cheap"}}}, "'m': input must be a number"),
        ({"prices": {"m": {"input": -1}}}, "'m': input must be a number of at least 0"),
        ({"prices": {"m": {"input": 1, "unit": "word"}}}, "'m': unit must be"),
        ({"prices": {"m": {"images": {"hd": 5}}}}, "'m': images must be"),
        ({"prices": {"m": [{"input": 1}, {"input": 2}]}}, "'m': each entry of a list needs a valid_from"),
        ({"prices": {"m": {"input": 1, "valid_from": "soon"}}}, "'m': valid_from must be a date"),
        ({"prices": {"m": {"input": 1, "currency": "EUR"}}}, "'m': the currency is not USD"),
        ({"prices": {"m": {"input": 1}}, "aliases": {"a": "b"}}, "another name of 'b', which has no price"),
    ],
)
def test_prices_that_make_no_sense_are_refused_in_one_line(document: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint) as caught:
        read_prices(document)

    assert "\n" not in str(caught.value)


def test_an_empty_list_must_be_meant() -> None:
    assert read_prices({"prices": {}, "allowEmpty": True}).prices == {}


def test_other_prices_are_another_version() -> None:
    first, second = ({"prices": {"m": {"input": price}}} for price in (1, 2))

    assert read_prices(first).version == read_prices(first).version != read_prices(second).version


def test_keys_that_mean_nothing_are_told() -> None:
    document = {"prices": {"m": {"input": 1, "ouput": 2}}, "note": ""}

    assert unknown_keys(document) == ["note", "m: ouput"]


def test_comments_and_trailing_commas_are_fine() -> None:
    text = '{ // "a": 1,\n "a": "x // y", /* b,\n } */ "b": [1.10, 2,], }'

    assert parse_jsonc(text) == {"a": "x // y", "b": [Decimal("1.10"), 2]}


@pytest.mark.parametrize(
    ("text", "complaint"), [('{\n "a" 1}', "line 2, column 6"), ('{"a": 1, "a": 2}', "'a' is there twice")]
)
def test_a_mistake_is_told_by_its_place(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_jsonc(text)


TOKENS = st.integers(min_value=0, max_value=10**9)
PRICES = st.decimals(min_value=0, max_value=100, places=4)


@given(TOKENS, TOKENS, TOKENS, TOKENS, PRICES, PRICES)
def test_a_cost_is_never_negative_and_grows_with_what_is_used(
    asked: int, cached: int, answered: int, more: int, dear: Decimal, discount: Decimal
) -> None:
    price = Price(input=dear + discount, cached_input=dear, output=dear)
    some = Usage(asked, answered, cached)
    rest = Usage(asked + more, answered + more, cached)
    sides = [price.asked(some), price.answered(some), price.asked(rest), price.answered(rest)]

    assert all(side is not None and side >= 0 for side in sides)
    assert (sides[0] or 0) <= (sides[2] or 0)
    assert (sides[1] or 0) <= (sides[3] or 0)
