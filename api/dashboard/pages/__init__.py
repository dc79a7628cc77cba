"""One file a page: reports in, a `View` out. The order is that of the navigation."""

from collections.abc import Callable
from dataclasses import dataclass

from api.dashboard.address import Address
from api.dashboard.pages import conversations, cost, overview, topics
from api.dashboard.view import View
from workers.reports import Store

Make = Callable[[Store, Address], View]


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    title: str
    lead: str
    make: Make


PAGES = {
    page.name: page
    for page in (
        Page("overview", "Overview", "How much DIAL is used, by whom, and what it costs.", overview.make),
        Page("topics", "Topics", "What people talk about. No texts are stored.", topics.make),
        Page("cost", "Cost", "Where the money goes, and what has no price.", cost.make),
        Page("conversations", "Conversations", "How conversations went, turn by turn.", conversations.make),
    )
}
