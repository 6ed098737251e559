"""Recordings of calls: stereo WAV files that telephony writes, left the borrower, right our side."""

import asyncio
import re
import sys
import wave
from array import array
from pathlib import Path
from typing import Final

from services.dashboard.model import Value
from voicekit.errors import NotFound

POINTS: Final = 600
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Waveform(Value):
    """How loud both sides were."""

    seconds: float
    borrower: list[int]
    """Loudest sample of each of 600 equal stretches, from 0 to 100."""
    bot: list[int]


class Recordings:
    """The recordings in a folder, or none."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    async def find(self, call_id: str) -> Path:
        """Return a call's file; `NotFound` when it was not recorded, or is no longer kept."""
        path = self._path(call_id)
        if path is None or not await asyncio.to_thread(path.is_file):
            raise NotFound("There is no recording of this call.")
        return path

    async def waveform(self, call_id: str) -> Waveform:
        """Return how loud both sides were; `NotFound`."""
        path = await self.find(call_id)
        try:
            return await asyncio.to_thread(_measure, path)
        except (wave.Error, EOFError, ValueError) as error:
            raise NotFound("The recording of this call cannot be read; it may not be complete yet.") from error

    def _path(self, call_id: str) -> Path | None:
        # Ids that are no plain names lead out of the folder.
        return self._folder / f"{call_id}.wav" if self._folder and _NAME.fullmatch(call_id) else None


def _measure(path: Path) -> Waveform:
    with wave.open(str(path), "rb") as recording:
        if (recording.getnchannels(), recording.getsampwidth()) != (2, 2):
            raise ValueError("no stereo of 16 bits")
        length, rate = recording.getnframes(), recording.getframerate()
        peaks: tuple[list[int], list[int]] = ([], [])
        done = 0
        for point in range(1, POINTS + 1):
            upto = length * point // POINTS
            frames = array("h", recording.readframes(upto - done))
            done = upto
            if sys.byteorder == "big":
                frames.byteswap()
            for side, found in enumerate(peaks):
                samples = frames[side::2]
                found.append(max(max(samples, default=0), -min(samples, default=0)) * 100 // 32768)
    return Waveform(seconds=round(length / rate, 2), borrower=peaks[0], bot=peaks[1])
