"""The Flask app: its doors, what they hold, and one shape for every error."""

import logging
from functools import partial
from typing import Any

from celery import Celery
from flask import Flask, Response, jsonify, redirect
from werkzeug.exceptions import HTTPException

from api import auth, health, ingest, metrics, openapi
from api.bell import Bell
from api.dashboard import doors as dashboard
from api.house import House, furnish
from api.problems import Problem
from workers.app import make_celery, wake
from workers.parcels import ParcelStore, make_store
from workers.settings import Settings
from workers.telemetry import place

logger = logging.getLogger(__name__)

FAILED = 500
CROWDED = 429
WELCOME = {
    "service": "dial-analytics",
    "endpoints": {
        "GET /overview": "the dashboard, for people",
        "POST /data": "a batch of DIAL prompt log lines",
        "GET /health": "the process answers",
        "GET /ready": "a batch would be taken now, and reach its sinks",
        "GET /metrics": "figures for Prometheus",
        "GET /openapi.json": "this API, described",
    },
}


def create_app(settings: Settings, store: ParcelStore | None = None, celery: Celery | None = None) -> Flask:
    """A new app; store and celery are made from the settings unless a test brings its own."""
    app = Flask(__name__)
    app.json.sort_keys = False  # type: ignore[attr-defined]
    furnish(app, _house(settings, store or make_store(settings), celery or make_celery(settings)))
    app.before_request(auth.guard)
    for doors in (ingest.doors, health.doors, metrics.doors, openapi.doors, dashboard.doors):
        app.register_blueprint(doors)
    app.add_url_rule("/", "welcome", _welcome)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
    return app


def _welcome() -> Any:
    """People land on the dashboard; programs are told what there is."""
    return redirect("/overview") if dashboard.wanted() else WELCOME


def _house(settings: Settings, store: ParcelStore, celery: Celery) -> House:
    """Where tasks run in place, in tests, there is nobody to ring for."""
    eager = celery.conf.task_always_eager
    return House(settings, store, partial(wake, celery) if eager else Bell(celery, store.redis).ring)


def _problem(problem: Problem) -> tuple[Response, int, dict[str, str]]:
    if problem.status >= FAILED or problem.status == CROWDED:
        logger.error("request_refused", extra={"reason": problem.code})
    return jsonify(problem.detail()), problem.status, problem.headers


def _http_error(error: HTTPException) -> tuple[Response, int]:
    code = error.name.lower().replace(" ", "_")
    return jsonify({"detail": [_entry(code, error.name)]}), error.code or 500


def _unexpected(error: Exception) -> tuple[Response, int]:
    """Class and place are logged and no more: the text of an exception may quote the body."""
    logger.error("request_failed", extra={"reason": type(error).__name__, "place": place(error)})
    return jsonify({"detail": [_entry("internal_error", "Internal error")]}), 500


def _entry(code: str, text: str) -> dict[str, Any]:
    return {"type": code, "loc": [], "msg": text}
