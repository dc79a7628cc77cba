"""What an exchange cost: what was reported, else what our own prices say. Decimal throughout.

A price is the cost of a span with everything it called; a deployment price is its own cost alone.
"""

from analytics.pricing.book import Catalog, PriceBook, Pricer
from analytics.pricing.cost import Cost, PriceSource
from analytics.pricing.rates import Rate, Unit

__all__ = ["Catalog", "Cost", "PriceBook", "PriceSource", "Pricer", "Rate", "Unit"]
