"""Where to go on with a line that was broken off: at a pause a little before, or in the quietest moment of a word.

A listener who lost the end of a word needs it again from its beginning, not the whole sentence.
"""

from typing import Final

import numpy as np

from voicekit.audio import BYTES_PER_MS, FRAME_BYTES, samples

LOOK_BACK: Final = 600 * BYTES_PER_MS
"""So much of what was heard last is looked at."""
_NEAREST: Final = 6
_FARTHEST: Final = 16
"""Frames of 20 ms before the break, between which the quietest is taken when there is no pause."""
_PAUSE: Final = 10**-3.0
"""Of the loudest frame's energy: 30 dB under it."""


def step_back(heard: bytes) -> int:
    """Return how many bytes before the end of `heard`, whole frames, to go on from."""
    count = min(len(heard), LOOK_BACK) // FRAME_BYTES
    if not count:
        return 0
    wave = samples(heard[-count * FRAME_BYTES :]).astype(np.float64).reshape(count, -1)
    energy = (wave * wave).mean(axis=1)
    quiet = energy <= energy.max() * _PAUSE
    pauses = np.flatnonzero(quiet[1:] & quiet[:-1]) + 1
    if len(pauses):
        return int(count - pauses[-1]) * FRAME_BYTES
    first = max(0, count - _FARTHEST)
    last = max(first + 1, count - _NEAREST)
    return int(count - first - np.argmin(energy[first:last])) * FRAME_BYTES


class LastSent:
    """The last that was sent of an utterance: what the carrier may not have played yet, and a look back."""

    def __init__(self, ahead_ms: int) -> None:
        self._kept = ahead_ms * BYTES_PER_MS + LOOK_BACK
        self._sound = bytearray()

    def add(self, pcm: bytes) -> None:
        """Take note of what is sent."""
        self._sound += pcm
        if len(self._sound) > 2 * self._kept:
            del self._sound[: -self._kept]

    def back(self, unheard: int, since: int) -> bytes:
        """Return what is to be sent again, and forget it.

        Args:
            unheard: how many of the bytes sent were not heard.
            since: how far before them the present sentence began; an earlier one is not heard again.
        """
        heard = bytes(self._sound[max(0, len(self._sound) - unheard - since) : len(self._sound) - unheard])
        again = unheard + step_back(heard)
        sound = bytes(self._sound[len(self._sound) - again :])
        del self._sound[len(self._sound) - again :]
        return sound
