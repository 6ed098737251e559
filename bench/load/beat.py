"""One timer for all calls of the generator, and its own lateness."""

import asyncio
from collections.abc import Callable
from typing import Final

GRAIN_S: Final = 0.002
"""Calls begin at multiples of this within a frame, so that their frames are spread."""

Tick = Callable[[float], None]
"""Sends one frame; told when it was due."""


class Beat:
    """Calls every tick once a frame, each at a phase of its own."""

    def __init__(self, frame_ms: int) -> None:
        """Prepare; it runs from the first `add` to `stop`."""
        self._slots: list[list[Tick]] = [[] for _ in range(round(frame_ms / 1000 / GRAIN_S))]
        self._began = 0.0
        self._count = 0
        self._next = 0
        self._timer: asyncio.TimerHandle | None = None
        self.late: list[tuple[float, float, int]] = []
        """(when, seconds late when the last of them was sent, frames)."""

    def add(self, tick: Tick) -> None:
        """Tick from the next frame on, in the slot with the fewest calls."""
        min(self._slots, key=len).append(tick)
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._began, self._next = loop.time(), 0
            self._timer = loop.call_at(self._began, self._run)

    def drop(self, tick: Tick) -> None:
        """Tick no more."""
        for slot in self._slots:
            if tick in slot:
                slot.remove(tick)

    def stop(self) -> None:
        """Stop the timer."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while (due := self._began + self._next * GRAIN_S) <= loop.time():
            slot = self._slots[self._next % len(self._slots)]
            for tick in tuple(slot):
                tick(due)
            if slot:
                now = loop.time()
                self.late.append((now, now - due, len(slot)))
            self._next += 1
        self._timer = loop.call_at(due, self._run)
