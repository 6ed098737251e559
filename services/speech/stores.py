"""Rendered lines in this process: the most recently used, up to so many bytes."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple


class _Entry(NamedTuple):
    pcm: bytes
    until: float


class MemoryStore:
    """Audio by key; what was not asked for longest goes first."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes, self._bytes = max_bytes, 0
        self._entries: OrderedDict[str, _Entry] = OrderedDict()

    def get(self, key: str) -> bytes | None:
        """Return what is kept under `key`."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry.until <= asyncio.get_running_loop().time():
            self._drop(key)
            return None
        self._entries.move_to_end(key)
        return entry.pcm

    def put(self, key: str, pcm: bytes, *, life_s: float) -> None:
        """Keep `pcm` for at most `life_s` seconds."""
        self._drop(key)
        now = asyncio.get_running_loop().time()
        for old in [name for name, entry in self._entries.items() if entry.until <= now]:
            self._drop(old)
        self._entries[key] = _Entry(pcm, now + life_s)
        self._bytes += len(pcm)
        while self._bytes > self._max_bytes:
            self._drop(next(iter(self._entries)))

    def _drop(self, key: str) -> None:
        if entry := self._entries.pop(key, None):
            self._bytes -= len(entry.pcm)
