"""What `celery -A workers.celery worker` starts: the app of this environment, with its workplace."""

from celery import Celery

from workers.settings import Settings, SettingsError
from workers.workplace import Workplace


def build() -> Celery:
    """Read the environment, or end with the one line that says what is wrong with it."""
    try:
        settings = Settings.from_env()
    except SettingsError as wrong:
        raise SystemExit(str(wrong)) from None
    workplace = Workplace(settings)
    workplace.connect()
    return workplace.celery


app = build()
