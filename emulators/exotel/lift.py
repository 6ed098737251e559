"""The caller's 8 kHz voice at the rate of a stream."""

from typing import Final

import numpy as np

from emulators.audio import SAMPLE_RATE, samples, to_pcm

_REACH: Final = 32
"""Input samples that one output sample depends on; the voice comes out half of that (2 ms) late."""


class Lift:
    """Resamples frame by frame, without a seam between frames."""

    def __init__(self, to_hz: int) -> None:
        self._factor = to_hz // SAMPLE_RATE
        time = np.arange(-_REACH * self._factor // 2, _REACH * self._factor // 2 + 1) / self._factor
        self._filter = np.sinc(time) * np.kaiser(time.size, 8.0)
        self._past = np.zeros(_REACH)

    def __call__(self, pcm: bytes) -> bytes:
        """Bring the next frame to the rate of the stream, `to_hz / 8000` times as long."""
        if self._factor == 1:
            return pcm
        sound = np.concatenate([self._past, samples(pcm)])
        self._past = sound[-_REACH:]
        spread = np.zeros(sound.size * self._factor)
        spread[:: self._factor] = sound
        return to_pcm(np.convolve(spread, self._filter, "valid"))
