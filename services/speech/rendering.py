"""A line's audio while it is made: checked as it comes, and heard by any number of listeners."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Final

import numpy as np

from voicekit.audio import BYTES_PER_MS, FRAME_BYTES, samples
from voicekit.errors import ProviderDown

_SILENT: Final = 100
"""Samples up to this (of 32768) are silence."""
_LEAD_MS: Final = 60
"""Silence that is left before the first sound."""
_LEAST_MS_PER_CHARACTER: Final = 22
_MOST_MS_PER_CHARACTER: Final = 320
_PAUSE_WINDOW: Final = 160
_LOOK_BACK_MS: Final = 400


class Screen:
    """Lets through what may be the audio of a text, piece by piece, and nothing else.

    Whatever bytes come in, whole samples come out; silence before the first sound is cut, so that a silent answer
    is never taken for speech; what is much too long for its text is cut off, since it is no speech of that text.
    """

    def __init__(self, text: str) -> None:
        self._rest = b""
        self._lead = b""
        self._begun = False
        self._came = self._passed = 0
        self._least = max(100, (len(text) - 4) * _LEAST_MS_PER_CHARACTER) * BYTES_PER_MS if len(text) > 4 else 0
        self._most = (2000 + len(text) * _MOST_MS_PER_CHARACTER) * BYTES_PER_MS

    def feed(self, piece: bytes) -> bytes:
        """Return what of `piece`, and of what was held back, may be heard; `ProviderDown` when it is too long."""
        self._came += len(piece)
        if self._came > self._most:
            raise ProviderDown("the audio is much too long for its text")
        data = self._rest + piece
        whole = len(data) - len(data) % 2
        self._rest, data = data[whole:], data[:whole]
        if not self._begun:
            data = self._without_lead(data)
        self._passed += len(data)
        return data

    def check(self) -> None:
        """Raise `ProviderDown` when all that came is too little to be the text, or silent."""
        if not self._begun or self._passed < self._least:
            raise ProviderDown("the audio is silent or too short for its text")

    def _without_lead(self, data: bytes) -> bytes:
        self._lead += data
        loud = np.flatnonzero(np.abs(samples(self._lead).astype(np.int32)) > _SILENT)
        if not loud.size:
            self._lead = self._lead[-_LEAD_MS * BYTES_PER_MS :]
            return b""
        self._begun = True
        begin = max(0, 2 * int(loud[0]) - _LEAD_MS * BYTES_PER_MS)
        return self._lead[begin:]


def after_what_was_said(rendition: bytes, said: int) -> bytes:
    """Return the part of a new rendition that follows the first `said` bytes of an earlier one.

    Two renditions of a text in one voice differ little in time. It goes on at the quietest moment shortly before,
    so that at most a syllable is heard twice, and none is lost.
    """
    if said >= len(rendition):
        return b""
    first = max(0, said - _LOOK_BACK_MS * BYTES_PER_MS)
    window = samples(rendition[first:said]).astype(np.float32)
    count = len(window) // _PAUSE_WINDOW
    if not count:
        return rendition[first:]
    energy = (window[: count * _PAUSE_WINDOW].reshape(count, _PAUSE_WINDOW) ** 2).mean(axis=1)
    # Of equally quiet moments the last one.
    quietest = count - 1 - int(energy[::-1].argmin())
    return rendition[first + quietest * _PAUSE_WINDOW * 2 :]


class Rendering:
    """The audio of one line, from its first byte on."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._length = 0
        self._done = False
        self._error: Exception | None = None
        self._changed = asyncio.Event()
        self.listeners = 0
        self.wanted_now = asyncio.Event()
        """Set when a borrower waits for it."""

    @property
    def over(self) -> bool:
        """True when nothing more comes."""
        return self._done or self._error is not None

    @property
    def length(self) -> int:
        """Bytes so far."""
        return self._length

    def add(self, piece: bytes) -> None:
        """Add audio."""
        if piece:
            self._pieces.append(piece)
            self._length += len(piece)
            self._wake()

    def finish(self) -> bytes:
        """Fill the last frame with silence, and return the whole."""
        self._fill_frame()
        self._done = True
        self._wake()
        return b"".join(self._pieces)

    def fail(self, error: Exception) -> None:
        """End without the rest; what came is whole frames too."""
        self._fill_frame()
        self._error = error
        self._wake()

    def _fill_frame(self) -> None:
        self.add(bytes(-self._length % FRAME_BYTES))

    async def listen(self) -> AsyncGenerator[bytes, None]:
        """Return the audio from the beginning, as it comes; raise what made it fail."""
        at = 0
        while True:
            changed = self._changed
            if at < len(self._pieces):
                yield self._pieces[at]
                at += 1
            elif self._error:
                raise self._error
            elif self._done:
                return
            else:
                await changed.wait()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
