"""gunicorn's settings out of ours: address, processes, keep-alive; requests are not logged one by one."""

from workers.settings import Settings, SettingsError

try:
    _settings = Settings.from_env()
except SettingsError as error:
    raise SystemExit(str(error)) from None

bind = f"{_settings.host}:{_settings.port}"
workers = _settings.api_workers
worker_class = "gthread"
threads = 4
keepalive = _settings.timeout_keep_alive
preload_app = True
accesslog = None
loglevel = _settings.log_level.lower()
