"""A heartbeat for waiting: look, and if it is not so yet, look again when something has changed."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import TypeVar

T = TypeVar("T")


class Pulse:
    """Wakes everybody who waits, each time something has changed."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def beat(self) -> None:
        """Wake all who wait."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)
        self._waiting.clear()

    async def wait(self, until: float | None = None) -> None:
        """Wait for the next beat, or for the loop's clock to read `until`."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        with suppress(TimeoutError):
            async with asyncio.timeout_at(until):
                await future
        self._waiting.discard(future)


async def sleep_until(at: float) -> None:
    """Sleep until the loop's clock reads `at`."""
    await asyncio.sleep(max(0.0, at - asyncio.get_running_loop().time()))


async def unless(event: asyncio.Event, work: Coroutine[object, object, T]) -> T | None:
    """Do the work, but drop it and return None as soon as the event is set."""
    task = asyncio.ensure_future(work)
    watch = asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({task, watch}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        for future in (task, watch):
            future.cancel()
        await asyncio.gather(task, watch, return_exceptions=True)
