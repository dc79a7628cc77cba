"""The proxy's app: finds the upstream, asks for the token, passes the call on and has it recorded."""

import ssl
from collections.abc import AsyncIterator, Callable

import aiohttp
from aiohttp import web

from api.proxy import errors, headers
from api.proxy.call import Call, is_known, open_call
from api.proxy.errors import Refusal
from api.proxy.passage import Passage, only_theirs
from api.proxy.routes import Address, find, upstreams
from api.proxy.usage import STREAMS
from workers.settings import Settings

# Providers allow long headers, and tracing fills them.
MOST_HEADER = 64 * 1024
# Upstreams close idle connections: some after five seconds.
IDLE_S = 4.0
SHUTDOWN_S = 10.0

Record = Callable[[Call], None]
Figures = Callable[[], dict[str, object]]


class Proxy:
    def __init__(self, settings: Settings, record: Record, figures: Figures) -> None:
        self._settings = settings
        self._record = record
        self._figures = figures
        self._upstreams = upstreams(settings)
        self._session: aiohttp.ClientSession | None = None

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/health", self.health)
        app.router.add_route("*", "/{path:.*}", self.answer)
        app.on_response_prepare.append(only_theirs)
        app.cleanup_ctx.append(self._open)
        return app

    async def _open(self, _app: web.Application) -> AsyncIterator[None]:
        async with make_session(self._settings) as session:
            self._session = session
            yield

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "recorder": self._figures()})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Every other call."""
        address = find(self._upstreams, request.raw_path)
        if address is None:
            return errors.no_such_path().reply()
        try:
            return await self._admitted(request, address)
        except Refusal as refusal:
            return refusal.reply(address.upstream.shape)

    async def _admitted(self, request: web.Request, address: Address) -> web.StreamResponse:
        settings, key = self._settings, headers.key_of(request.headers)
        if settings.proxy_tokens and not headers.opens(key, settings.proxy_tokens):
            raise errors.unauthorized()
        if (request.content_length or 0) > settings.max_body_bytes:
            raise errors.too_large(settings.max_body_bytes)
        replaced = bool(settings.proxy_tokens or address.upstream.key)
        outgoing = headers.upward(request.raw_headers, address.upstream, replaced=replaced)
        call = self._call(request, address, key)
        if call is not None:
            headers.readable(outgoing)
        return await self._passed(request, address, outgoing, call)

    def _call(self, request: web.Request, address: Address, key: str) -> Call | None:
        if not is_known(request.method, address.uri.partition("?")[0]):
            return None
        return open_call(request, address, key, self._settings.proxy_record_bytes)

    def _counts(self, request: web.Request, address: Address) -> bool:
        """Whether its tokens are to be asked for, if it is a stream."""
        plain = "Content-Encoding" not in request.headers
        path = address.uri.partition("?")[0]
        return self._settings.proxy_include_usage and plain and bool(STREAMS.fullmatch(path))

    async def _passed(
        self, request: web.Request, address: Address, outgoing: headers.Headers, call: Call | None
    ) -> web.StreamResponse:
        assert self._session is not None, "not started"  # noqa: S101 - says to mypy what cleanup_ctx does
        passage = Passage(
            self._session,
            request,
            address,
            outgoing,
            most=self._settings.max_body_bytes,
            call=call,
            counting=call is not None and self._counts(request, address),
        )
        try:
            return await passage.run()
        except Refusal as refusal:
            if call is not None:
                call.status, call.ended = refusal.status, refusal.code
            raise
        finally:
            if call is not None:
                call.end()
                self._record(call)


def make_session(settings: Settings) -> aiohttp.ClientSession:
    """A client that changes nothing: no cookies, no redirects, no decompression, no headers of its own."""
    trusted = str(settings.proxy_ca_file) if settings.proxy_ca_file else None
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=0, keepalive_timeout=IDLE_S, ssl=ssl.create_default_context(cafile=trusted)
        ),
        timeout=aiohttp.ClientTimeout(
            total=None,
            sock_connect=settings.proxy_connect_timeout_s,
            sock_read=settings.proxy_read_timeout_s,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        max_line_size=MOST_HEADER,
        max_field_size=MOST_HEADER,
    )


def make_runner(app: web.Application) -> web.AppRunner:
    """With `handler_cancellation`, a caller who leaves is noticed at once, and the upstream with them."""
    return web.AppRunner(
        app,
        handler_cancellation=True,
        access_log=None,
        shutdown_timeout=SHUTDOWN_S,
        max_line_size=MOST_HEADER,
        max_field_size=MOST_HEADER,
    )
