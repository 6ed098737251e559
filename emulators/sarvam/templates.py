"""How the phrases sound: each rendered by each caller voice, kept as arrays that can be compared at once."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from emulators.audio import silence
from emulators.sarvam.features import BANDS, FLOOR, Floats, level, logarithm, loud_frames, spectrum
from emulators.sarvam.phrasebook import Phrase
from emulators.voices import synthesise

_PARTS: Final = 4
_SLOWEST, _FASTEST = 0.45, 2.0
"""Bounds of a template's length against the utterance's."""
_LENIENCE: Final = 12
"""Frames that a template may be longer than that: those that were cut off."""

Indices = npt.NDArray[np.intp]


class Templates(NamedTuple):
    """All phrases in all voices, by row."""

    energy: Floats
    """Shape (rows, longest, bands), free of level; zero behind a row's length."""
    summed: Floats
    """Running sum of `energy` over its frames, shape (rows, longest + 1, bands)."""
    lengths: Indices
    phrase: Indices
    """Which phrase a row renders."""

    def known(self, rows: Indices, noise: Floats) -> Floats:
        """Return rows as they would arrive over a line with this noise, shape (rows, longest of them, bands)."""
        return logarithm(self.energy[rows, : self.lengths[rows].max()], noise)

    def candidates(self, heard: Floats, noise: Floats, *, keep: int, prefix: bool) -> Indices:
        """Choose the rows worth an alignment: of a fitting length, and alike in their rough course.

        Args:
            heard: level-free energy, shape (frames, bands), with its noise.
            noise: what of it is noise, shape (bands,).
            keep: how many rows at most.
            prefix: whether the utterance may be the beginning of something longer.
        """
        frames = len(heard)
        if not frames:
            return np.zeros(0, dtype=np.intp)
        fits = self.lengths > _SLOWEST * frames
        if not prefix:
            fits &= self.lengths < _FASTEST * frames + _LENIENCE
        rows = np.flatnonzero(fits)
        if len(rows) <= keep:
            return rows
        span = np.minimum(self.lengths[rows], frames) if prefix else self.lengths[rows]
        cuts = np.arange(_PARTS + 1) / _PARTS
        course = _course(self.summed[rows], np.rint(span[:, None] * cuts).astype(np.intp)) + noise
        own = _course(_running_sum(heard)[None], np.rint(frames * cuts).astype(np.intp)[None])
        apart = np.abs(np.log(course + FLOOR) - np.log(own + FLOOR)).mean(axis=(1, 2))
        return rows[np.argpartition(apart, keep)[:keep]]


def render(phrases: Sequence[Phrase], voices: Sequence[str]) -> Templates:
    """Render every phrase in every voice: some 4 ms each, the first time in a process."""
    pairs = [(index, _sound(*phrase, voice)) for index, phrase in enumerate(phrases) for voice in voices]
    pairs = [(index, sound) for index, sound in pairs if len(sound)]
    longest = max((len(sound) for _, sound in pairs), default=1)
    energy = np.zeros((len(pairs), longest, BANDS), dtype=np.float32)
    for row, (_, sound) in enumerate(pairs):
        energy[row, : len(sound)] = sound
    lengths = np.array([len(sound) for _, sound in pairs], dtype=np.intp)
    return Templates(energy, _running_sum(energy), lengths, np.array([index for index, _ in pairs], dtype=np.intp))


@lru_cache(maxsize=16384)
def _sound(text: str, language: str, voice: str) -> Floats:
    """Render a phrase as level-free energy; no frames when the engine cannot speak it."""
    energy = spectrum(silence(100) + synthesise(text, language, voice=voice) + silence(100))
    if not len(energy) or not energy.any():
        return energy[:0]
    loud = np.flatnonzero(loud_frames(energy))
    return energy[max(0, loud[0] - 1) : loud[-1] + 2] / np.float32(level(energy))


def _running_sum(energy: Floats) -> Floats:
    summed: Floats = np.cumsum(energy, axis=-2, dtype=np.float32)
    return np.concatenate([np.zeros_like(summed[..., :1, :]), summed], axis=-2)


def _course(summed: Floats, cuts: Indices) -> Floats:
    """Average the energy between the cuts, shape (rows, parts, bands)."""
    at_cuts = np.take_along_axis(summed, cuts[:, :, None], axis=1)
    frames = np.maximum(np.diff(cuts, axis=1), 1).astype(np.float32)
    course: Floats = np.diff(at_cuts, axis=1) / frames[:, :, None]
    return course
