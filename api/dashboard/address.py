"""What a page is about, read from its URL: time, filters, refresh. Every page keeps them for the next one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from api.dashboard.figures import day, day_number, long_day
from workers.reports.scope import Scope

# Name in the URL -> what it is called, and how many days it holds; they end with today, in UTC.
RANGES = {
    "today": ("Today", 1),
    "2d": ("2 days", 2),
    "7d": ("7 days", 7),
    "30d": ("30 days", 30),
    "90d": ("90 days", 90),
    "365d": ("12 months", 365),
}
ALL, CUSTOM, USUAL = "all", "custom", "30d"
# Name in the URL -> column of the store.
FILTERS = {"project": "project_id", "model": "model", "deployment": "deployment", "language": "language"}
REFRESHES = {"off": "Off", "15": "15 s", "60": "1 min", "300": "5 min"}
USUAL_REFRESH = "60"
# Kept when one goes from page to page.
LASTING = ("range", "from", "to", *FILTERS, "refresh")
# Of one page: its topic, its conversation, its order and its place in a long list.
OWN = ("topic", "chat", "sort", "at")
# Up to so many days are drawn by the hour.
HOURLY_DAYS = 2
Days = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Address:
    """`args` are the URL's; `stored` the first and last day of the store, None while it is empty."""

    page: str
    args: Mapping[str, str]
    today: int
    stored: Days | None = None

    @property
    def range(self) -> str:
        """Without a choice the usual one; all of the store when it has nothing as young as that."""
        chosen = self.args.get("range", "")
        if chosen in RANGES or chosen == ALL:
            return chosen
        if self._dates() != (None, None):
            return CUSTOM
        too_old = self.stored and self.stored[1] <= self.today - RANGES[USUAL][1]
        return ALL if too_old else USUAL

    @property
    def days(self) -> Days:
        """The first day and the one after the last."""
        if self.range in RANGES:
            return self.today + 1 - RANGES[self.range][1], self.today + 1
        first, last = self.stored or (self.today, self.today)
        if self.range == CUSTOM:
            since, until = self._dates()
            first, last = sorted(
                (day_number(since) if since else first, day_number(until) if until else self.today)
            )
        return first, last + 1

    def _dates(self) -> tuple[date | None, date | None]:
        return _date(self.args.get("from", "")), _date(self.args.get("to", ""))

    @property
    def scope(self) -> Scope:
        first, after = self.days
        return Scope(first, after, **{column: self.args.get(name, "") for name, column in FILTERS.items()})

    @property
    def unit(self) -> str:
        """How finely time is drawn."""
        first, after = self.days
        return "hour" if after - first <= HOURLY_DAYS else "day"

    @property
    def told(self) -> str:
        """The days in words."""
        first, after = self.days
        if after - first == 1:
            return long_day(day(first))
        return f"{long_day(day(first))} to {long_day(day(after - 1))}"

    @property
    def refresh(self) -> str:
        chosen = self.args.get("refresh", USUAL_REFRESH)
        return chosen if chosen in REFRESHES else USUAL_REFRESH

    @property
    def filters(self) -> dict[str, str]:
        return {name: self.args[name] for name in FILTERS if self.args.get(name)}

    def url(self, page: str = "", **changes: str) -> str:
        """Give this address with changes, "" to leave one out; another page keeps only what lasts."""
        kept = self.args if page in ("", self.page) else {k: self.args[k] for k in LASTING if k in self.args}
        query = {name: value for name, value in {**kept, **changes}.items() if value}
        path = f"/{page or self.page}"
        return f"{path}?{urlencode(query)}" if query else path


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
