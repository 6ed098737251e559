"""Recordings of calls: left the borrower, right our side as it was heard; written to disk off the loop."""

import asyncio
import wave
from pathlib import Path
from typing import Final

import numpy as np
import structlog

from voicekit.audio import BYTES_PER_MS, SAMPLE_RATE, samples

log = structlog.get_logger(__name__)

BLOCK: Final = 5000 * BYTES_PER_MS
"""Bytes of one side that are kept in memory before they are written."""


class Recording:
    """Records one call. Without a file it records nothing, and costs nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._began = asyncio.get_running_loop().time()
        self._left, self._right = bytearray(), bytearray()
        self._written = 0  # bytes of one side that are on disk or on their way
        self._file: wave.Wave_write | None = None
        self._writing: asyncio.Task[None] | None = None

    def borrower(self, pcm: bytes) -> None:
        """Add sound that came in now."""
        if self._path:
            self._add(self._left, pcm, self._now())
            self._flush()

    def bot(self, pcm: bytes, starts_in: float) -> None:
        """Add sound that the borrower will begin to hear in so many seconds."""
        if self._path:
            self._add(self._right, pcm, self._now() + round(starts_in * SAMPLE_RATE) * 2)

    def silenced(self) -> None:
        """Drop what the carrier was asked to drop."""
        if self._path:
            del self._right[max(0, self._now() - self._written) :]

    def close(self) -> None:
        """Write the rest; the file is complete a moment later."""
        if self._path:
            self._flush(last=True)

    def _now(self) -> int:
        """Return the present as a position in bytes of one side."""
        return round((asyncio.get_running_loop().time() - self._began) * SAMPLE_RATE) * 2

    def _add(self, side: bytearray, pcm: bytes, at: int) -> None:
        gap = at - self._written - len(side)
        # Small gaps are the network's jitter, not the borrower's silence.
        if gap > 200 * BYTES_PER_MS:
            side += bytes(gap)
        side += pcm

    def _flush(self, *, last: bool = False) -> None:
        size = max(len(self._left), len(self._right)) if last else min(len(self._left), self._now() - self._written)
        if not size or (size < BLOCK and not last):
            return
        both = np.zeros((size // 2, 2), dtype="<i2")
        for channel, side in enumerate((self._left, self._right)):
            piece = samples(bytes(side[:size]))
            both[: len(piece), channel] = piece
            del side[:size]
        self._written += size
        self._writing = asyncio.create_task(self._write(both.tobytes(), self._writing, last=last), name="recording")

    async def _write(self, block: bytes, before: asyncio.Task[None] | None, *, last: bool) -> None:
        if before:
            await asyncio.wait([before])
        try:
            await asyncio.to_thread(self._append, block, last=last)
        except OSError:
            log.exception("A recording could not be written.")
            self._path = None

    def _append(self, block: bytes, *, last: bool) -> None:
        if self._path is None:
            return
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = wave.open(str(self._path), "wb")  # noqa: SIM115 -- open as long as the call
            self._file.setparams((2, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
        self._file.writeframes(block)
        if last:
            self._file.close()


class Recordings:
    """Makes recordings, in one folder; or none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def begin(self, call_id: str) -> Recording:
        """Record a call as `{call_id}.wav`."""
        name = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in call_id)
        return Recording(self._folder / f"{name}.wav" if self._folder else None)
