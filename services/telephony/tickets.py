"""Tickets for voice sockets: an unguessable token stands for one call, for a minute."""

import asyncio
import secrets
from collections.abc import Mapping
from typing import Final

import structlog

from services.telephony.ports import Sessions
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

USES: Final = 2
"""The carrier tries a handshake that failed once more, with the same address."""
LASTS: Final = 60.0


class Tickets:
    """Mints tickets and takes them back. When Redis is away, those of this process still work."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._local: dict[str, tuple[float, int, Mapping[str, str]]] = {}  # (until, uses, fields)

    async def mint(self, fields: Mapping[str, str]) -> str:
        """Return a new token of 192 bits that stands for `fields`."""
        token = secrets.token_urlsafe(24)
        try:
            await self._sessions.put_ticket(token, fields)
        except ProviderDown:
            log.warning("A ticket is kept by this process alone.")
            self._keep(token, fields)
        return token

    async def use(self, token: str) -> Mapping[str, str] | None:
        """Return what a token stands for; None when it is unknown, too old, or used twice already."""
        if not 16 <= len(token) <= 64:
            return None
        if local := self._use_local(token):
            return local
        try:
            return await self._sessions.use_ticket(token, USES) or None
        except ProviderDown:
            return None

    def _keep(self, token: str, fields: Mapping[str, str]) -> None:
        now = asyncio.get_running_loop().time()
        self._local = {kept: value for kept, value in self._local.items() if value[0] > now}
        self._local[token] = (now + LASTS, 0, fields)

    def _use_local(self, token: str) -> Mapping[str, str] | None:
        until, uses, fields = self._local.get(token, (0.0, USES, {}))
        if uses >= USES or asyncio.get_running_loop().time() > until:
            return None
        self._local[token] = (until, uses + 1, fields)
        return fields
