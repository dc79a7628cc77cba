"""gunicorn's settings out of ours: address, processes, keep-alive; requests are not logged one by one."""

from api import auth
from api.patience import PatientWorker
from workers.settings import Settings, SettingsError

try:
    _settings = Settings.from_env()
    auth.check(_settings)
except SettingsError as error:
    raise SystemExit(str(error)) from None

PatientWorker.patience_s = _settings.request_timeout_s
bind = f"{_settings.host}:{_settings.port}"
workers = _settings.api_workers
worker_class = PatientWorker
# Most of them wait: for the rest of a slow body, or on a connection that is kept open.
threads = 16
keepalive = _settings.timeout_keep_alive
preload_app = True
accesslog = None
# Starts and stops of its processes are no news; what goes wrong is.
loglevel = "warning"
# Nobody controls it at run time, and its socket would be shared by all stacks of one user.
control_socket_disable = True
