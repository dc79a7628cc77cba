"""`dial-analytics prices`: check a prices file, explain what a model costs, import other lists."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import click
from rich.table import Table

from analytics.exchange import Exchange, Surface, Usage
from analytics.facts import Facts
from analytics.pricing.book import candidates
from analytics.pricing.file import MONEY, read_prices, unknown_keys
from analytics.pricing.imports import IMPORTERS, from_rates
from analytics.pricing.price import Price
from analytics.pricing.table import PriceTable
from analytics.record import LogRecord
from api import terminal
from workers.prices import PricesError, make_prices, opened, read_document, read_table

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
DAY = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"])
RATES = "rates"
# A price that differs by more is no discount.
SAME, FAR = Decimal(1), 50


@click.group()
def prices() -> None:
    """Look after the prices of models: PRICES_FILE, MODEL_RATES and PRICE_CATALOG."""


@prices.command()
@click.argument("file", type=EXISTING, required=False)
def check(file: Path | None) -> None:
    """Say whether FILE, or PRICES_FILE, can be used, and what looks like a mistake."""
    settings = terminal.settings()
    path = file or settings.prices_file
    if path is None:
        raise click.UsageError("Name a file, or set PRICES_FILE.")
    try:
        document, table = read_document(path), read_table(path, currency=settings.telemetry_currency)
    except PricesError as wrong:
        raise click.ClickException(str(wrong)) from None
    console = terminal.console()
    for key in unknown_keys(document):
        console.print(f"not known, and without effect: {key}")
    for doubt in _doubts(table):
        console.print(doubt)
    history = sum(len(entries) > 1 for entries in table.prices.values())
    console.print(
        f"{path}: {len(table.prices)} models, {history} with a history, {len(table.aliases)} aliases;"
        f" version {table.version}"
    )


@prices.command()
@click.argument("model")
@click.option("--at", "when", type=DAY, help="As of that day; today unless given.")
@click.option("--input", "asked", default=1_000_000, show_default=True, help="Tokens asked.")
@click.option("--output", "answered", default=1_000_000, show_default=True, help="Tokens answered.")
@click.option("--cached", default=0, show_default=True, help="Of the tokens asked, those from a cache.")
def explain(model: str, when: datetime | None, asked: int, answered: int, cached: int) -> None:
    """Show what a call of MODEL would cost, by which entry of which list, and why."""
    moment = (when or datetime.now(UTC)).replace(tzinfo=UTC)
    settings = terminal.settings()
    try:
        book = make_prices(settings).book()
    except PricesError as wrong:
        raise click.ClickException(str(wrong)) from None
    call = _call(model, Usage(asked, answered, cached), moment)
    cost = book.price(call)
    if cost.price is None:
        found = book.file.find(candidates(call), moment)
        if found is not None:
            click.echo(f"{model}: {found.key} has no price of such a call, only {_said(found.price)}.")
            raise SystemExit(1)
        known = f"{len(book.rates.by_name)} rates, {len(book.file.prices)} prices"
        click.echo(f"{model}: no price. Looked for {', '.join(candidates(call))} in {known}.")
        raise SystemExit(1)
    table = Table("", "", show_header=False)
    for name, value in {
        "model": model,
        "source": cost.source.value,
        "entry": cost.price_key,
        "found by": cost.price_match,
        "version": cost.price_version,
        "input": _usd(cost.input_cost),
        "output": _usd(cost.output_cost),
        "total": _usd(cost.price),
    }.items():
        table.add_row(name, value)
    terminal.console().print(table)


@prices.command("import")
@click.argument("file", type=EXISTING)
@click.option(
    "--format", "kind", type=click.Choice([*IMPORTERS, RATES]), required=True, help="Whose price list it is."
)
@click.option("--only", help="Only models whose name contains this.")
def import_(file: Path, kind: str, only: str | None) -> None:
    """Print the prices file that says what the price list FILE of somebody else says."""
    try:
        text = file.read_text("utf-8-sig")
        document = from_rates(text) if kind == RATES else IMPORTERS[kind](opened(text, file.suffix))
        named = {name: entry for name, entry in document["prices"].items() if (only or "") in name}
        document["prices"] = named
        read_prices(document)
    except (OSError, ValueError, AttributeError) as wrong:
        raise click.ClickException(f"{file}: {wrong}") from None
    click.echo(json.dumps(document, indent=2, ensure_ascii=False))


def _said(price: Price) -> str:
    """The prices that an entry has."""
    given = {name: getattr(price, name) for name in MONEY}
    money = [f"{name} {value.normalize():f}" for name, value in given.items() if value is not None]
    images = [
        f"images {quality} {size} {value.normalize():f}"
        for quality, sizes in price.images.items()
        for size, value in sizes.items()
    ]
    return ", ".join(money + images)


def _call(model: str, usage: Usage, when: datetime) -> Exchange:
    record = LogRecord(digest="", uri="", time=when, status="200")
    facts = Facts(request_model=model)
    return replace(Exchange(record, Surface.CHAT, model=model), usage=usage, facts=facts)


def _doubts(table: PriceTable) -> Iterator[str]:
    """Prices of a token or a thousand among those of a million: the catalogue would know, if it is here."""
    try:
        from workers.catalog import GenaiPrices  # noqa: PLC0415 - heavy, and only in the worker's extra
    except ImportError:
        return
    catalog, now = GenaiPrices(), datetime.now(UTC)
    for name, entries in table.prices.items():
        listed = catalog.find((name,), Usage(1_000_000, 0), now)
        ours, theirs = entries[-1].input, listed[1].asked if listed else None
        if ours and theirs and not SAME / FAR < ours / theirs < SAME * FAR:
            far = f"{ours:f} for a million tokens, but {theirs.normalize():f} in {catalog.version}"
            yield f"{name}: input is {far}"


def _usd(value: Decimal | None) -> str:
    return "-" if value is None else f"{value.normalize():,f} USD"
