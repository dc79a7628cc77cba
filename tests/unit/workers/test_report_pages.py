"""The queries behind the dashboard: right totals under every filter, the same that the events tell."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from analytics.event import Event
from analytics.exchange import Surface
from tests.events import NOON_NS, make_event, make_events
from workers import reports
from workers.reports import conversations, people, subjects, usage
from workers.reports.choices import choices
from workers.reports.scope import DAY_NS, Scope
from workers.sinks.sqlite import SqliteSink

DAY = NOON_NS // DAY_NS
ALWAYS = Scope()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "analytics.sqlite"


@pytest.fixture
def sink(path: Path) -> Iterator[SqliteSink]:
    with closing(SqliteSink(path)) as opened:
        yield opened


def total(path: Path, scope: Scope = ALWAYS) -> usage.Usage:
    with reports.reading(path) as db:
        usage.gather(db, scope)
        return usage.total(db)


def span(name: str, own: str, price: str, parent: str = "") -> Event:
    return make_event(
        deployment=name,
        model=name,
        core_span_id=name,
        core_parent_span_id=parent,
        price=Decimal(price),
        deployment_price=Decimal(own),
    )


TREE = [
    span("app1", "0", "0.08"),
    span("app2", "0", "0.05", parent="app1"),
    span("model1", "0.05", "0.05", parent="app2"),
    span("model2", "0.03", "0.03", parent="app1"),
]


def test_the_tree_of_nested_calls_costs_eight_cents_and_not_twenty_one(sink: SqliteSink, path: Path) -> None:
    sink.write(TREE)

    assert total(path).cost == Decimal("0.08")
    with reports.reading(path) as db:
        usage.gather(db, ALWAYS)
        models = {each.name: each.usage.cost for each in usage.calls_by(db, "model")}
        [moment] = usage.over_time(db, ALWAYS, "day")
        [chat] = conversations.conversations(db, ALWAYS)
    assert models == {"app1": 0, "app2": 0, "model1": Decimal("0.05"), "model2": Decimal("0.03")}
    assert moment.usage.cost == chat.cost == Decimal("0.08")


def test_the_same_batch_again_costs_nothing_more(sink: SqliteSink, path: Path) -> None:
    sink.write(TREE)
    sink.write(TREE)

    assert total(path).cost == Decimal("0.08")


SPREAD = make_events(
    60,
    project_id=lambda n: ("", "A", "B")[n % 3],
    model=lambda n: ("gpt", "claude")[n % 2],
    language=lambda n: ("en", "de", "undefined", "fr")[n % 4],
    topic=lambda n: ("cooking", "travel", "undefined", "")[n % 4],
    title=lambda n: ("", "Cook")[n % 2],
    user_hash=lambda n: f"user {n % 7}",
    chat_id=lambda n: f"chat {n // 4}",
    ok=lambda n: n % 10 > 0,
    time_ns=lambda n: NOON_NS + n * DAY_NS // 20,
)
SCOPES = [
    ALWAYS,
    Scope(DAY + 1, DAY + 2),
    Scope(model="gpt"),
    Scope(project_id="A", language="de"),
    Scope(DAY, DAY + 2, project_id="B", model="claude", language="fr", deployment="gpt-4o"),
    Scope(model="nobody knows it"),
]


def matching(scope: Scope) -> list[Event]:
    return [
        event
        for event in SPREAD
        if scope.since_day <= event.time_ns // DAY_NS < scope.until_day
        and all(getattr(event, name) == value for name, value in scope.filters.items())
    ]


@pytest.mark.parametrize("scope", SCOPES, ids=str)
def test_every_scope_counts_what_its_events_tell(sink: SqliteSink, path: Path, scope: Scope) -> None:
    sink.write(SPREAD)
    events = matching(scope)
    calls = [event for event in events if event.ok]

    with reports.reading(path) as db:
        for report in (usage, people, subjects):
            report.gather(db, scope)
        told = usage.total(db)
        users = people.users(db)
        found = {topic.name: topic.calls for topic in subjects.topics(db)}
        days = {moment.number: moment.usage.events for moment in usage.over_time(db, scope, "day")}
        hours = usage.over_time(db, scope, "hour")
        chats = {chat.chat_id for chat in conversations.conversations(db, scope)}
        number = conversations.count(db, scope, most=1000)

    assert (told.events, told.requests, told.errors) == (len(events), len(calls), len(events) - len(calls))
    assert told.cost == sum(event.deployment_price for event in calls)
    assert told.tokens == sum(event.prompt_tokens + event.completion_tokens for event in calls)
    assert users == len({event.user_hash for event in events})
    assert found == {
        name: sum(call.topic == name for call in calls)
        for name in {call.topic for call in calls if call.topic}
    }
    assert days == {
        day: sum(event.time_ns // DAY_NS == day for event in events)
        for day in {event.time_ns // DAY_NS for event in events}
    }
    assert sum(hour.usage.events for hour in hours) == len(events)
    if not scope.filters:
        assert chats >= {event.chat_id for event in events}
    else:
        assert {event.chat_id for event in events} <= chats
    assert number == len(chats)


def test_a_broad_filter_finds_the_same_conversations_as_a_rare_one(
    sink: SqliteSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sink.write(SPREAD)
    scope = Scope(model="gpt")

    with reports.reading(path) as db:
        rare = [conversations.conversations(db, scope, order=order) for order in conversations.ORDERS]
        monkeypatch.setattr(conversations, "FEW", 0)
        broad = [conversations.conversations(db, scope, order=order) for order in conversations.ORDERS]

    assert [sorted(chat.chat_id for chat in found) for found in rare] == [
        sorted(chat.chat_id for chat in found) for found in broad
    ]


def test_users_are_counted_once_however_many_days_they_come(sink: SqliteSink, path: Path) -> None:
    sink.write(
        make_events(4, time_ns=lambda n: NOON_NS + n * DAY_NS, user_hash=lambda n: ("anna", "bert")[n % 2])
    )

    with reports.reading(path) as db:
        people.gather(db, ALWAYS)
        assert people.users(db) == 2
        assert people.users_by_day(db) == {DAY + n: 1 for n in range(4)}


def test_a_conversation_is_told_turn_by_turn_with_the_rating_where_it_belongs(
    sink: SqliteSink, path: Path
) -> None:
    sink.write(
        [
            make_event(trace_id="t1", response_id="r1", operation_duration_ms=900, model="app"),
            make_event(trace_id="t1", response_id="r2", operation_duration_ms=500, core_span_id="2"),
            make_event(trace_id="t2", response_id="r3", operation_duration_ms=None, time_ns=NOON_NS + 10),
            make_event(
                surface=Surface.RATE,
                rate=True,
                trace_id="t9",
                response_id="r3",
                time_ns=NOON_NS + 20,
                prompt_tokens=0,
                completion_tokens=0,
                deployment_price=Decimal(0),
                operation_duration_ms=5,
                model="",
            ),
        ]
    )

    with reports.reading(path) as db:
        [chat] = conversations.conversations(db, ALWAYS)
        first, second = conversations.turns(db, "conversations/abc")

    assert (chat.turns, chat.calls, chat.tokens, chat.duration_ms, chat.likes) == (2, 3, 210, 900, 1)
    assert (first.trace_id, first.calls, first.duration_ms, first.likes) == ("t1", 2, 900, 0)
    assert first.models == "app,gpt-4o-2024"
    assert (second.trace_id, second.calls, second.likes, second.dislikes) == ("t2", 1, 1, 0)


def test_examples_of_a_topic_are_ids_the_latest_first(sink: SqliteSink, path: Path) -> None:
    sink.write(make_events(30, topic=lambda n: "cooking" if n % 2 else "travel"))

    with reports.reading(path) as db:
        found = subjects.examples(db, ALWAYS, "cooking", top=3)

    assert [one.response_id for one in found] == ["chatcmpl-29", "chatcmpl-27", "chatcmpl-25"]


def test_sources_of_prices_their_versions_and_what_has_none(sink: SqliteSink, path: Path) -> None:
    kinds = [("core", ""), ("rates", "v1"), ("rates", "v2"), ("none", "")]
    sink.write(
        make_events(8, price_source=lambda n: kinds[n % 4][0], price_version=lambda n: kinds[n % 4][1])
    )

    with reports.reading(path) as db:
        usage.gather(db, ALWAYS)
        sources = {each.name: each.usage.requests for each in usage.calls_by(db, "price_source")}
        versions = [(source, each.name, each.usage.requests) for source, each in usage.versions(db)]
        [unpriced] = usage.unpriced_by(db, "model")

    assert sources == {"core": 2, "rates": 4, "none": 2}
    assert sorted(versions) == [("core", "", 2), ("none", "", 2), ("rates", "v1", 2), ("rates", "v2", 2)]
    assert (unpriced.name, unpriced.usage.requests) == ("gpt-4o-2024", 2)


def test_a_column_that_nobody_knows_is_no_query(sink: SqliteSink, path: Path) -> None:
    sink.write([make_event()])

    with reports.reading(path) as db, pytest.raises(KeyError):
        usage.by(db, "id; DROP TABLE events")


def test_the_filters_offer_what_the_store_has_seen(sink: SqliteSink, path: Path) -> None:
    sink.write(SPREAD)

    with reports.reading(path) as db:
        found = choices(db)
        days = usage.days(db)

    assert found["project_id"] == ("A", "B")
    assert found["language"] == ("de", "en", "fr", "undefined")
    assert days == (DAY, DAY + 3)


def test_an_empty_store_has_no_days(sink: SqliteSink, path: Path) -> None:
    sink.check()

    with reports.reading(path) as db:
        assert usage.days(db) is None
        assert conversations.conversations(db, ALWAYS) == ()
