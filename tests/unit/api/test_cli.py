"""The command line: what a newcomer reads, and errors that are one sentence."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from api.cli import main
from api.commands.broker import configuration, is_local
from api.commands.worker import command, prepare
from api.stack import PROCESSES
from workers.settings import Settings

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, **env: str) -> Result:
    return CliRunner().invoke(main, arguments, env=dict(env), prog_name="dial-analytics")


@pytest.mark.parametrize("name", [None, *main.commands])
def test_help_tells_what_each_command_does(name: str | None) -> None:
    found = run(*([name] if name else []), "--help")

    assert found.exit_code == 0
    assert found.output.startswith("Usage: dial-analytics")
    assert "..." not in "".join(line for line in found.output.splitlines() if line.startswith("  s"))


def test_the_processes_of_serve_are_those_of_the_procfile() -> None:
    lines = (ROOT / "Procfile").read_text("utf-8").splitlines()
    entries = dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))

    assert entries == {name: " ".join(("dial-analytics", *args)) for name, args in PROCESSES.items()}


def test_a_wrong_setting_is_one_sentence() -> None:
    found = run("serve", PORT="many")

    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert "PORT='many'" in found.output


def test_a_redis_that_is_away_is_one_sentence_without_its_password() -> None:
    found = run("status", REDIS_URL="redis://:secret@127.0.0.1:1/0")

    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert "127.0.0.1:1 does not answer" in found.output
    assert "secret" not in found.output


def test_a_missing_log_is_one_sentence() -> None:
    assert "There is no file nowhere.log." in run("ingest", "nowhere.log").output


def test_an_offset_is_for_one_file() -> None:
    assert run("ingest", "--offset", "5", "-").exit_code == 2


def test_a_missing_store_is_one_sentence(tmp_path: Path) -> None:
    found = run("summary", DATA_DIR=str(tmp_path))

    assert found.exit_code == 1
    assert "is not there yet" in found.output


@pytest.mark.parametrize("choice", [[], ["--all", "--reason", "x"], ["id", "--all"]])
def test_letters_are_dropped_only_if_it_is_clear_which(choice: list[str]) -> None:
    assert run("deadletters", "drop", *choice).exit_code == 2


def test_a_worker_listens_to_its_queue_and_passes_arguments_on() -> None:
    line = command("analyze", "solo", 1, ("--loglevel", "DEBUG"))

    assert line[line.index("-Q") + 1] == "analyze"
    assert line[-2:] == ["--loglevel", "DEBUG"]


def test_a_worker_takes_one_thread_per_process_unless_told_otherwise() -> None:
    environ = {"OMP_NUM_THREADS": "4"}

    prepare(environ)

    assert (environ["OMP_NUM_THREADS"], environ["TOKENIZERS_PARALLELISM"]) == ("4", "false")


def test_the_broker_keeps_its_data_and_its_password() -> None:
    settings = Settings.from_env({"REDIS_URL": "redis://:p%40ss@localhost:7001/0"})

    text = configuration(settings, Path("/data"))

    for line in ("port 7001", "appendonly yes", "maxmemory-policy noeviction", 'requirepass "p@ss"'):
        assert line in text.splitlines()


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("redis://localhost:6379/0", True),
        ("redis://127.0.0.1/0", True),
        ("rediss://localhost:6379/0", False),
        ("redis://cache.example:6379/0", False),
    ],
)
def test_the_broker_serves_this_machine_only(url: str, local: bool) -> None:
    assert is_local(url) is local
