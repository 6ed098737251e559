"""Redis: the answer to the `Sessions` port, and to who may ask the carrier now."""

import asyncio

import redis.asyncio
import structlog

from voicekit.errors import ProviderDown
from voicekit.sessions import Sessions, connect

log = structlog.get_logger(__name__)


class RedisSessions(Sessions):
    """The sessions that all services share; see `voicekit.sessions`."""

    @classmethod
    def at(cls, url: str) -> "RedisSessions":
        """Use the Redis at `url`."""
        return cls(connect(url))

    def __init__(self, client: redis.asyncio.Redis) -> None:
        super().__init__(client)
        self._client = client

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class RateLimit:
    """So many requests a minute, for all pods together."""

    def __init__(self, sessions: Sessions, api: str, key: str, per_minute: int) -> None:
        self._sessions, self._api, self._key, self._per_minute = sessions, api, key, per_minute
        self._next = 0.0

    async def ask(self) -> float:
        """Count one request and return 0, or the seconds until one may be made."""
        try:
            return await self._sessions.count_request(self._api, self._key, self._per_minute)
        except ProviderDown:
            return self._ask_alone()

    def _ask_alone(self) -> float:
        """Space the requests of this process evenly while Redis is away."""
        now = asyncio.get_running_loop().time()
        if now < self._next:
            return self._next - now
        self._next = now + 60 / self._per_minute
        return 0.0
