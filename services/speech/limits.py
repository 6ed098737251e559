"""Provider limits: so many requests in any stretch of time, and a fair queue before them.

A place is reserved at the moment of asking, so the queue is first come, first served, and whoever would come too
late learns it at once and takes no place. Places are spaced so that no window of the given length, wherever it
begins, holds more than the limit: a bucket that refills would let through a burst and the refill of the same minute.

The log below is the queue of one process; `redis_limits.py` holds the same in Redis, for all pods.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from services.speech.ports import Limit, QueueFull

_TICK_S: Final = 1e-6
"""Between two places, so that those who wait for them wake in their order."""
_MOMENT_S: Final = 1e-3
"""So late is not late."""


class SlidingLog:
    """The places given of late, and those to come; knows no clock."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._limit, self._window_s = limit, window_s
        self._places: deque[float] = deque()

    def reserve(self, now: float, *, within_s: float) -> float:
        """Return when the request may go, from `now` on; `QueueFull` when that is later than `within_s` from now."""
        while self._places and self._places[0] <= now - self._window_s:
            self._places.popleft()
        place = max(now, self._places[-1] + _TICK_S) if self._places else now
        if len(self._places) >= self._limit:
            place = max(place, self._places[-self._limit] + self._window_s)
        if place - now > within_s + _MOMENT_S:
            raise QueueFull(place - now)
        self._places.append(place)
        return place

    def give_back(self, place: float) -> None:
        """Free a place that will not be used."""
        if place in self._places:
            self._places.remove(place)


class ProcessLimit:
    """A limit of this process alone."""

    def __init__(self, limit: int, window_s: float) -> None:
        self._log = SlidingLog(limit, window_s)

    async def take(self, *, within_s: float) -> None:
        """Wait for this request's turn; see `Limit`."""
        now = asyncio.get_running_loop().time()
        place = self._log.reserve(now, within_s=within_s)
        await wait_for_place(place - now, lambda: self._log.give_back(place))


class LiveLimit:
    """What is wanted now goes first: it has all the places that nobody waits for, and some that are kept for it."""

    def __init__(self, common: Limit, kept: Limit) -> None:
        self._common, self._kept = common, kept

    async def take(self, *, within_s: float) -> None:
        """Wait for this request's turn; see `Limit`."""
        try:
            await self._common.take(within_s=0.0)
        except QueueFull:
            await self._kept.take(within_s=within_s)


async def wait_for_place(wait_s: float, give_back: Callable[[], None]) -> None:
    """Sleep until a place has come; a sleeper who is cancelled gives it back."""
    try:
        await asyncio.sleep(max(0.0, wait_s))
    except asyncio.CancelledError:
        give_back()
        raise
