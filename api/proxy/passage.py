"""One call on its way through: upward as it comes in, downward chunk by chunk, each at its own moment."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from api.proxy import errors, headers
from api.proxy.call import Call
from api.proxy.errors import Refusal
from api.proxy.routes import Address
from api.proxy.usage import MOST_READ, Sieve, asking

# A body that fits into one read is sent in one piece, which saves a task per call.
SMALL = 64 * 1024


class Reply(web.StreamResponse):
    """An answer of the upstream: it has the upstream's headers and no others."""


async def only_theirs(_request: web.Request, reply: web.StreamResponse) -> None:
    """Take away what the server adds by itself; it must be asked to, just before the headers are sent."""
    if isinstance(reply, Reply):
        for name in ("Server", "Content-Type"):
            if name not in reply["given"]:
                reply.headers.popall(name, None)


@dataclass(slots=True)
class Passage:
    """`call` is None where nothing is recorded; `most` is the size of the largest request body.

    With `counting`, streams are asked for their tokens.
    """

    session: aiohttp.ClientSession
    request: web.Request
    address: Address
    outgoing: headers.Headers
    most: int
    call: Call | None = None
    counting: bool = False
    _sieve: Sieve | None = None
    _reply: Reply | None = None
    _too_large: bool = False

    async def run(self) -> web.StreamResponse:
        """Give the upstream's answer, or raise a Refusal while nothing of an answer has been sent."""
        try:
            return await self._ask()
        except asyncio.CancelledError:
            self._ended("client_left", 499)
            raise
        except (TimeoutError, aiohttp.ClientError) as error:
            refusal = self._refusal(error)
            if self._reply is None or not self._reply.prepared:
                raise refusal from error
            self._ended("client_left" if self._client_left() else refusal.code)
            return self._cut(self._reply)

    def _refusal(self, error: Exception) -> Refusal:
        if self._too_large:
            return errors.too_large(self.most)
        return errors.too_slow() if isinstance(error, TimeoutError) else errors.unreachable()

    async def _ask(self) -> web.StreamResponse:
        request = self.request
        async with self.session.request(
            request.method,
            URL(self.address.target, encoded=True),
            headers=self.outgoing,
            data=await self._body(),
            allow_redirects=False,
        ) as answer:
            return await self._relay(answer)

    async def _body(self) -> bytes | AsyncIterator[bytes] | None:
        length = self.request.content_length
        if not self.request.can_read_body:
            return None
        if length is None or length > (MOST_READ if self.counting else SMALL):
            return self._upload()
        whole = await self.request.content.read(-1)
        self._sent(whole)
        return self._asking(whole) if self.counting else whole

    def _asking(self, body: bytes) -> bytes:
        """The body with the question for usage; then the answer must come as plain text."""
        changed = asking(body)
        if changed is None:
            return body
        self._sieve = Sieve()
        self.outgoing["Content-Length"] = str(len(changed))
        self.outgoing["Accept-Encoding"] = "identity"
        return changed

    async def _upload(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self.request.content.iter_any():
            size += len(chunk)
            if size > self.most:
                self._too_large = True
                raise errors.too_large(self.most)
            self._sent(chunk)
            yield chunk

    def _sent(self, chunk: bytes) -> None:
        if self.call is not None:
            self.call.request.add(chunk)

    async def _relay(self, answer: aiohttp.ClientResponse) -> web.StreamResponse:
        given = headers.end_to_end(answer.raw_headers)
        reply = self._reply = Reply(status=answer.status, reason=answer.reason, headers=given)
        reply["given"] = given
        if self.call is not None:
            self.call.status, self.call.answer = answer.status, given
        sieve = self._sieve if _is_stream(given) else None
        if sieve is not None:
            reply.headers.popall("Content-Length", None)
        await reply.prepare(self.request)
        async for chunk in answer.content.iter_any():
            if self.call is not None:
                self.call.received(chunk)
            if seen := sieve.feed(chunk) if sieve is not None else chunk:
                await reply.write(seen)
        await reply.write_eof(sieve.rest() if sieve is not None else b"")
        return reply

    def _ended(self, code: str, status: int = 0) -> None:
        if self.call is not None:
            self.call.ended = code
            self.call.status = self.call.status or status

    def _client_left(self) -> bool:
        transport = self.request.transport
        return transport is None or transport.is_closing()

    def _cut(self, reply: Reply) -> Reply:
        """End the connection without the end of the body: the caller sees what happened to us."""
        if self.request.transport is not None:
            with suppress(OSError):
                self.request.transport.close()
        return reply


def _is_stream(given: headers.Headers) -> bool:
    """Whether events can be told apart; an error is no stream, and what is packed cannot be looked into."""
    return given.get("Content-Type", "").startswith("text/event-stream") and "Content-Encoding" not in given
