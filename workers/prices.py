"""The prices file on the disk: read, watched while the work goes on, and never worse than it was before.

It is looked at on use, at most every two seconds, by its content: an edit in place, a rename over it, a
swapped symlink and a file that only comes later are all the same to us.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from analytics.exchange import Exchange, ModelUsage
from analytics.facts import code
from analytics.pricing import Catalog, Cost, PriceBook, PriceSource
from analytics.pricing.file import read_prices
from analytics.pricing.jsonc import parse_jsonc
from analytics.pricing.table import PrefixMode, PriceTable
from workers.settings import Settings

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
# Who has just written may still be writing.
SETTLE_S = 0.3
MOST_SAID = 100

YAML = (".yaml", ".yml")


class PricesError(Exception):
    """What is wrong with the file, in one line."""


def read_document(path: Path) -> Any:
    """Open JSON, with comments if need be, or YAML by its name; raises PricesError."""
    try:
        return opened(path.read_text("utf-8-sig"), path.suffix)
    except (OSError, ValueError) as wrong:
        raise PricesError(_in_one_line(path, wrong)) from wrong


def opened(text: str, suffix: str = "") -> Any:
    """The document in a text; raises ValueError."""
    if suffix.lower() not in YAML:
        return parse_jsonc(text)
    try:
        import yaml
    except ImportError:
        raise ValueError("YAML needs PyYAML: pip install 'dial-analytics[worker]'") from None
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ValueError(f"not YAML at line {mark.line + 1}" if mark else "not YAML") from error


def read_table(path: Path, mode: PrefixMode = PrefixMode.BOUNDARY, currency: str = "USD") -> PriceTable:
    """The prices of a file; raises PricesError."""
    document = read_document(path)
    try:
        return read_prices(document, mode=mode, currency=currency)
    except ValueError as wrong:
        raise PricesError(_in_one_line(path, wrong)) from wrong


def make_prices(settings: Settings) -> "Prices":
    """The prices of this environment. At the start a broken file is an error, a missing one is not."""
    rates = PriceBook.from_model_rates(settings.model_rates)
    return Prices(
        replace(rates, catalog=_catalog(settings)),
        settings.prices_file,
        partial(
            read_table,
            mode=PrefixMode(settings.price_match),
            currency=settings.telemetry_currency or "USD",
        ),
    )


class Prices:
    """The book of the moment: `book()` is cheap, and safe to call from several threads."""

    def __init__(
        self,
        book: PriceBook,
        path: Path | None,
        read: Callable[[Path], PriceTable] = read_table,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._book = book
        self._path = path
        self._read = read
        self._clock = clock
        self._wall = wall
        self._lock = threading.Lock()
        self._seen: bytes | None = None
        self._look_at = clock()
        self._said: set[str] = set()
        self.last_error = ""
        if path is not None:
            self._look(path)
            if self.last_error and path.exists():
                raise PricesError(self.last_error)

    def book(self) -> PriceBook:
        if self._path is not None:
            with self._lock:
                if self._clock() >= self._look_at:
                    self._look(self._path)
        return self._book

    def price(self, exchange: Exchange) -> Cost:
        """As the book of the moment says; the first time that it knows no price, tell the log."""
        cost = self.book().price(exchange)
        if cost.source in (PriceSource.NONE, PriceSource.PRICES_FILE):
            self._remark(exchange, cost)
        return cost

    def price_models(self, exchange: Exchange) -> tuple[ModelUsage, ...]:
        return self.book().price_models(exchange)

    def _remark(self, exchange: Exchange, cost: Cost) -> None:
        """Once for each model, for so many models: their names come from outside."""
        usage = exchange.usage
        loose = cost.price_match == "longest"
        unpriced = cost.price is None and exchange.ok and usage is not None and usage.prompt_tokens > 0
        model = code(exchange.model) or "unknown"
        if not (loose or unpriced) or model in self._said or len(self._said) >= MOST_SAID:
            return
        self._said.add(model)
        extra = {"model": model} | ({"as": cost.price_key} if loose else {})
        logger.warning("priced_by_prefix" if loose else "unpriced_model", extra=extra)

    def _look(self, path: Path) -> None:
        self._look_at = self._clock() + LOOK_EVERY_S
        try:
            digest = _digest(path)
        except OSError:
            self._missing(path)
            return
        if digest == self._seen:
            return
        if self._seen is not None and self._just_written(path):
            self._look_at = self._clock() + SETTLE_S
            return
        self._seen = digest
        self._load(path)

    def _just_written(self, path: Path) -> bool:
        try:
            return abs(self._wall() - path.stat().st_mtime) < SETTLE_S
        except OSError:
            return True

    def _load(self, path: Path) -> None:
        """Take the new prices, or keep those at hand and say why."""
        try:
            table = self._read(path)
        except PricesError as wrong:
            self.last_error = str(wrong)
            logger.error("prices_kept", extra={"reason": self.last_error, "version": self._book.file.version})  # noqa: TRY400
            return
        self.last_error = ""
        self._book = replace(self._book, file=table)
        logger.info("prices_loaded", extra={"version": table.version, "models": len(table.prices)})

    def _missing(self, path: Path) -> None:
        if self._seen != b"" or not self.last_error:
            self.last_error = f"{path}: there is no such file"
            logger.warning("prices_missing", extra={"version": self._book.file.version})
        self._seen = b""


def _digest(path: Path) -> bytes:
    """A price list is small: reading it is the one test that no way of replacing it escapes."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).digest()


def _catalog(settings: Settings) -> Catalog | None:
    if settings.price_catalog == "none":
        return None
    try:
        from workers.catalog import GenaiPrices
    except ImportError:
        raise PricesError(
            "PRICE_CATALOG=genai-prices is not installed: pip install 'dial-analytics[worker]'"
        ) from None

    return GenaiPrices()


def _in_one_line(path: Path, wrong: Exception) -> str:
    said = wrong.strerror if isinstance(wrong, OSError) else str(wrong)
    return f"{path}: {said}".replace("\n", " ")
