"""The plain parts of the dashboard: what an address means, how numbers are told, what an export holds."""

import csv
import io
import json
from decimal import Decimal
from hashlib import sha256

import pytest
from flask import Flask, request

from api.dashboard import export, figures, guard
from api.dashboard.address import Address
from api.dashboard.view import Chart, Column, Link, Table
from tests.house.tree import ROOT
from workers.reports.scope import Scope

TODAY = 20_780  # 2026-11-23


def address(stored: tuple[int, int] | None = (20_000, TODAY), **args: str) -> Address:
    return Address("overview", args, TODAY, stored)


def test_the_usual_time_is_the_last_thirty_days() -> None:
    assert (address().range, address().days) == ("30d", (TODAY - 29, TODAY + 1))


def test_a_store_that_ended_long_ago_is_shown_as_a_whole() -> None:
    old = address((TODAY - 70, TODAY - 64))

    assert (old.range, old.days) == ("all", (TODAY - 70, TODAY - 63))


def test_today_is_drawn_by_the_hour() -> None:
    assert (address(range="today").unit, address(range="7d").unit) == ("hour", "day")


def test_dates_are_a_time_of_their_own_in_either_order() -> None:
    dates = {"from": "2026-11-05", "to": "2026-11-02"}
    chosen = Address("overview", dates, TODAY, (20_000, TODAY))

    assert chosen.range == "custom"
    assert chosen.told == "2 November 2026 to 5 November 2026"


@pytest.mark.parametrize("wrong", [{"range": "forever"}, {"from": "yesterday"}, {"refresh": "1"}])
def test_what_nobody_understands_is_the_usual(wrong: dict[str, str]) -> None:
    found = Address("overview", wrong, TODAY, (20_000, TODAY))

    assert (found.range, found.refresh) == ("30d", "60")


def test_filters_and_time_go_along_to_the_next_page_and_its_own_choices_do_not() -> None:
    here = Address("topics", {"model": "a/b&c", "range": "7d", "topic": "x"}, TODAY)

    assert here.url("cost") == "/cost?range=7d&model=a%2Fb%26c"
    assert here.url(range="") == "/topics?model=a%2Fb%26c&topic=x"
    assert here.scope == Scope(TODAY - 6, TODAY + 1, model="a/b&c")


@pytest.mark.parametrize(
    ("value", "told"),
    [(0, "0"), (9_999, "9,999"), (12_345, "12.3 k"), (123_456, "123 k"), (12_345_678, "12.3 M")],
)
def test_large_numbers_are_short_on_cards(value: int, told: str) -> None:
    assert figures.brief(value, "count") == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("0", "$0.00"),
        ("1234.5", "$1,234.50"),
        ("0.08", "$0.08"),
        ("0.00123", "$0.0012"),
        ("1e-9", "$0.0000000010"),
    ],
)
def test_money_shows_the_digits_that_count(value: str, told: str) -> None:
    assert figures.money(Decimal(value)) == told


@pytest.mark.parametrize(
    ("ms", "told"), [(812, "812 ms"), (3400, "3.4 s"), (125_000, "2 min 5 s"), (7_500_000, "2 h 5 min")]
)
def test_durations_are_told_in_units_that_fit(ms: float, told: str) -> None:
    assert figures.duration(ms) == told


def test_times_are_utc() -> None:
    assert figures.moment(1_788_264_000_123_000_000) == "1 Sep 2026, 12:00"
    assert figures.iso(1_788_264_000_123_000_000) == "2026-09-01T12:00:00Z"


TABLE = Table(
    "things",
    "Things",
    (Column("time", "Time", "moment"), Column("name", "Name"), Column("cost", "Cost", "money")),
    [
        (1_788_264_000_000_000_000, Link("=HYPERLINK(1)", "/x"), Decimal("0.000000000010")),
        (None, 'a "quoted", name', Decimal(100)),
    ],
)


def test_a_csv_is_exact_and_runs_nothing_in_a_spreadsheet() -> None:
    with Flask("test").test_request_context():
        text = export.as_file(TABLE, "csv").get_data(as_text=True)

    assert list(csv.reader(io.StringIO(text))) == [
        ["time", "name", "cost"],
        ["2026-09-01T12:00:00Z", "'=HYPERLINK(1)", "0.00000000001"],
        ["", 'a "quoted", name', "100"],
    ]


def test_a_json_holds_the_same() -> None:
    with Flask("test").test_request_context():
        reply = export.as_file(TABLE, "json")

    assert reply.headers["Content-Disposition"] == 'attachment; filename="things.json"'
    assert json.loads(reply.get_data())[0] == {
        "time": "2026-09-01T12:00:00Z",
        "name": "=HYPERLINK(1)",
        "cost": "0.00000000001",
    }


def test_an_empty_chart_is_drawn_from_empty_series() -> None:
    data = Chart(Table("none", "None", TABLE.columns, [])).data()

    assert data["labels"] == []
    assert data["series"] == [{"name": "Name", "values": []}, {"name": "Cost", "values": []}]


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({}, False),
        ({"Origin": "http://here:5001"}, True),
        ({"Origin": "https://here:5001"}, True),
        ({"Origin": "http://elsewhere"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://here:5001"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "none"}, False),
    ],
)
def test_only_a_form_of_ours_may_do_something(headers: dict[str, str], ours: bool) -> None:
    with Flask("test").test_request_context(base_url="http://here:5001", headers=headers):
        assert guard.same_origin(request) is ours


def test_libraries_of_others_are_what_their_table_says() -> None:
    folder = ROOT / "api/static/vendor"
    table = (folder / "README.md").read_text("utf-8")
    scripts = list(folder.glob("*/*.js"))

    assert scripts
    for script in scripts:
        row = next(line for line in table.splitlines() if str(script.relative_to(folder)) in line)
        assert sha256(script.read_bytes()).hexdigest() in row
        assert (script.parent / "LICENSE.md").is_file()
        assert str(script.relative_to(folder)) in (ROOT / "api/templates/base.html").read_text("utf-8")
