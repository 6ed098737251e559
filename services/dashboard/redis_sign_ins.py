"""Who is signed in, in Redis."""

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, Final

import redis.asyncio
from redis.exceptions import RedisError

from voicekit.cancellation import heeding_cancellation
from voicekit.errors import ProviderDown
from voicekit.sessions import TIMEOUT_S

ATTEMPTS_S: Final = 60

_COUNT: Final = """
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return count"""
_PUT: Final = """
redis.call('HSET', KEYS[1], unpack(ARGV, 2))
redis.call('EXPIRE', KEYS[1], ARGV[1])"""
_GET: Final = """
redis.call('EXPIRE', KEYS[1], ARGV[1])
return redis.call('HGETALL', KEYS[1])"""


class RedisSignIns:
    """Who is signed in. Every method fails with `ProviderDown` within half a second when Redis is away."""

    def __init__(self, client: redis.asyncio.Redis) -> None:
        self._redis = client

    async def put(self, key: str, fields: Mapping[str, str], seconds: int) -> None:
        """Keep a sign-in."""
        flat = [text for field in fields.items() for text in field]
        await self._do(self._redis.eval(_PUT, 1, _key(key), str(seconds), *flat))

    async def get(self, key: str, seconds: int) -> Mapping[str, str]:
        """Return a sign-in, and keep it for so many seconds from now; empty when there is none."""
        flat: list[str] = await self._do(self._redis.eval(_GET, 1, _key(key), str(seconds)))
        return dict(zip(flat[::2], flat[1::2], strict=True))

    async def delete(self, key: str) -> None:
        """Forget a sign-in."""
        await self._do(self._redis.delete(_key(key)))

    async def count_attempt(self, key: str) -> int:
        """Count an attempt to sign in, and return how many there were within a minute."""
        return int(await self._do(self._redis.eval(_COUNT, 1, f"rate:limit:sign-in:{key}", str(ATTEMPTS_S))))

    async def _do(self, command: Awaitable[Any] | Any) -> Any:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                with heeding_cancellation():
                    return await command
        except (RedisError, OSError, TimeoutError) as error:
            raise ProviderDown(f"Redis does not answer: {type(error).__name__}") from error


def _key(key: str) -> str:
    return f"dashboard:session:{key}"
