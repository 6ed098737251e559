"""A clock that tests turn: when nothing is ready, the loop jumps to its next timer instead of waiting.

Sockets of the same process work as always, since what is sent over loopback is ready at once. Other
processes and threads do not: the clock would run away from them.
"""

import asyncio
import os
import selectors
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, TypeVar, TypeVarTuple

SMALL_JUMP: Final = 0.1
"""Seconds; what arrives so late is late for nobody."""


_Arguments = TypeVarTuple("_Arguments")
_Result = TypeVar("_Result")


class _JumpingSelector(selectors.DefaultSelector):
    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        # Twice, because the kernel may need a moment to carry bytes from one loopback socket to the other. A wait of
        # any length costs a millisecond; where little would be missed, letting others run for a moment will do.
        os.sched_yield()
        if ready := super().select(0 if timeout is not None and timeout <= SMALL_JUMP else 0.001):
            return ready
        if timeout is None:
            raise AssertionError("Everybody waits and no timer is set: the test would hang for ever.")
        self.now += timeout
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time()` begins at 0 and moves only by jumps."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*_Arguments], _Result], *args: *_Arguments
    ) -> asyncio.Future[_Result]:
        """Run `func` at once and here: a thread would lose the race against the clock."""
        future: asyncio.Future[_Result] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future
