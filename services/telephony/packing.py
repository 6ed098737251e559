"""How long the sound of a line may wait before it travels to speech: a message costs, its bytes do not.

Where the line is quiet nothing is decided, so much may wait. Where it has just become loud or has just fallen quiet,
the end of a turn or an interruption hangs on the next moments, so hardly anything may. No sound is left out or changed.
"""

from typing import Final

import numpy as np

from voicekit.audio import BYTES_PER_MS, samples

QUIET_MS: Final = 400
"""While nothing is heard. A few pieces a second also tell speech that the line lives."""
NOISE_MS: Final = 400
"""While the line is loud and speech has found no voice in it."""
STEADY_MS: Final = 60
"""In the middle of sound, and in a pause of an utterance that is not over or may have begun."""
ONSET_MS: Final = 20
"""Where sound begins; the very first piece goes at once."""
FALL_MS: Final = 60
"""Where sound has just ended: most likely a gap between two syllables."""
END_MS: Final = 20
"""Where it has ended for so long that the turn may be over."""

_ONSET_UNTIL_MS: Final = 200
"""How long sound begins: longer than an interruption takes to be told."""
_END_FROM_MS: Final = 120
_END_UNTIL_MS: Final = 420
"""When in a pause short answers are found to have ended: from asking for their words to knowing that they were all."""
_SOUND_MS: Final = 60
_REST_MS: Final = 160
"""Sound and rest that are shorter make no edge when they end: noise that flickers must not cost as words do."""
_SETTLED_MS: Final = 600
"""Quiet or noise that lasts for so long will hardly become an utterance in hindsight."""
_MARGIN: Final = 4.0
"""Energy over the floor that is loud: 6 dB."""
_INAUDIBLE: Final = 32767.0**2 * 10**-5.5
"""Mean square below which nothing is loud: -55 dB of full scale."""
_JUMP: Final = 4.0
"""Energy over that of late with which a voice begins on a line that was loud already: 6 dB."""
_LATE_MS: Final = 400
_FLOOR_CAP: Final = 32767.0**2 * 10**-3.0
"""The floor is never taken to be higher, so that unbroken speech does not become it."""
_BLOCK_MS: Final = 500
_BLOCKS: Final = 6


class Packing:
    """Follows the loudness of one line: against the quietest moment of the last three seconds."""

    def __init__(self) -> None:
        self._minima = [0.0] * _BLOCKS
        self._block_minimum, self._block_ms = np.inf, 0
        self._loud = False
        self._for_ms = 0  # for how long it has been so
        self._edge = False  # what went before lasted long enough for this to be a beginning or an end
        self._of_late = 0.0  # energy

    def wait_ms(self, pcm: bytes, *, utterance: bool) -> int:
        """Take in the next piece and return how many milliseconds of sound may wait from now on.

        Args:
            pcm: whole samples at 8 kHz.
            utterance: whether speech has told of an utterance that is not over.
        """
        ms, energy = len(pcm) // BYTES_PER_MS, _energy(pcm)
        loud = self._is_loud(energy, ms)
        if loud != self._loud:
            self._edge = self._for_ms >= (_SOUND_MS if self._loud else _REST_MS)
            self._loud, self._for_ms = loud, 0
        elif loud and self._for_ms >= _SETTLED_MS and energy > _JUMP * self._of_late:
            self._edge, self._for_ms = True, 0
        self._for_ms += ms
        self._of_late += min(ms / _LATE_MS, 1.0) * (energy - self._of_late)
        return self._while_loud(ms, utterance=utterance) if loud else self._while_quiet(utterance=utterance)

    def _while_loud(self, ms: int, *, utterance: bool) -> int:
        if self._edge and self._for_ms <= _ONSET_UNTIL_MS:
            return 0 if self._for_ms == ms else ONSET_MS
        return STEADY_MS if utterance or self._for_ms < _SETTLED_MS else NOISE_MS

    def _while_quiet(self, *, utterance: bool) -> int:
        if self._edge and self._for_ms <= _END_UNTIL_MS:
            return FALL_MS if self._for_ms < _END_FROM_MS else END_MS
        return STEADY_MS if utterance or self._for_ms < _SETTLED_MS else QUIET_MS

    def _is_loud(self, energy: float, ms: int) -> bool:
        self._block_minimum = min(self._block_minimum, energy)
        self._block_ms += ms
        floor = min(self._block_minimum, _FLOOR_CAP, *self._minima)
        if self._block_ms >= _BLOCK_MS:
            self._minima = [*self._minima[1:], self._block_minimum]
            self._block_minimum, self._block_ms = np.inf, 0
        return energy > max(floor * _MARGIN, _INAUDIBLE)


def _energy(pcm: bytes) -> float:
    """Return the mean square."""
    wave = samples(pcm).astype(np.float32)
    return float(wave @ wave) / len(wave) if len(wave) else 0.0
