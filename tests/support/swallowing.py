"""A Redis that answers in the very moment in which its asker is cancelled."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, cast

import redis.asyncio

from voicekit.errors import VoiceError


class SwallowingRedis:
    """Does as redis-py where a cancellation meets an answer: Python 3.11's `wait_for` returns the answer.

    Other commands than the first are taken down, and answered at once.
    """

    def __init__(self, answer: object) -> None:
        self._answer = answer
        self.later: list[tuple[str, tuple[object, ...]]] = []
        self.asked = asyncio.Event()

    def __getattr__(self, command: str) -> Callable[..., Awaitable[object]]:
        return lambda *arguments, **_: self._do(command, arguments)

    def register_script(self, _: str) -> Callable[..., Awaitable[object]]:
        """Return a script."""
        return lambda **_: self._do("script", ())

    async def _do(self, command: str, arguments: tuple[object, ...]) -> object:
        if self.asked.is_set():
            self.later.append((command, arguments))
            return None
        self.asked.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return self._answer


async def ends_when_cancelled(ask: Callable[[redis.asyncio.Redis], Awaitable[Any]], redis_: SwallowingRedis) -> bool:
    """Cancel whoever asks while Redis is asked; tell whether that ended it."""

    async def asking() -> None:
        with contextlib.suppress(VoiceError):
            await ask(cast("redis.asyncio.Redis", redis_))

    task = asyncio.create_task(asking())
    await redis_.asked.wait()
    task.cancel()
    await asyncio.wait([task])
    return task.cancelled()
