"""The addresses of the dashboard: a page and the files of its tables, and the one thing it can do: replay."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request
from redis import RedisError
from werkzeug.exceptions import BadRequest, Forbidden, NotFound

from api.dashboard import export, figures, guard
from api.dashboard.address import FILTERS, LASTING, OWN, RANGES, REFRESHES, Address
from api.dashboard.pages import PAGES, operations
from api.dashboard.problems import Trouble, redis_away, report_trouble
from api.dashboard.view import View
from api.house import house
from api.version import package_version
from workers import roster
from workers.parcels import TASKS
from workers.reports import ReportError, Store, reading
from workers.reports.choices import choices
from workers.reports.usage import days
from workers.settings import Settings
from workers.sinks import sink_names

OPERATIONS = "operations"
TITLES = {**{page.name: page.title for page in PAGES.values()}, OPERATIONS: "Operations"}
LEADS = {
    **{page.name: page.lead for page in PAGES.values()},
    OPERATIONS: "Whether everything arrives, and what needs a hand.",
}
MOST_REPLAYED = 100_000

doors = Blueprint("dashboard", __name__)
doors.after_request(guard.protect)
doors.add_app_template_filter(figures.written, "written")
doors.add_app_template_filter(figures.brief, "brief")
doors.add_app_template_filter(figures.iso, "iso")


def wanted() -> bool:
    """Whether the one who asks is a browser; programs get JSON."""
    return request.accept_mimetypes.best_match(["application/json", "text/html"]) == "text/html"


@doors.get("/<any(overview, topics, cost, conversations):name>")
def page(name: str) -> tuple[str, int]:
    """One of the pages over the embedded store."""
    try:
        with _store(house().settings) as db:
            address = _address(name, days(db))
            view = PAGES[name].make(db, address)
            return _render(address, view, choices=_choices(db)), 200
    except Trouble as trouble:
        return _render(_address(name), trouble=trouble), trouble.status


@doors.get("/operations")
def operations_page() -> tuple[str, int]:
    address = _address(OPERATIONS)
    try:
        return _render(address, _operations()), 200
    except RedisError:
        return _render(address, trouble=redis_away()), 503


@doors.get("/<any(overview, topics, cost, conversations, operations):name>/<table>.<any(csv, json):kind>")
def file(name: str, table: str, kind: str) -> Response | tuple[dict[str, str], int]:
    """A table of a page as a file, under the same filters."""
    try:
        tables = _tables(name)
    except (Trouble, RedisError) as error:
        reason = error.reason if isinstance(error, Trouble) else "store_unavailable"
        return {"reason": reason}, 503
    if table not in tables:
        raise NotFound
    return export.as_file(tables[table], kind)


@doors.post("/operations/replay")
def replay() -> Any:
    """Dead letters become due again: those that were ticked, or all."""
    if not guard.same_origin(request):
        raise Forbidden
    store = house().store
    chosen = request.form.getlist("id")
    try:
        if request.form.get("which") == "all":
            chosen = [letter.id for letter in store.letters(limit=MOST_REPLAYED)]
        elif not chosen:
            raise BadRequest
        done = store.replay(chosen)
    except RedisError:
        return _render(_address(OPERATIONS), trouble=redis_away()), 503
    return redirect(f"/operations?replayed={done}", 303)


def _tables(name: str) -> dict[str, Any]:
    if name == OPERATIONS:
        view = _operations()
        return view.every_table() | {"dead_letters": view.extra["letters"]}
    with _store(house().settings) as db:
        return PAGES[name].make(db, _address(name, days(db))).every_table()


def _operations() -> View:
    held = house()
    letters = held.store.letters(limit=operations.MOST_LETTERS)
    workers = roster.alive(held.store.redis, TASKS)
    return operations.make(held.store.stats(), letters, sink_names(held.settings), workers)


@contextmanager
def _store(settings: Settings) -> Iterator[Store]:
    """The embedded store, or Trouble that people can read."""
    if settings.sqlite_path is None:
        raise report_trouble("no_sqlite", settings)
    try:
        with reading(settings.sqlite_path) as db:
            yield db
    except ReportError as error:
        raise report_trouble(error.reason, settings) from None


def _choices(db: Store) -> dict[str, tuple[str, ...]]:
    found = choices(db)
    return {name: found[column] for name, column in FILTERS.items()}


def _address(name: str, stored: tuple[int, int] | None = None) -> Address:
    today = figures.day_number(datetime.now(UTC).date())
    known = {key: value for key, value in request.args.items() if key in (*LASTING, *OWN)}
    return Address(name, known, today, stored)


def _render(
    address: Address,
    view: View | None = None,
    *,
    choices: dict[str, tuple[str, ...]] | None = None,
    trouble: Trouble | None = None,
) -> str:
    return render_template(
        "problem.html" if view is None else "page.html",
        address=address,
        view=view,
        trouble=trouble,
        choices=choices,
        titles=TITLES,
        leads=LEADS,
        ranges=RANGES,
        refreshes=REFRESHES,
        first_day=figures.day(address.days[0]).isoformat(),
        last_day=figures.day(address.days[1] - 1).isoformat(),
        now=datetime.now(UTC),
        version=package_version(),
        dump=_dump,
        replayed=request.args.get("replayed", type=int) if address.page == OPERATIONS else None,
    )


def _dump(value: Any) -> str:
    """JSON that may stand in a page: no text of it can end the element around it."""
    escape: Callable[[str], str] = lambda text: text.replace("<", "\\u003c")  # noqa: E731
    return escape(json.dumps(value, ensure_ascii=False))
