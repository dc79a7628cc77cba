"""Conversations: the latest, the longest or the most expensive ones, and one of them turn by turn."""

from api.dashboard.address import Address
from api.dashboard.figures import count, moment
from api.dashboard.view import Card, Column, Link, Table, View
from workers.reports import Store, conversations
from workers.reports.conversations import Conversation, Turn

AT_ONCE = 50
# Nobody turns over more pages than these; to count further would take longer than to show them.
MOST = 5000
ORDERS = {"recent": "Latest", "cost": "Most expensive", "tokens": "Most tokens", "calls": "Most requests"}


def make(db: Store, address: Address) -> View:
    chosen = address.args.get("chat", "")
    return _one(db, address, chosen) if chosen else _many(db, address)


def _many(db: Store, address: Address) -> View:
    order = _order(address)
    whole = conversations.count(db, address.scope, most=MOST)
    last = max(1, -(-whole // AT_ONCE))
    page = min(_page(address), last)
    found = conversations.conversations(
        db, address.scope, order=order, top=AT_ONCE, skip=(page - 1) * AT_ONCE
    )
    steps = {
        "Newer" if order == "recent" else "Higher": page - 1,
        "Older" if order == "recent" else "Lower": page + 1,
    }
    return View(
        cards=[_card(whole, f"in this time; page {page} of {count(last)}")],
        blocks=[_table(address, found, ORDERS[order])],
        extra={
            "orders": [
                (label, address.url(sort=name, at=""), name == order) for name, label in ORDERS.items()
            ],
            "steps": [(name, address.url(at=str(to))) for name, to in steps.items() if 1 <= to <= last],
        },
    )


def _card(whole: int, detail: str) -> Card:
    if whole == MOST:
        return Card("Conversations", f"{count(whole)} or more", "text", detail)
    return Card("Conversations", whole, detail=detail)


def _order(address: Address) -> str:
    chosen = address.args.get("sort", "")
    return chosen if chosen in ORDERS else "recent"


def _page(address: Address) -> int:
    text = address.args.get("at", "")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 9 else 1  # noqa: PLR2004


def _table(address: Address, found: tuple[Conversation, ...], title: str) -> Table:
    columns = (
        Column("last", "Last (UTC)", "moment"),
        Column("chat_id", "Conversation", "id"),
        Column("project_id", "Project"),
        Column("topic", "Topic"),
        Column("models", "Models"),
        Column("turns", "Turns", "count"),
        Column("requests", "Requests", "count"),
        Column("tokens", "Tokens", "count"),
        Column("cost_usd", "Cost", "money"),
        Column("duration_ms", "Time", "duration"),
        Column("rating", "Rating"),
    )
    rows = [
        (
            each.last_ns,
            Link(each.chat_id, address.url(chat=each.chat_id, at="", sort="")),
            each.project_id,
            each.topic,
            each.models.replace(",", ", "),
            each.turns,
            each.calls,
            each.tokens,
            each.cost,
            each.duration_ms,
            rating(each.likes, each.dislikes),
        )
        for each in found
    ]
    return Table("conversations", title, columns, rows, empty="No conversation went on in this time.")


def rating(likes: int, dislikes: int) -> str:
    """In words: colours and thumbs alone do not reach everybody."""
    told = [(likes, "liked"), (dislikes, "disliked")]
    return ", ".join(f"{word} {number} times" if number > 1 else word for number, word in told if number)


def _one(db: Store, address: Address, chat_id: str) -> View:
    turns = conversations.turns(db, chat_id)
    known = [turn.duration_ms for turn in turns if turn.duration_ms is not None]
    return View(
        cards=[
            Card("Turns", len(turns), detail=_when(turns)),
            Card("Tokens", sum(turn.tokens for turn in turns)),
            Card("Cost", sum(turn.cost for turn in turns), "money"),
            Card("Time", sum(known) if known else None, "duration", "the longest call of each turn"),
        ],
        blocks=[_turns(turns)],
        extra={"chat": chat_id, "back": address.url(chat="")},
    )


def _when(turns: tuple[Turn, ...]) -> str:
    return f"{moment(turns[0].time_ns)} to {moment(turns[-1].time_ns)} UTC" if turns else "never seen"


def _turns(turns: tuple[Turn, ...]) -> Table:
    columns = (
        Column("time", "Time (UTC)", "moment"),
        Column("trace_id", "Trace", "id"),
        Column("topic", "Topic"),
        Column("models", "Models"),
        Column("events", "Calls", "count"),
        Column("errors", "Failed", "count"),
        Column("tokens", "Tokens", "count"),
        Column("cost_usd", "Cost", "money"),
        Column("duration_ms", "Time", "duration"),
        Column("rating", "Rating"),
    )
    rows = [
        (
            turn.time_ns,
            turn.trace_id,
            turn.topic,
            turn.models.replace(",", ", "),
            turn.calls,
            turn.errors,
            turn.tokens,
            turn.cost,
            turn.duration_ms,
            rating(turn.likes, turn.dislikes),
        )
        for turn in turns
    ]
    return Table("turns", "Turns", columns, rows, empty="No such conversation is in the store.")
