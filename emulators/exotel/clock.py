"""Time as the provider tells it: the loop's clock, and India's wall time written without a zone."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

IST: Final = timezone(timedelta(hours=5, minutes=30))


class Clock:
    """Counts by the running loop, so that a virtual loop moves the wall clock too."""

    def __init__(self, started: datetime | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._zero = self._loop.time()
        self._started = started or datetime.now(UTC)

    def now(self) -> float:
        """Read the loop's clock, in seconds."""
        return self._loop.time()

    def wall(self, at: float | None = None) -> datetime:
        """Turn a reading of the loop's clock (now by default) into an aware time."""
        return self._started + timedelta(seconds=(self.now() if at is None else at) - self._zero)

    def stamp(self, at: float | None = None) -> str:
        """Write a time as the provider does: `YYYY-MM-DD HH:MM:SS`, India time, no zone."""
        return self.wall(at).astimezone(IST).strftime("%Y-%m-%d %H:%M:%S")
