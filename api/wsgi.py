"""What gunicorn serves: `gunicorn -c api/gunicorn.conf.py api.wsgi:application`."""

from api.app import create_app
from workers.settings import Settings, SettingsError
from workers.telemetry import configure

try:
    settings = Settings.from_env()
except SettingsError as error:
    raise SystemExit(str(error)) from None
configure(settings)
application = create_app(settings)
