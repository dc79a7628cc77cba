"""Log lines say what they are about, and never what people said; counters have declared names."""

import json
import logging
from collections.abc import Iterator

import pytest

from workers.settings import Settings
from workers.telemetry import OURS, UndeclaredCounter, check_counter, configure, log_context, place

WORDS = "my bank password is hunter2"


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level
    for name in OURS:
        logging.getLogger(name).setLevel(logging.NOTSET)


def logged(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().err.strip()


def fail() -> None:
    raise ValueError(WORDS)


def test_a_text_line_names_its_parcel_and_its_task(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings.from_env({}))

    with log_context(parcel="p1", task_id="t1"):
        logging.getLogger("workers.tasks").info("delivered", extra={"events": 3})

    assert logged(capsys).endswith("| delivered parcel=p1 task_id=t1 events=3")


def test_a_json_line_is_one_object_with_the_fields_beside_the_template(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings.from_env({"DIAL_SDK_LOG_FORMAT": "json"}))

    with log_context(parcel="p1", task_id="t1"):
        logging.getLogger("workers.tasks").info('a "quoted" %s', "word", extra={"events": 3})

    line = json.loads(logged(capsys))
    assert (line["message"], line["level"], line["logger"]) == ('a "quoted" word', "INFO", "workers.tasks")
    assert (line["parcel"], line["task_id"], line["events"]) == ("p1", "t1", 3)


def test_a_template_of_ones_own_may_nest(capsys: pytest.CaptureFixture[str]) -> None:
    template = '{"log": {"text": "%(message)s"}, "kind": "dial", "tags": ["%(levelname)s", 1]}'
    configure(Settings.from_env({"DIAL_SDK_LOG_FORMAT": "json", "DIAL_SDK_JSON_LOG_FORMAT": template}))

    logging.getLogger("api").warning("hello")

    assert json.loads(logged(capsys)) == {"log": {"text": "hello"}, "kind": "dial", "tags": ["WARNING", 1]}


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_logged_without_its_text(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings.from_env({"DIAL_SDK_LOG_FORMAT": form}))

    try:
        fail()
    except ValueError:
        logging.getLogger("workers").exception("task_failed")

    line = logged(capsys)
    assert "ValueError at test_telemetry.py:" in line
    assert WORDS not in line


def test_a_place_is_a_file_and_a_line() -> None:
    with pytest.raises(ValueError, match="hunter2") as caught:
        fail()

    assert place(caught.value).startswith("test_telemetry.py:")


def test_libraries_speak_from_warnings_on(capsys: pytest.CaptureFixture[str]) -> None:
    configure(Settings.from_env({"LOG_LEVEL": "DEBUG"}))

    logging.getLogger("kombu").info("chatter")
    logging.getLogger("workers.app").debug("detail")

    assert "detail" in (line := logged(capsys))
    assert "chatter" not in line


@pytest.mark.parametrize("name", ["accepted", "refused:invalid_json", "delivered:sqlite", "retries:influx"])
def test_declared_counters_pass(name: str) -> None:
    check_counter(name)


@pytest.mark.parametrize(
    "name", ["acceptedd", "accepted:why", "refused", "refused:", f"refused:{WORDS}", "buried:A"]
)
def test_undeclared_counters_are_an_error_that_quotes_no_label(name: str) -> None:
    with pytest.raises(UndeclaredCounter) as refused:
        check_counter(name)

    assert "hunter2" not in str(refused.value)
