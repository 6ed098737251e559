"""What is kept of a call while it lives: written in order, behind the call's back."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import structlog

from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

PAUSE: Final = 1.0
"""Seconds before what could not be written is tried again."""


class Notes:
    """One call's fields in the session store.

    `put` returns at once; what was put last wins. When the store is away the call goes on from its own memory, and
    the newest values are written when it is back.
    """

    def __init__(self, write: Callable[[Mapping[str, str]], Awaitable[bool]]) -> None:
        """Write by `write`, which answers False when another pod owns the call by now."""
        self._write = write
        self._pending: dict[str, str] = {}
        self._wake = asyncio.Event()
        self._closed = False

    def put(self, **fields: str) -> None:
        """Keep `fields`."""
        self._pending.update(fields)
        self._wake.set()

    def close(self) -> None:
        """Write what is left, once, and end."""
        self._closed = True
        self._wake.set()

    async def run(self) -> None:
        """Write until `close`."""
        while not self._closed or self._pending:
            await self._wake.wait()
            self._wake.clear()
            fields, self._pending = self._pending, {}
            if not fields:
                continue
            try:
                if not await self._write(fields):
                    log.warning("Another pod owns the call by now.")
                    return
            except VoiceError:
                if self._closed:
                    return
                self._pending = fields | self._pending
                await asyncio.sleep(PAUSE)
                self._wake.set()
