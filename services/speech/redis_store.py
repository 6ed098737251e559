"""Rendered lines in Redis, `prompt:audio:{hash}`, for all pods. A Redis that is down costs time, not a call."""

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from services.speech.breaker import Breaker
from voicekit.cancellation import heeding_cancellation

log = structlog.get_logger(__name__)


class RedisStore:
    """Audio by key."""

    def __init__(self, client: redis.asyncio.Redis, breaker: Breaker) -> None:
        """Use `client`, which answers bytes, gives up early and retries nothing; `breaker` is Redis' own."""
        self._redis, self._breaker = client, breaker

    async def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`; None also when Redis does not answer."""
        if self._breaker.open:
            return None
        try:
            with heeding_cancellation():
                found = await self._redis.get(f"prompt:audio:{key}")
        except (RedisError, OSError) as error:
            self._breaker.trip()
            log.warning("Redis does not answer; a line is rendered anew.", error=type(error).__name__)
            return None
        return found if isinstance(found, bytes) else None

    async def put(self, key: str, pcm: bytes, *, life_s: float) -> None:
        """Keep `pcm` for `life_s` seconds, if Redis answers."""
        if self._breaker.open:
            return
        try:
            with heeding_cancellation():
                await self._redis.set(f"prompt:audio:{key}", pcm, px=int(life_s * 1000))
        except (RedisError, OSError) as error:
            self._breaker.trip()
            log.warning("Redis does not answer; a line is not shared.", error=type(error).__name__)
