"""What the reports count and add up, over events that we know."""

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.event import Event
from analytics.exchange import Surface
from tests.events import NOON_NS, make_event, make_events
from workers import reports
from workers.reports import Count, Period, Ratings, ReportError, Summary, Use
from workers.sinks.sqlite import SqliteSink


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a folder?#%" / "analytics.sqlite"


def summary_of(path: Path, events: Iterable[Event], period: Period = reports.ALL_TIME) -> Summary:
    with closing(SqliteSink(path)) as sink:
        sink.write(list(events))
        sink.check()
        return reports.summary(path, period)


def call(name: str, own: str, total: str, parent: str = "") -> Event:
    """A span of the tree in which price(span) = own price + prices of its children."""
    return make_event(
        deployment=name,
        model=name,
        core_span_id=name,
        core_parent_span_id=parent,
        parent_deployment=parent,
        price=Decimal(total),
        deployment_price=Decimal(own),
    )


def test_nested_calls_are_paid_once(path: Path) -> None:
    tree = [
        call("app1", "0", "0.08"),
        call("app2", "0", "0.05", parent="app1"),
        call("model1", "0.05", "0.05", parent="app2"),
        call("model2", "0.03", "0.03", parent="app1"),
    ]

    summary = summary_of(path, tree)

    assert summary.totals.cost == Decimal("0.08")
    assert {use.name: use.cost for use in summary.models if use.cost} == {
        "model1": Decimal("0.05"),
        "model2": Decimal("0.03"),
    }
    assert [use.cost for use in summary.projects] == [Decimal("0.08")]


def test_use_is_told_by_model_the_most_used_first(path: Path) -> None:
    model = {"model": lambda n: "claude" if n % 3 else "gpt"}
    summary = summary_of(path, make_events(9, **model))

    assert summary.models == (
        Use("claude", requests=6, prompt_tokens=180, completion_tokens=240, cost=Decimal("0.0252")),
        Use("gpt", requests=3, prompt_tokens=90, completion_tokens=120, cost=Decimal("0.0126")),
    )


def test_topics_languages_projects_and_users_are_counted(path: Path) -> None:
    events = make_events(
        6,
        topic=lambda n: ("cooking", "cooking", "travel", "cooking", "undefined", "travel")[n],
        language=lambda n: "de" if n else "en",
        project_id=lambda n: ("", "A", "B")[n % 3],
        user_hash=lambda n: ("", "anna", "bert", "anna", "carl", "anna")[n],
    )

    summary = summary_of(path, events)

    assert summary.topics == (Count("cooking", 3), Count("travel", 2), Count("undefined", 1))
    assert summary.languages == (Count("de", 5), Count("en", 1))
    assert [use.name for use in summary.projects] == ["", "A", "B"]
    assert (summary.totals.users, summary.totals.projects) == (3, 2)


def test_a_call_that_nobody_asked_a_topic_for_counts_for_none(path: Path) -> None:
    summary = summary_of(path, [make_event(topic=""), make_event(topic="cooking")])

    assert summary.topics == (Count("cooking", 1),)
    assert summary.totals.requests == 2


def test_errors_are_counted_by_status_and_are_no_requests(path: Path) -> None:
    failed = make_events(3, ok=lambda _: False, status=lambda n: "500" if n else "429")

    summary = summary_of(path, [*failed, make_event()])

    assert summary.errors == (Count("500", 2), Count("429", 1))
    assert (summary.totals.events, summary.totals.errors, summary.totals.requests) == (4, 3, 1)
    assert summary.totals.cost == Decimal("0.0042")


def test_tools_routes_and_ratings_are_events_but_no_requests(path: Path) -> None:
    others = [make_event(surface=surface) for surface in (Surface.MCP, Surface.ROUTE, Surface.RATE)]

    summary = summary_of(path, [*others, make_event()])

    assert (summary.totals.events, summary.totals.requests) == (4, 1)
    assert sum(use.requests for use in summary.models) == 1


def test_likes_and_dislikes_are_told_apart_and_the_unknown_counts_as_neither(path: Path) -> None:
    rates = (True, True, False, None)

    summary = summary_of(
        path,
        [make_event(surface=Surface.RATE, rate=rate, response_id=str(n)) for n, rate in enumerate(rates)],
    )

    assert summary.ratings == Ratings(likes=2, dislikes=1)


def test_a_period_starts_with_its_first_moment_and_ends_before_its_last(path: Path) -> None:
    events = make_events(10, time_ns=lambda n: NOON_NS + n)

    totals = summary_of(path, events, Period(NOON_NS + 2, NOON_NS + 5)).totals

    assert (totals.events, totals.first_ns, totals.last_ns) == (3, NOON_NS + 2, NOON_NS + 4)


def test_lists_end_after_the_first_few(path: Path) -> None:
    with closing(SqliteSink(path)) as sink:
        sink.write(make_events(30, topic=lambda n: f"topic {n:02}"))
        summary = reports.summary(path, top=3)

    assert summary.topics == (Count("topic 00", 1), Count("topic 01", 1), Count("topic 02", 1))


def test_an_empty_store_is_a_summary_of_nothing(path: Path) -> None:
    summary = summary_of(path, [])

    assert summary.totals == reports.Totals(0, 0, 0, 0, None, None, 0, 0, 0, Decimal(0))
    assert (summary.models, summary.topics, summary.ratings) == ((), (), Ratings(0, 0))


def test_more_money_than_64_bits_hold_adds_up(path: Path) -> None:
    events = make_events(3, deployment_price=lambda n: Decimal(9_000_000) - n * Decimal("1e-12"))

    assert summary_of(path, events).totals.cost == Decimal("26999999.999999999997")


@settings(deadline=None)
@given(st.lists(st.decimals(0, 1000, places=12), max_size=20))
def test_costs_are_exact_and_add_up_over_models(
    tmp_path_factory: pytest.TempPathFactory, prices: list[Decimal]
) -> None:
    path = tmp_path_factory.mktemp("store") / "analytics.sqlite"
    events = make_events(len(prices), deployment_price=lambda n: prices[n], model=lambda n: f"model {n % 3}")

    summary = summary_of(path, events)

    assert summary.totals.cost == sum(prices)
    assert sum(use.cost for use in summary.models) == sum(prices)


def test_a_store_that_is_not_there_is_a_clear_error(path: Path) -> None:
    with pytest.raises(ReportError) as missing:
        reports.summary(path)

    assert missing.value.reason == "no_store"
    assert not path.exists()


def test_a_file_without_our_tables_is_no_store(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.sqlite")) as db:
        db.execute("CREATE TABLE other (a)")

    with pytest.raises(ReportError) as empty:
        reports.summary(tmp_path / "other.sqlite")

    assert empty.value.reason == "no_store"


def test_a_file_that_is_no_database_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Dear diary, " * 1000)

    with pytest.raises(ReportError) as other:
        reports.summary(tmp_path / "notes.txt")

    assert other.value.reason == "unreadable_store"


def test_a_reader_cannot_write(path: Path) -> None:
    summary_of(path, [make_event()])

    with pytest.raises(ReportError), reports.reading(path) as db:
        db.execute("DELETE FROM events")

    assert reports.summary(path).totals.events == 1


def test_a_reader_sees_one_moment_while_the_writer_goes_on(path: Path) -> None:
    with closing(SqliteSink(path)) as sink:
        sink.write(make_events(1))
        with reports.reading(path) as db:
            before = reports.totals(db)
            sink.write(make_events(5))
            assert reports.totals(db) == before

    assert reports.summary(path).totals.events == 5
