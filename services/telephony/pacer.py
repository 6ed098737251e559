"""One timer for all that is played by this process: no task, and no timer, for a frame or a call."""

import asyncio
from typing import Final, Protocol

TICK: Final = 0.02
"""Seconds between two looks at the clock while anything is played."""


class Paced(Protocol):
    """Something that is played in real time."""

    due: float
    """Loop time before which there is nothing to do."""

    def tick(self, now: float) -> bool:
        """Do what is due; False when nothing is left to do."""


class Pacer:
    """Ticks whatever is played, every 20 ms, and stands still when nothing is.

    The clock's own time decides what is due, so a tick that comes late is made up for by the next.
    """

    def __init__(self) -> None:
        self._playing: set[Paced] = set()
        self._timer: asyncio.TimerHandle | None = None

    def add(self, paced: Paced) -> None:
        """Tick `paced` from now on, at once for the first time."""
        loop = asyncio.get_running_loop()
        if not paced.tick(loop.time()):
            return
        self._playing.add(paced)
        if self._timer is None:
            self._timer = loop.call_at(loop.time() + TICK, self._tick)

    def drop(self, paced: Paced) -> None:
        """Leave `paced` alone from now on."""
        self._playing.discard(paced)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for paced in [paced for paced in self._playing if paced.due <= now]:
            if not paced.tick(now):
                self._playing.discard(paced)
        self._timer = loop.call_at(now + TICK, self._tick) if self._playing else None
