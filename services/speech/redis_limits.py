"""Provider limits shared by all pods, in Redis: `rate:limit:{api}:{key}`, which lives a minute past its last place.

Redis' own clock rules, so pods need not agree on the time. Without Redis each process keeps to a share of its own.
"""

import asyncio
from typing import Final

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from services.speech.breaker import Breaker
from services.speech.limits import ProcessLimit, wait_for_place
from services.speech.ports import QueueFull
from voicekit.cancellation import heeding_cancellation

log = structlog.get_logger(__name__)

_RESERVE: Final = """
-- KEYS[1]: places, newest first, in microseconds. ARGV: limit, window and longest wait in microseconds.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local limit, window, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - window do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
local last = redis.call('LINDEX', KEYS[1], 0)
local place = last and math.max(now, tonumber(last) + 1) or now
local nth = redis.call('LINDEX', KEYS[1], limit - 1)
if nth then place = math.max(place, tonumber(nth) + window) end
if place - now > longest + 1000 then return {0, place - now, ''} end
local written = string.format('%.0f', place)
redis.call('LPUSH', KEYS[1], written)
redis.call('PEXPIRE', KEYS[1], math.ceil((place - now + window) / 1000))
return {1, place - now, written}
"""


class RedisLimit:
    """One limit of one provider's interface."""

    def __init__(
        self,
        client: redis.asyncio.Redis,
        breaker: Breaker,
        *,
        api: str,
        key: str,
        limit: int,
        alone_limit: int,
        window_s: float = 60.0,
        margin_s: float = 0.5,
    ) -> None:
        """Limit requests to `limit` in any `window_s`.

        Args:
            client: a connection that gives up early and retries nothing.
            breaker: Redis' own.
            api: the provider's interface, such as "sarvam-tts".
            key: whose limit it is, in a form that may be read by anybody: no secret.
            limit: requests in a window, by all processes together.
            alone_limit: requests in a window by this process, while Redis does not answer.
            window_s: length of the window.
            margin_s: kept between windows, for requests that leave a little later than their place.
        """
        self._redis, self._name, self._limit = client, f"rate:limit:{api}:{key}", limit
        self._window_us = int((window_s + margin_s) * 1e6)
        self._alone = ProcessLimit(alone_limit, window_s + margin_s)
        self._reserve = client.register_script(_RESERVE)
        self._breaker = breaker
        self._giving_back: set[asyncio.Task[None]] = set()

    async def take(self, *, within_s: float) -> None:
        """Wait for this request's turn; see `Limit`."""
        if self._breaker.open:
            return await self._alone.take(within_s=within_s)
        arguments = [self._limit, self._window_us, int(within_s * 1e6)]
        place: str | bytes = ""
        try:
            with heeding_cancellation():
                granted, wait_us, place = await self._reserve(keys=[self._name], args=arguments)
        except asyncio.CancelledError:
            if place:  # it came in the moment of the cancellation
                self._give_back(place)
            raise
        except (RedisError, OSError) as error:
            self._breaker.trip()
            log.warning("Redis does not answer; this process keeps to its own limit.", error=type(error).__name__)
            return await self._alone.take(within_s=within_s)
        if not granted:
            raise QueueFull(wait_us / 1e6)
        return await wait_for_place(wait_us / 1e6, lambda: self._give_back(place))

    def _give_back(self, place: str | bytes) -> None:
        task = asyncio.create_task(self._remove(place), name="give back a place")
        self._giving_back.add(task)
        task.add_done_callback(self._giving_back.discard)

    async def _remove(self, place: str | bytes) -> None:
        try:
            await self._redis.lrem(self._name, 1, place if isinstance(place, str) else place.decode())
        except (RedisError, OSError):
            log.info("A place could not be given back.")
