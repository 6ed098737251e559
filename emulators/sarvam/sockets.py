"""What the three WebSockets have in common: the handshake, the faults of it, and dying without a word."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Never

from aiohttp import WSCloseCode, WSMsgType, web

from emulators.sarvam.errors import ApiError
from emulators.sarvam.faults import Fault
from emulators.sarvam.provider import KEY_HEADER, Provider


class Dropped(Exception):
    """The connection is cut or closed: what else was planned on it is over."""


class Socket:
    """One WebSocket connection, seen from the server."""

    def __init__(self, provider: Provider, request: web.Request, ws: web.WebSocketResponse) -> None:
        self._provider, self._request, self._ws = provider, request, ws
        self.path = request.path

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send one JSON message; `Dropped` when the peer is gone."""
        await self.send_text(json.dumps(message, ensure_ascii=False))

    async def send_text(self, text: str) -> None:
        """Send one text frame, whatever it holds; `Dropped` when the peer is gone."""
        if self._ws.closed:
            raise Dropped
        try:
            await self._ws.send_str(text)
        except (ConnectionError, RuntimeError) as error:
            raise Dropped from error

    async def close(self, code: int, reason: str = "") -> Never:
        """Close with a code and end the session."""
        await self._ws.close(code=code, message=reason.encode()[:123])
        raise Dropped

    async def cut(self) -> Never:
        """Cut the TCP connection, without a close frame, and end the session."""
        cut(self._request)
        raise Dropped

    async def messages(self, idle_s: float) -> AsyncIterator[dict[str, Any] | bytes]:
        """Yield what the client sends, until it closes.

        Raises:
            TimeoutError: nothing came for `idle_s`.
            ValueError: a text frame is no JSON object.
        """
        while True:
            frame = await self._ws.receive(timeout=idle_s)
            if frame.type is WSMsgType.BINARY:
                yield frame.data
            elif frame.type is WSMsgType.TEXT:
                message = json.loads(frame.data)
                if not isinstance(message, dict):
                    raise ValueError("a message is no JSON object")
                self._provider.journal.note_frame(self.path, message)
                yield message
            else:
                return

    async def ignore_everything(self) -> None:
        """Read and say nothing until the client gives up."""
        while (await self._ws.receive()).type in {WSMsgType.TEXT, WSMsgType.BINARY}:
            pass


def cut(request: web.Request) -> None:
    """Cut the TCP connection below a request."""
    if request.transport is not None:
        request.transport.abort()


async def converse(
    provider: Provider, request: web.Request, pool: str, session: Callable[[Socket], Awaitable[None]]
) -> web.WebSocketResponse:
    """Check the key and the plan, upgrade, and run a session; `ApiError` becomes the answer to the handshake."""
    await _spoil_handshake(provider, request)
    with provider.account(request).socket(pool):
        await asyncio.sleep(provider.latency.handshake_s)
        offered = [name.strip() for name in request.headers.get("Sec-WebSocket-Protocol", "").split(",")]
        ws = web.WebSocketResponse(protocols=[name for name in offered if name.startswith(KEY_HEADER)], timeout=2.0)
        await ws.prepare(request)
        provider.journal.usage.sockets += 1
        socket = Socket(provider, request, ws)
        with suppress(Dropped):
            if provider.faults.take(Fault.CONNECT_SILENCE):
                await socket.ignore_everything()
            else:
                await session(socket)
        if not ws.closed and request.transport is not None and not request.transport.is_closing():
            await ws.close(code=WSCloseCode.OK)
    return ws


async def _spoil_handshake(provider: Provider, request: web.Request) -> None:
    faults = provider.faults
    if faults.take(Fault.CONNECT_RESET):
        cut(request)
        raise web.HTTPServiceUnavailable
    if hit := faults.take(Fault.CONNECT_HANG):
        await asyncio.sleep(hit.number)
    if hit := faults.take(Fault.CONNECT_STATUS):
        raise ApiError(int(hit.number), "The service cannot take this connection")
