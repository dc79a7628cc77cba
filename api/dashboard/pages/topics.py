"""Topics: how they change over time, which job titles ask about them, and ids to look some of them up."""

from collections import Counter
from collections.abc import Sequence

from api.dashboard.address import Address
from api.dashboard.figures import count
from api.dashboard.pages import parts
from api.dashboard.view import Card, Chart, Column, Heat, Link, Table, View
from workers.reports import Store, subjects
from workers.reports.subjects import Cell, Topic

UNDEFINED = "undefined"
# More lines than this are no picture, and a wider table is none either.
DRAWN, TITLES, WARM_TOPICS = 6, 8, 15
WARMTHS = 9
EXAMPLES = 20


def make(db: Store, address: Address) -> View:
    scope = address.scope
    subjects.gather(db, scope)
    found = subjects.topics(db, top=500)
    chosen = address.args.get("topic", "")
    examples = [_examples(db, address, chosen)] if chosen else []
    return View(
        cards=_cards(found),
        blocks=[
            *examples,
            _trend(address, found, subjects.trend(db)),
            _topics(address, found),
            _heat(found, subjects.by_title(db)),
        ],
    )


def _cards(found: Sequence[Topic]) -> list[Card]:
    calls = sum(topic.calls for topic in found)
    undefined = sum(topic.calls for topic in found if topic.name == UNDEFINED)
    named = [topic for topic in found if topic.name != UNDEFINED]
    return [
        Card("Topics", len(named), detail="that came up"),
        Card("Requests", calls, detail="in a conversation, so with a topic"),
        Card("Undefined", undefined / calls if calls else None, "share", f"{count(undefined)} requests"),
        Card("Most frequent", named[0].name if named else None, "text", _times(named)),
    ]


def _times(named: Sequence[Topic]) -> str:
    return f"{count(named[0].calls)} requests" if named else "no topic yet"


def _trend(address: Address, found: Sequence[Topic], cells: Sequence[Cell]) -> Chart:
    """The most frequent topics day by day."""
    drawn = [topic.name for topic in found if topic.name != UNDEFINED][:DRAWN]
    calls = {(cell.topic, cell.place): cell.calls for cell in cells}
    first, after = address.days
    rows = [
        (parts.day_name(number), *(calls.get((name, number), 0) for name in drawn))
        for number in range(first, after)
    ]
    columns = (Column("day", "Day (UTC)"), *(Column(name, name, "count") for name in drawn))
    return Chart(Table("topics_over_time", "The most frequent topics over time", columns, rows), stacked=True)


def _topics(address: Address, found: Sequence[Topic]) -> Table:
    rows = [(Link(topic.name, address.url(topic=topic.name) + "#examples"), topic.calls) for topic in found]
    table = parts.counted("topics", "All topics", Column("topic", "Topic"), rows)
    return parts.noted(table, "Choose a topic to see where it came up.")


def _heat(found: Sequence[Topic], cells: Sequence[Cell]) -> Heat:
    """Topics against job titles. Warmth follows the square root: small numbers are told apart."""
    topics = [topic.name for topic in found if topic.name != UNDEFINED][:WARM_TOPICS]
    calls = {(cell.topic, cell.place): cell.calls for cell in cells if cell.topic in topics}
    titles = Counter[str]()
    for (_, title), number in calls.items():
        titles[title] += number
    places = [title for title, _ in titles.most_common(TITLES)]
    hottest = max(calls.values(), default=0) or 1
    rows = [(topic, tuple(calls.get((topic, title), 0) for title in places)) for topic in topics]
    names = tuple(title or "(no title)" for title in places)
    columns = (Column("topic", "Topic"), *(Column(name, name, "count") for name in names))
    table = Table("topics_by_title", "Topics by job title", columns, [(name, *row) for name, row in rows])
    warm = [(name, tuple((n, _warmth(n, hottest)) for n in row)) for name, row in rows]
    return Heat(table, names, warm)


def _warmth(calls: int, hottest: int) -> int:
    return 0 if not calls else max(1, round(WARMTHS * (calls / hottest) ** 0.5))


def _examples(db: Store, address: Address, topic: str) -> Table:
    found = subjects.examples(db, address.scope, topic, top=EXAMPLES)
    rows = [
        (
            each.time_ns,
            Link(each.chat_id, address.url("conversations", chat=each.chat_id)) if each.chat_id else "",
            each.title,
            each.language,
            each.model,
            each.response_id,
            each.trace_id,
        )
        for each in found
    ]
    columns = (
        Column("time", "Time (UTC)", "moment"),
        Column("chat_id", "Conversation", "id"),
        Column("title", "Job title"),
        Column("language", "Language"),
        Column("model", "Model"),
        Column("response_id", "Response", "id"),
        Column("trace_id", "Trace", "id"),
    )
    return Table("examples", f"Latest requests about “{topic}”", columns, rows)
