"""The sample log is what its sources make and what its README promises."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

import pytest

from analytics.language import detect
from analytics.pipeline import Analysis, Tools, analyze
from analytics.pricing import PriceBook
from samples.dialcore.conversation import load_conversations
from samples.make_sample import SAMPLE, build
from tests.unit.samples.sample_log import PROPERTIES, Record, assembled, kind, lines, records

README = SAMPLE.with_name("README.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<what>.+?) \| (?P<lines>\d+) \|", re.MULTILINE)
PROMISED = {row["what"]: int(row["lines"]) for row in ROW.finditer(README)}
KEYS = (
    *("apiType", "chat", "project", "user", "claims", "headers", "token_usage", "deployment"),
    *("parent_deployment", "execution_path", "operation_duration_ms", "assembled_response"),
    *("trace", "request", "response"),
)
CONTROLS = re.compile(r"[\x00-\x1f]")


@pytest.fixture(scope="module")
def analysis() -> Analysis:
    return analyze(lines(), Tools(detect, _no_topics, PriceBook.from_model_rates("{}")))


def _no_topics(texts: Sequence[str]) -> list[str]:
    return ["undefined"] * len(texts)


def test_the_generator_writes_the_committed_bytes() -> None:
    assert build().encode() == SAMPLE.read_bytes()


def test_every_line_but_one_is_json() -> None:
    assert len(lines()) == PROMISED["all lines"]
    assert len(lines()) - len(records()) == PROMISED["corrupt"] == 1


def test_the_corrupt_line_breaks_off_where_old_cores_broke_off() -> None:
    assert [line for line in lines() if line.endswith('"assembled_response":"')] != []


def test_the_readme_counts_the_kinds_of_lines() -> None:
    counted = Counter(map(kind, records()))

    assert {name: PROMISED[name] for name in counted} == counted


@pytest.mark.parametrize("name", PROPERTIES)
def test_the_readme_counts_what_the_lines_show(name: str) -> None:
    assert sum(map(PROPERTIES[name], records())) == PROMISED[name] > 0


def test_some_lines_hold_raw_control_characters() -> None:
    found = [line for line in lines() if CONTROLS.search(line)]

    assert len(found) == PROMISED["raw control characters, vertical tabs and file separators among them"]
    assert any("\x0b" in line for line in found)
    assert any("\x1c" in line for line in found)


def test_the_readme_promises_nothing_that_no_test_counts() -> None:
    lines_of_their_own = {
        "all lines",
        "corrupt",
        "raw control characters, vertical tabs and file separators among them",
    }

    assert PROMISED.keys() - PROPERTIES.keys() - {*map(kind, records())} == lines_of_their_own


def test_the_lines_cover_seven_days() -> None:
    days = {datetime.fromisoformat(record["request"]["time"]).date() for record in records()}

    assert days == {date(2026, 9, day) for day in range(14, 21)}


def test_keys_stand_in_the_order_of_core() -> None:
    assert all(sorted(record, key=KEYS.index) == list(record) for record in records())


def test_slashes_are_escaped_and_times_have_no_trailing_zero() -> None:
    times = [record["request"]["time"] for record in records()]

    assert all(r"\/" in line and not re.search(r"[^\\]/", line) for line in lines())
    assert not any("." in time and time.endswith("0") for time in times)


def test_many_people_and_projects_call_many_deployments() -> None:
    people = {record["user"]["id"] for record in records()} - {""}
    projects = {record["project"]["id"] for record in records()} - {""}

    promised = f"{len(people)} people with 64-digit hashes and job titles, {len(projects)} projects"
    assert promised in README
    assert f"{len({record['deployment'] for record in records()})} deployments" in README
    assert all(re.fullmatch("[0-9a-f]{64}", person) for person in people)


def test_the_conversations_are_many_and_distinct() -> None:
    conversations = load_conversations()
    questions = {turn.user for conversation in conversations for turn in conversation.turns}
    topics = {conversation.topic for conversation in conversations}
    languages = {conversation.language for conversation in conversations}

    assert len({conversation.id for conversation in conversations}) == len(conversations) >= 110
    assert len(questions) >= 200
    assert f"{len(languages)} languages, all {len(topics)} topics" in README


def test_a_rating_is_about_a_reply_in_the_log() -> None:
    replies = {found for record in records() for found in re.findall(r'"id":"([^"]+)"', assembled(record))}
    rated = [_response_id(record) for record in records() if kind(record) == "ratings"]

    assert set(rated) <= replies | _replies_without_assembled()


def _response_id(record: Record) -> str:
    found = re.search(r'"responseId":"([^"]+)"', record["request"]["body"])
    assert found is not None
    return found[1]


def _replies_without_assembled() -> set[str]:
    bodies = [record["response"].get("body", "") for record in records()]
    return {found for body in bodies for found in re.findall(r'"id":"([^"]+)"', body)}


def test_the_price_tree_adds_up() -> None:
    tree = [record for record in records() if "price-tree" in record["chat"]["id"]]
    root = next(record for record in tree if record["deployment"] == "trip-planner")
    trace = root["trace"]["trace_id"]
    spans = [record for record in records() if record.get("trace", {}).get("trace_id") == trace]
    whole = Decimal(str(root["token_usage"]["price"]))

    own = sum(Decimal(str(record["token_usage"]["deployment_price"])) for record in spans)
    naive = sum(Decimal(str(record["token_usage"]["price"])) for record in spans)

    assert own == whole == Decimal("0.08")
    assert naive == Decimal("0.21")


def test_only_the_corrupt_line_cannot_be_analysed(analysis: Analysis) -> None:
    assert [failure.reason for failure in analysis.failures] == ["invalid_json"]
    assert sum(analysis.dropped.values()) == PROMISED["other paths"]
    assert len(analysis.events) == PROMISED["all lines"] - PROMISED["corrupt"] - PROMISED["other paths"]


def test_each_event_has_an_id_of_its_own(analysis: Analysis) -> None:
    assert len({event.id for event in analysis.events}) == len(analysis.events)


def test_the_detector_finds_at_least_ten_languages(analysis: Analysis) -> None:
    assert len({event.language for event in analysis.events} - {"undefined"}) >= 10
