"""Tells how many calls this pod leads, so that nobody places more than all pods together have room for."""

import asyncio
from typing import Final

import structlog

from services.telephony.ports import Sessions
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

EVERY: Final = 2.0
LEASE: Final = 8.0
"""Seconds for which an offer holds: a pod that died offers nothing any more after so long."""


class Offers:
    """The room of this pod, as all pods see it."""

    def __init__(self, sessions: Sessions, *, pod: str, max_calls: int) -> None:
        self._sessions = sessions
        self._pod, self._max_calls, self._open = pod, max_calls, True

    async def repeat(self) -> None:
        """Offer room again and again, until cancelled."""
        while True:
            await self._offer()
            await asyncio.sleep(EVERY)

    async def withdraw(self) -> None:
        """Offer nothing from now on."""
        self._open = False
        await self._offer()

    async def _offer(self) -> None:
        try:
            await self._sessions.offer_slots(self._pod, self._max_calls if self._open else 0, LEASE)
        except ProviderDown:
            log.warning("The room of this pod was not told: Redis is away.")
