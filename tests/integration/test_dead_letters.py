"""Dead letters on a real Valkey: chosen, replayed, exported, kept in part, forgotten in time; the brake."""

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner, Result

from api.app import create_app
from api.cli import main
from tests.integration.lines import chat_line
from tests.servers import Valkey
from workers.caretaker import Caretaker
from workers.keeping import Keeping
from workers.letters import make_letter
from workers.parcels import NewParcel, ParcelStore, make_store
from workers.payload import pack, unpack
from workers.settings import Settings

pytestmark = pytest.mark.integration

Run = Callable[..., Result]
SECRET = "swordfish"


@pytest.fixture
def environ(valkey_server: Valkey, valkey: redis.Redis, tmp_path: Path) -> dict[str, str]:
    return {"REDIS_URL": valkey_server.url, "DATA_DIR": str(tmp_path)}


@pytest.fixture
def store(environ: dict[str, str]) -> ParcelStore:
    return make_store(Settings.from_env(environ))


@pytest.fixture
def run(environ: dict[str, str]) -> Run:
    """The command line: `dial-analytics deadletters …`."""
    return lambda *arguments, **more: CliRunner().invoke(
        main, ["deadletters", *arguments], env=environ, **more
    )


def bury(store: ParcelStore, *reasons: str, items: tuple[Any, ...] = ("a line",)) -> list[str]:
    letters = [make_letter("analyze", "", [*items, reason], reason) for reason in reasons]
    store.put([], letters=letters)
    return [letter.id for letter in letters]


def grow_old(valkey: Any, letter_id: str, seconds: float) -> None:
    buried = float(valkey.zincrby("dial:letters", -seconds, letter_id))
    valkey.hset(f"dial:letter:{letter_id}", "buried", buried)


def due(valkey: Any) -> int:
    return int(valkey.zcard("dial:due:analyze"))


# ── choosing ──


def test_letters_are_replayed_by_reason_and_time(store: ParcelStore, valkey: redis.Redis, run: Run) -> None:
    old, other, new = bury(store, "invalid_json", "missing_uri", "not_an_object")
    grow_old(valkey, old, 7200)
    grow_old(valkey, other, 7200)

    assert run("replay", "--reason", "missing_uri", "--after", "1h").output == "Replayed 0 dead letters.\n"
    assert run("replay", "--reason", "missing_uri", "--before", "1h").output == "Replayed 1 dead letter.\n"
    assert {letter.id for letter in store.letters()} == {old, new}
    assert run("drop", "--before", "1h").output == "Dropped 1 dead letter.\n"
    assert [letter.id for letter in store.letters()] == [new]


def test_a_dry_run_changes_nothing(store: ParcelStore, valkey: redis.Redis, run: Run) -> None:
    bury(store, "invalid_json", "missing_uri")

    assert run("replay", "--all", "--dry-run").output == "Would replay 2 dead letters.\n"
    assert run("drop", "--after", "2020-01-01", "--dry-run").output == "Would drop 2 dead letters.\n"
    assert (len(store.letters()), due(valkey)) == (2, 0)


def test_a_list_can_be_of_a_time(store: ParcelStore, valkey: redis.Redis, run: Run) -> None:
    old, new = bury(store, "invalid_json", "missing_uri")
    grow_old(valkey, old, 86_400)

    listed = json.loads(run("list", "--json", "--after", "2h").output)

    assert [entry["id"] for entry in listed] == [new]


@pytest.mark.parametrize("arguments", [(), ("--all", "--reason", "x"), ("abc", "--after", "1h")])
def test_what_is_meant_has_to_be_said_once(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("drop", *arguments).exit_code == 2


def test_a_wrong_time_is_one_sentence(run: Run) -> None:
    assert "allowed is a date such as" in run("list", "--after", "yesterday").output


def test_thousands_are_replayed_without_holding_up_redis(
    store: ParcelStore, valkey: redis.Redis, run: Run
) -> None:
    letters = [make_letter("analyze", "", [number], "invalid_json") for number in range(1000)]
    store.put([], letters=letters)

    assert run("replay", "--reason", "invalid_json").output == "Replayed 1000 dead letters.\n"
    assert due(valkey) == 1000


# ── as files ──


def test_an_export_comes_back_as_it_was(store: ParcelStore, tmp_path: Path, run: Run) -> None:
    bury(store, "invalid_json", "missing_uri", items=("half an emoji \ud83d", "ünïcode\x00"))
    before = store.letters()
    file = str(tmp_path / "letters.ndjson")

    assert run("export", file).output == "Exported 2 dead letters.\n"
    assert run("drop", "--all").exit_code == 0
    assert run("import", file, "--dry-run").output == "Would import 2 dead letters.\n"
    assert run("import", file).output == "Imported 2 dead letters.\n"
    assert run("import", file).output == "Imported 0 dead letters.\n"
    assert sorted(store.letters(), key=str) == sorted(before, key=str)
    assert store.stats().dead_letters == {"invalid_json": 1, "missing_uri": 1}
    assert store.stats().counters["buried:invalid_json"] == 3, "an import is no new failure"


def test_an_export_is_for_its_owner_only_and_overwrites_nothing(
    store: ParcelStore, tmp_path: Path, run: Run
) -> None:
    bury(store, "invalid_json")
    file = tmp_path / "letters.ndjson"

    assert run("export", str(file), "--reason", "invalid_json").exit_code == 0
    assert os.stat(file).st_mode & 0o077 == 0  # noqa: PTH116
    assert "cannot be written" in run("export", str(file)).output


def test_an_export_can_be_piped(store: ParcelStore, run: Run) -> None:
    bury(store, "invalid_json")

    piped = run("export", "-").stdout
    run("drop", "--all")

    assert json.loads(piped)["items"] == ["a line", "invalid_json"]
    assert run("import", "-", input=piped).output == "Imported 1 dead letter.\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"id": "x"}', '{"items": 5}'])
def test_a_file_of_something_else_imports_nothing(tmp_path: Path, run: Run, text: str) -> None:
    (tmp_path / "x").write_text(text + "\n", "utf-8")

    assert "line 1 is no dead letter. Nothing was imported." in run("import", str(tmp_path / "x")).output


# ── how much is kept ──


def keeping(valkey: redis.Redis, payload: str, lasting_s: float = 0.0) -> ParcelStore:
    return ParcelStore(valkey, patience_s=0, lease_s=0, max_attempts=2, keeping=Keeping(payload, lasting_s))


def bury_everywhere(store: ParcelStore, line: str) -> None:
    """By refusal at the door, by a person's hand, by too many attempts."""
    store.put([], letters=[make_letter("analyze", "", [line, "no JSON: " + SECRET], "invalid_json")])
    for parcel_id in ("p1", "p2"):
        store.put([NewParcel(parcel_id, "analyze", "", pack([line]), 1)])
    parcel = store.take("p1")
    assert parcel
    assert store.bury(parcel, "unknown_sink")
    for _ in range(4):
        store.take("p2")


@pytest.mark.parametrize("payload", ["no_bodies", "none"])
def test_bodies_are_not_kept_unless_letters_are_whole(valkey: redis.Redis, payload: str) -> None:
    store = keeping(valkey, payload)
    bury_everywhere(store, chat_line(SECRET, uri=f"/openai/deployments/gpt-4o/chat/completions?q={SECRET}"))

    letters = store.letters()

    assert sorted(letter.reason for letter in letters) == ["invalid_json", "max_attempts", "unknown_sink"]
    assert {letter.kept for letter in letters} == {payload}
    held = [item for letter in letters if letter.payload for item in unpack(letter.payload)]
    assert SECRET not in str(held)
    assert any("/openai/deployments/gpt-4o/chat/completions" in item for item in held) == (
        payload == "no_bodies"
    )


def test_what_was_not_kept_whole_is_not_replayed(valkey: redis.Redis, run: Run) -> None:
    bury_everywhere(keeping(valkey, "no_bodies"), chat_line())
    before = due(valkey)

    said = run("replay", "--all").output

    assert said == "Replayed 0 dead letters.\n3 dead letters not kept whole, and left where it was.\n"
    assert due(valkey) == before


def test_events_hold_no_bodies_and_stay_whole(valkey: redis.Redis) -> None:
    store = keeping(valkey, "no_bodies")
    store.put([], letters=[make_letter("deliver", "influx", [{"id": "e1"}], "field_type_conflict")])

    assert [(letter.kept, unpack(letter.payload)) for letter in store.letters()] == [("full", [{"id": "e1"}])]


@pytest.mark.parametrize("way", ["by hand", "by attempts"])
def test_words_that_events_take_along_for_spans_are_bodies_too(valkey: redis.Redis, way: str) -> None:
    store = keeping(valkey, "no_bodies")
    said = {"gen_ai.completion": SECRET}
    items = [{"id": name, "said": said} for name in ("e1", "e2")]
    store.put([NewParcel("p1", "deliver", "otel", pack(items), 2)])
    if way == "by hand":
        parcel = store.take("p1")
        assert parcel
        store.bury(parcel, "unknown_sink")
    else:
        for _ in range(4):
            store.take("p1")

    assert [(letter.kept, unpack(letter.payload)) for letter in store.letters()] == [
        ("full", [{"id": "e1"}, {"id": "e2"}])
    ]


# ── for how long ──


def test_letters_whose_time_is_up_are_forgotten_by_the_caretaker(valkey: redis.Redis) -> None:
    store = keeping(valkey, "full", lasting_s=86_400)
    old, new = bury(store, "invalid_json", "missing_uri")
    grow_old(valkey, old, 86_401)
    caretaker = Caretaker(store, lambda _parcel, _task: True)
    caretaker.start()
    try:
        deadline = time.monotonic() + 10
        while store.letter(old) and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        caretaker.stop()

    assert [letter.id for letter in store.letters()] == [new]
    assert store.stats().dead_letters == {"missing_uri": 1}
    assert store.stats().counters["expired"] == 2


def test_letters_last_for_ever_unless_told_otherwise(valkey: redis.Redis, store: ParcelStore) -> None:
    [old] = bury(store, "invalid_json")
    grow_old(valkey, old, 1e9)

    assert store.purge() == 0
    assert store.letter(old)


# ── the brake ──


def test_a_batch_of_which_most_is_unreadable_becomes_one_letter_and_is_replayed_with_one_command(
    environ: dict[str, str], store: ParcelStore, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(Settings.from_env(environ)).test_client()
    bad = ["{}", "[]", "no JSON", *[f"broken {number}" for number in range(9)]]

    reply = client.post("/data", json=[{"message": line} for line in [*bad, chat_line()]])

    assert [answer["status"] for answer in reply.json] == ["error"] * 12 + ["success"]  # type: ignore[union-attr]
    [letter] = store.letters()
    assert (letter.reason, letter.records, unpack(letter.payload)) == ("unreadable_batch", 12, bad)
    assert [record.levelno for record in caplog.records if record.message == "unreadable_batch"] == [
        logging.ERROR
    ]
    assert store.stats().counters["braked"] == 1
    assert run("replay", "--reason", "unreadable_batch").output == "Replayed 1 dead letter.\n"


def test_some_bad_lines_among_good_ones_are_told_apart(environ: dict[str, str], store: ParcelStore) -> None:
    client = create_app(Settings.from_env(environ)).test_client()

    client.post("/data", json=[{"message": line} for line in ["{}", "x", *[chat_line() for _ in range(20)]]])

    assert {letter.reason for letter in store.letters()} == {"missing_request", "invalid_json"}


# ── restarts ──


def test_attempts_survive_a_restart_of_redis(own_valkey: Valkey, tmp_path: Path) -> None:
    settings = Settings.from_env({"REDIS_URL": own_valkey.url, "LEASE_SECONDS": "1", "MAX_ATTEMPTS": "2"})
    make_store(settings).put([NewParcel("p1", "analyze", "", pack(["a line"]), 1)])
    for attempt in (1, 2):
        own_valkey.kill()
        own_valkey.up()
        store = make_store(settings)
        parcel = store.take("p1")
        assert parcel
        assert parcel.attempts == attempt
        store.postpone(parcel, 0, "killed")
        with own_valkey.client() as client:
            client.execute_command("WAITAOF", 1, 0, 5000)

    assert make_store(settings).take("p1") is None
    [letter] = make_store(settings).letters()
    assert (letter.reason, letter.attempts, letter.error) == ("max_attempts", 2, "killed")
