"""Tasks that belong to the process, and not to the request that happened to begin them."""

import asyncio
import contextvars
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


class Tasks:
    """Owns tasks: each is kept until it is done, and none inherits a request's deadline or the fields of its log."""

    def __init__(self) -> None:
        self._context = contextvars.copy_context()
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, work: Coroutine[Any, Any, Result], name: str) -> asyncio.Task[Result]:
        """Begin `work`."""
        task = asyncio.get_running_loop().create_task(work, name=name, context=self._context.copy())
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def wait(self, within: float) -> bool:
        """Wait until all are done; False when that takes longer than so many seconds."""
        if not self._running:
            return True
        _, late = await asyncio.wait(list(self._running), timeout=max(0.0, within))
        return not late

    async def cancel(self) -> None:
        """Cancel what is left, and wait until it is gone."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
