"""The emulator's ear: finds in received audio what a caller may have said, and nothing else.

It is no general recogniser. It knows a book of phrases, renders them with the voices callers have, and compares
what arrived with each of them: samples are all it has to go by. What resembles no phrase stays empty.
"""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from emulators.sarvam.features import HOP_MS, Floats, level, line_noise, logarithm, loud_frames, spectrum
from emulators.sarvam.matching import align
from emulators.sarvam.phrasebook import Phrase, unique
from emulators.sarvam.templates import Indices, Templates, render
from emulators.voices import VOICES

_TOO_FAR: Final = 0.85
"""Mean distance a frame (nepers a band) beyond which a phrase was not said."""
_PINNED_BONUS: Final = 0.06
"""What a phrase of the expected language is moved nearer: it decides between words that sound the same."""
_SURE_MARGIN: Final = 0.5
"""Distance to the nearest phrase of another language at which the language is certain."""
_SHORTEST_MS: Final = 96
_PAUSE_MS: Final = 190
"""Silence within an utterance at which it may be two phrases."""
_KEEP: Final = 160
"""Templates that are aligned after a rough comparison with all."""


class Heard(NamedTuple):
    """What was understood."""

    text: str
    """Empty when nothing was."""
    language: str | None = None
    """Language of the phrase; None when nothing was understood."""
    language_confidence: float = 0.0
    """0.5 to 0.99: how much nearer the phrase is than the nearest of another language."""
    distance: float = float("inf")
    """Mean distance a frame: under 0.3 on a clean line, 0.85 at the limit."""


_NOTHING: Final = Heard("")


class _Speech(NamedTuple):
    """One stretch of speech, free of level."""

    energy: Floats
    noise: Floats
    """What of the energy is noise, shape (bands,)."""


class Recogniser:
    """Understands the phrases of a book.

    The first utterance waits until they are rendered, 4 ms a phrase and voice; `prepare` does it ahead.
    """

    def __init__(self, phrases: Iterable[Phrase] = (), *, voices: Sequence[str] = tuple(VOICES)) -> None:
        self._phrases = unique(phrases)
        self._voices = tuple(voices)
        self._templates: Templates | None = None

    @property
    def phrases(self) -> Sequence[Phrase]:
        """What it knows."""
        return tuple(self._phrases)

    def add(self, phrases: Iterable[Phrase]) -> None:
        """Teach more phrases; those it knows already change nothing."""
        self._phrases, self._templates = unique([*self._phrases, *phrases]), None

    def prepare(self) -> Templates:
        """Render what is not rendered yet."""
        if self._templates is None:
            self._templates = render(self._phrases, self._voices)
        return self._templates

    def hear(self, pcm: bytes, language: str | None = None) -> Heard:
        """Understand a finished utterance.

        Args:
            pcm: 16-bit mono PCM at 8 kHz, with or without silence around the speech.
            language: the expected language, which decides between words that sound the same; it hides none.

        Returns:
            The phrase, or the words of it that were heard when it broke off, or several phrases with pauses
            between them, joined by a space; an empty text when nothing fits.
        """
        whole, *parts = _stretches(pcm)
        if (heard := self._phrase(whole, language)).text or not parts:
            return heard if heard.text else self._beginning(whole, language)
        understood = [self._phrase(part, language) for part in parts]
        if not any(heard.text for heard in understood):
            return self._beginning(whole, language)
        nearest = min(understood, key=lambda heard: heard.distance)
        return nearest._replace(text=" ".join(heard.text for heard in understood if heard.text))

    def hear_so_far(self, pcm: bytes, language: str | None = None) -> Heard:
        """Guess the words of an utterance that goes on; a longer piece may change the guess."""
        return self._beginning(_stretches(pcm)[0], language)

    def _phrase(self, speech: _Speech, language: str | None) -> Heard:
        templates = self.prepare()
        rows = templates.candidates(*speech, keep=_KEEP, prefix=False)
        if not len(rows):
            return _NOTHING
        found = align(logarithm(speech.energy), templates.known(rows, speech.noise), templates.lengths[rows])
        return self._nearest(rows, found.whole, language)[0]

    def _beginning(self, speech: _Speech, language: str | None) -> Heard:
        templates = self.prepare()
        rows = templates.candidates(*speech, keep=_KEEP, prefix=True)
        if not len(rows):
            return _NOTHING
        found = align(logarithm(speech.energy), templates.known(rows, speech.noise), templates.lengths[rows])
        heard, best = self._nearest(rows, found.prefix, language)
        words = heard.text.split()
        share = (found.reached[best] + 1) / templates.lengths[rows[best]]
        return heard._replace(text=" ".join(words[: int(share * len(words) + 0.5)]))

    def _nearest(self, rows: Indices, distances: Floats, language: str | None) -> tuple[Heard, int]:
        """Choose among rows; returns also which of them it was."""
        owners = [self._phrases[index] for index in self.prepare().phrase[rows]]
        favoured = distances - np.array([_PINNED_BONUS * (owner.language == language) for owner in owners])
        best = int(favoured.argmin())
        phrase, distance = owners[best], float(distances[best])
        if distance > _TOO_FAR:
            return _NOTHING, best
        others = [far for far, owner in zip(distances, owners, strict=True) if owner.language != phrase.language]
        margin = max(0.0, float(min(others, default=np.inf)) - distance)
        confidence = round(0.5 + 0.49 * min(1.0, margin / _SURE_MARGIN), 2)
        return Heard(phrase.text, phrase.language, confidence, distance), best


def _stretches(pcm: bytes) -> list[_Speech]:
    """Cut speech out of its silence: first from its first sound to its last, then, if it pauses, run by run."""
    energy = spectrum(pcm)
    if not len(energy) or not energy.any():
        return [_Speech(energy[:0], np.zeros(energy.shape[1], dtype=np.float32))]
    noise = line_noise(energy)
    loud = np.flatnonzero(loud_frames(energy))
    gaps = np.flatnonzero(np.diff(loud) > _PAUSE_MS / HOP_MS)
    starts, ends = [loud[0], *loud[gaps + 1]], [*(loud[gaps] + 1), loud[-1] + 1]
    spans = [(start, end) for start, end in zip(starts, ends, strict=True) if (end - start) * HOP_MS >= _SHORTEST_MS]
    if len(spans) > 1:
        spans.insert(0, (spans[0][0], spans[-1][1]))
    return [_free_of_level(energy[start:end], noise) for start, end in spans or [(0, 0)]]


def _free_of_level(energy: Floats, noise: Floats) -> _Speech:
    if not len(energy):
        return _Speech(energy, noise)
    loudness = np.float32(max(level(energy) - float(noise.mean()), 1e-9))
    return _Speech(energy / loudness, noise / loudness)
