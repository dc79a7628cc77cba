"""Cost: by model over time, by where its prices come from, and what has none; cached and reasoning tokens."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from api.dashboard.address import Address
from api.dashboard.figures import count
from api.dashboard.pages import parts
from api.dashboard.view import Card, Chart, Column, Table, View
from workers.reports import Store, people, usage
from workers.reports.usage import Moment, Named, Usage

DRAWN = 5
SOURCES = {
    "core": "DIAL Core priced it",
    "provider": "The reply told it",
    "rates": "MODEL_RATES",
    "prices_file": "Prices file",
    "catalog": "Catalogue of genai-prices",
    "none": "Nobody knows a price",
}


def make(db: Store, address: Address) -> View:
    usage.gather(db, address.scope)
    people.gather(db, address.scope)
    total = usage.total(db)
    moments = usage.over_time_by(db, address.scope, address.unit, "model")
    models = sorted(usage.calls_by(db, "model"), key=lambda each: -each.usage.cost)
    return View(
        cards=_cards(total, people.users(db)),
        blocks=[
            _by_model(address, models, moments),
            _tokens(address, usage.together(moments)),
            _models(address, models),
            parts.use_table(
                address, "by_project", "By project", "project_id", usage.calls_by(db, "project_id")
            ),
            _sources(usage.calls_by(db, "price_source")),
            _versions(usage.versions(db)),
            _unpriced(address, usage.unpriced_by(db, "model")),
        ],
    )


def _cards(total: Usage, users: int) -> list[Card]:
    each, person = (total.cost / number if number else None for number in (total.requests, users))
    cached = total.cached_prompt_tokens / total.prompt_tokens if total.prompt_tokens else None
    thought = total.reasoning_completion_tokens / total.completion_tokens if total.completion_tokens else None
    return [
        Card("Cost", total.cost, "money", "own cost of every call"),
        Card("A request", each, "money", f"{count(total.requests)} requests"),
        Card("A user", person, "money", f"{count(users)} users"),
        Card("Cached", cached, "share", f"{count(total.cached_prompt_tokens)} prompt tokens"),
        Card("Reasoning", thought, "share", f"{count(total.reasoning_completion_tokens)} answer tokens"),
        Card("Unpriced", total.unpriced, detail="requests without a price", alarm=total.unpriced > 0),
    ]


def _by_model(address: Address, models: Sequence[Named], moments: Sequence[tuple[str, Moment]]) -> Chart:
    """The most expensive models over time, the others together."""
    drawn = [each.name for each in models if each.usage.cost][:DRAWN]
    costs: defaultdict[tuple[str, int], Decimal] = defaultdict(Decimal)
    for name, moment in moments:
        costs[name if name in drawn else "", moment.number] += moment.usage.cost
    names = [*drawn, ""] if len(models) > len(drawn) else drawn
    rows = [(label, *(costs[name, number] for name in names)) for number, label in parts.slots(address)]
    columns = [Column(name or "others", name or "All others", "money") for name in names]
    first = parts.first_column(address)
    table = Table("cost_by_model_over_time", "Cost by model", (first, *columns), rows)
    return Chart(table, stacked=True, unit="money")


def _tokens(address: Address, moments: Sequence[Moment]) -> Chart:
    """Parts that do not overlap: what is cached or written to a cache is part of the prompt."""
    series: list[parts.Series] = [
        (Column("fresh_prompt_tokens", "Prompt", "count"), _fresh),
        (Column("cached_prompt_tokens", "Cached prompt", "count"), lambda use: use.cached_prompt_tokens),
        (
            Column("cache_write_prompt_tokens", "Cache writes", "count"),
            lambda use: use.cache_write_prompt_tokens,
        ),
        (Column("answer_tokens", "Answer", "count"), _answer),
        (Column("reasoning_tokens", "Reasoning", "count"), lambda use: use.reasoning_completion_tokens),
    ]
    return Chart(parts.time_table(address, "token_kinds", "Tokens by kind", series, moments), stacked=True)


def _fresh(use: Usage) -> int:
    return max(0, use.prompt_tokens - use.cached_prompt_tokens - use.cache_write_prompt_tokens)


def _answer(use: Usage) -> int:
    return max(0, use.completion_tokens - use.reasoning_completion_tokens)


def _models(address: Address, found: Sequence[Named]) -> Table:
    columns = (
        Column("model", "Model"),
        Column("requests", "Requests", "count"),
        Column("prompt_tokens", "Prompt tokens", "count"),
        Column("cached_prompt_tokens", "Cached", "count"),
        Column("completion_tokens", "Completion tokens", "count"),
        Column("reasoning_completion_tokens", "Reasoning", "count"),
        Column("cost_usd", "Cost", "money"),
        Column("cost_per_1k_tokens_usd", "Per 1,000 tokens", "money"),
    )
    rows = [
        (
            parts.linked(address, "model", each.name),
            each.usage.requests,
            each.usage.prompt_tokens,
            each.usage.cached_prompt_tokens,
            each.usage.completion_tokens,
            each.usage.reasoning_completion_tokens,
            each.usage.cost,
            1000 * each.usage.cost / each.usage.tokens if each.usage.tokens else None,
        )
        for each in found
    ]
    return Table("cost_by_model", "By model", columns, rows, meter="cost_usd")


_MONEY = (Column("requests", "Requests", "count"), Column("cost_usd", "Cost", "money"))


def _sources(found: Sequence[Named]) -> Table:
    rows = [(SOURCES.get(each.name, each.name), each.usage.requests, each.usage.cost) for each in found]
    note = "Where the price of a request comes from."
    columns = (Column("price_source", "Source"), *_MONEY)
    return Table("by_price_source", "By source of the price", columns, rows, note=note, meter="requests")


def _versions(found: Sequence[tuple[str, Named]]) -> Table:
    rows = [
        (SOURCES.get(source, source), each.name, each.usage.requests, each.usage.cost)
        for source, each in found
    ]
    columns = (Column("price_source", "Source"), Column("price_version", "Version"), *_MONEY)
    return Table("by_price_version", "By version of the prices", columns, rows, meter="requests")


def _unpriced(address: Address, found: Sequence[Named]) -> Table:
    rows = [
        (parts.linked(address, "model", each.name), each.usage.requests, each.usage.tokens) for each in found
    ]
    columns = (
        Column("model", "Model"),
        Column("requests", "Requests", "count"),
        Column("tokens", "Tokens", "count"),
    )
    return Table(
        "unpriced_models",
        "Models without a price",
        columns,
        rows,
        empty="Every request of this time has a price.",
        note="MODEL_RATES can name a price for them." if rows else "",
        meter="requests",
    )
