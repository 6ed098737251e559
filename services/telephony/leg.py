"""One voice socket as a `Leg`: what is said leaves through one queue, in order, and nobody waits for it."""

import asyncio
from collections.abc import Callable
from typing import Final

from aiohttp import web

from services.telephony.media import Outbound

WAITING: Final = 50
"""Messages that may wait for the network: five seconds of sound. Beyond that nobody takes them in."""
CLOSE_WITHIN: Final = 1.0


class SocketLeg:
    """Sends to one socket."""

    def __init__(self, socket: web.WebSocketResponse, outbound: Outbound, on_stuck: Callable[[], None]) -> None:
        """Prepare; `on_stuck` is called once when the other side takes nothing in any more."""
        self._socket, self._outbound, self._on_stuck = socket, outbound, on_stuck
        self._waiting: asyncio.Queue[str | None] = asyncio.Queue()  # "" is a ping, None the end
        self._closed = False
        self.sent = 0
        """Messages that have left."""

    def play(self, pcm: bytes) -> None:
        """Send 8 kHz PCM."""
        self._put(self._outbound.media(pcm))

    def mark(self, name: str) -> None:
        """Ask for an echo."""
        self._put(self._outbound.mark(name))

    def clear(self) -> None:
        """Have the carrier drop what it has not played."""
        self._put(self._outbound.clear())

    def ping(self) -> None:
        """Ask the other side for a sign of life."""
        self._put("")

    def close(self) -> None:
        """Close the socket when all is sent."""
        if not self._closed:
            self._closed = True
            self._waiting.put_nowait(None)

    async def run(self) -> None:
        """Send until `close`, then close the socket with code 1000."""
        try:
            while (message := await self._waiting.get()) is not None:
                await (self._socket.send_str(message) if message else self._socket.ping())
                self.sent += 1
        except ConnectionError:
            self._closed = True  # the reader of the socket sees the same, and ends the call
        async with asyncio.timeout(CLOSE_WITHIN):
            await self._socket.close(code=1000)

    def _put(self, message: str) -> None:
        if self._closed:
            return
        if self._waiting.qsize() >= WAITING:
            self._closed = True
            self._on_stuck()
            return
        self._waiting.put_nowait(message)
