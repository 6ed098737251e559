"""What a plan allows: requests a minute, sockets at once, and how fast they may be opened."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from emulators.sarvam.errors import ApiError


@dataclass(frozen=True, slots=True)
class Plan:
    """Limits of one account."""

    stt_per_minute: int = 60
    tts_per_minute: int = 30
    stt_sockets: int = 20
    tts_sockets: int = 30
    opens_per_second: int = 50
    """Sockets that may be opened in one second; a burst beyond is refused even below the ceiling."""


PLANS: Final = {
    "starter": Plan(),
    "pro": Plan(stt_per_minute=100, tts_per_minute=100, stt_sockets=100, tts_sockets=100),
    "business": Plan(stt_per_minute=4000, tts_per_minute=1000, stt_sockets=100, tts_sockets=100),
    "unlimited": Plan(*[10**9] * 5),
}
"""Sarvam's published plans; its TTS figures beyond the first are not published, these are guesses."""


class TokenBucket:
    """Lets `per_s` events a second through, and `burst` at once; runs on the loop's clock."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._per_s, self._burst = per_s, burst
        self._left, self._at = float(burst), 0.0

    def take(self) -> float:
        """Take one; return the seconds to wait when none is left, 0 when it was granted."""
        now = asyncio.get_running_loop().time()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return (1 - self._left) / self._per_s
        self._left -= 1
        return 0.0


class Limits:
    """Holds one account, which here is one key, to its plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.open_sockets: Counter[str] = Counter()
        """Sockets open now, by pool: `stt` (realtime and legacy share it) and `tts`."""
        self.most_sockets: defaultdict[str, int] = defaultdict(int)
        """The most that were ever open at once, by pool."""
        self._requests = {
            "stt": TokenBucket(plan.stt_per_minute / 60, plan.stt_per_minute),
            "tts": TokenBucket(plan.tts_per_minute / 60, plan.tts_per_minute),
        }
        self._opens = TokenBucket(plan.opens_per_second, plan.opens_per_second)

    def count_request(self, pool: str) -> None:
        """Admit one REST request; `ApiError` 429 when the minute is used up."""
        if self._requests[pool].take():
            raise ApiError(429, "Rate limit exceeded")

    @contextmanager
    def socket(self, pool: str) -> Iterator[None]:
        """Hold one socket of the pool; `ApiError` 429 at the ceiling, or when they are opened in a burst."""
        ceiling = self.plan.stt_sockets if pool == "stt" else self.plan.tts_sockets
        if self.open_sockets[pool] >= ceiling:
            raise ApiError(429, "Too many concurrent connections")
        if self._opens.take():
            raise ApiError(429, "Connections are opened too fast")
        self.open_sockets[pool] += 1
        self.most_sockets[pool] = max(self.most_sockets[pool], self.open_sockets[pool])
        try:
            yield
        finally:
            self.open_sockets[pool] -= 1
