"""What gunicorn runs in each of the proxy's processes."""

from aiohttp import web

from api.proxy.server import Proxy, make_runner
from workers.settings import Settings
from workers.telemetry import configure


async def runner() -> web.AppRunner:
    """Called once in every process, after the fork."""
    settings = Settings.from_env()
    configure(settings)
    return make_runner(Proxy(settings, lambda _call: None, dict))
