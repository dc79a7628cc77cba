"""What gunicorn runs in each of the proxy's processes."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import web

from api.proxy.recorder import make_outbox
from api.proxy.server import Proxy, make_runner
from workers.settings import Settings
from workers.telemetry import configure


async def runner() -> web.AppRunner:
    """Called once in every process, after the fork."""
    settings = Settings.from_env()
    configure(settings)
    outbox = make_outbox(settings)

    async def recording(_app: web.Application) -> AsyncIterator[None]:
        outbox.start()
        yield
        await asyncio.to_thread(outbox.stop)

    app = Proxy(settings, outbox.put, outbox.figures).app()
    app.cleanup_ctx.append(recording)
    return make_runner(app)
