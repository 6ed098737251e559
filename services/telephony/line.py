"""What comes in through one socket, on its way to a session that may not be there yet."""

import asyncio
from collections.abc import Callable
from typing import Final

from services.telephony.events import MEDIA_LOST, Ended, Farewell
from services.telephony.session import CallSession

QUIET_FOR: Final = 3.0
"""Seconds without a message after which the other side is pinged: no document says that silence is sent as sound."""
SILENT_FOR: Final = 8.0
"""Seconds without a message or a pong after which the network is taken to be lost."""


class Line:
    """One socket's way to its call. Sound that comes before the session is there is left out: it is a fraction of a
    second, and nobody has said hello by then. An end is kept.
    """

    def __init__(self, ping: Callable[[], None]) -> None:
        self._session: CallSession | None = None
        self._end: Ended | Farewell | None = None
        self._heard_at = asyncio.get_running_loop().time()
        self._ping = ping
        self._watch: asyncio.TimerHandle | None = None

    @property
    def ended(self) -> bool:
        """True when the end was asked before a session was there."""
        return self._end is not None

    @property
    def silent_for(self) -> float:
        """Seconds since anything came in."""
        return asyncio.get_running_loop().time() - self._heard_at

    def attach(self, session: CallSession) -> None:
        """Lead to `session` from now on."""
        self._session = session
        if self._end:
            session.end(self._end)
        self._look()

    def alive(self) -> None:
        """Take note that something came in."""
        self._heard_at = asyncio.get_running_loop().time()

    def hear(self, pcm: bytes) -> None:
        """Hear 8 kHz PCM."""
        if self._session:
            self._session.hear(pcm)

    async def press(self, digit: str) -> None:
        """Take note of a key."""
        if self._session:
            await self._session.press(digit)

    def end(self, event: Ended | Farewell) -> None:
        """End the call; the first end counts."""
        if self._end is None:
            self._end = event
            if self._session:
                self._session.end(event)

    def detach(self) -> None:
        """Lead nowhere any more."""
        self._session = None
        if self._watch:
            self._watch.cancel()

    def _look(self) -> None:
        if self.silent_for > SILENT_FOR:
            self.end(MEDIA_LOST)
            return
        if self.silent_for > QUIET_FOR:
            self._ping()
        self._watch = asyncio.get_running_loop().call_later(1.0, self._look)
