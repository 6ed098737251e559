"""Tells the borrower's voice from our own, which the line sends back to us.

A telephone line returns our voice 10 to 30 dB quieter, as speech to any voice detector. So while we speak a window
counts only when it is loud enough, and what is loud enough is learned on the line: from the echo itself, from its
absence, and from how loud the borrower is.
"""

import math
from typing import Final

_QUIETEST_DBFS: Final = -45.0
_LOUDEST_DBFS: Final = -20.0
_UNKNOWN_LINE_DBFS: Final = -28.0
"""Asked of a line that we know nothing of: an echo 15 dB under a voice of -20 dBFS stays below even at its peaks."""
_ABOVE_ECHO_DB: Final = 7.0
_BELOW_BORROWER_DB: Final = 9.0
_EVIDENCE_MS: Final = 160
_NO_ECHO_AFTER_MS: Final = 1500
_SAME_DB: Final = 6.0
_STILL_THERE_MS: Final = 160
"""What goes on so long, as loud as our echo is said to be, after we have fallen silent, was no echo."""
_SMOOTHING: Final = 0.25
"""Weight of a new window of 32 ms: loudness is compared over about 0.12 s."""


class EchoGuard:
    """What one line has taught about loudness."""

    def __init__(self) -> None:
        self._energy = 0.0
        self._echo_dbfs, self._echo_ms, self._quiet_ms, self._still_there_ms = 0.0, 0, 0, 0
        self._borrower_dbfs: float | None = None

    def passes(self, level_dbfs: float, *, speech_like: bool, ms: int) -> bool:
        """Take in a window of a line into which we speak; True when it is too loud to be our echo."""
        level = self._smoothed(level_dbfs)
        if level > self.threshold_dbfs:
            return True
        if speech_like:
            weight = min(0.2, ms / (self._echo_ms + ms))
            self._echo_dbfs += max(weight, 0.02) * (level - self._echo_dbfs) if self._echo_ms else level
            self._echo_ms += ms
        else:
            self._quiet_ms += ms
        return False

    def rest(self, level_dbfs: float, *, speech_like: bool, ms: int) -> None:
        """Take in a window of a line into which we do not speak.

        Somebody who began with our line and goes on after it, such as a voicemail, was taken for our echo: no longer.
        """
        self._energy = 0.0
        if not self._echo_ms:
            return
        same = speech_like and abs(level_dbfs - self._echo_dbfs) < _SAME_DB
        self._still_there_ms = self._still_there_ms + ms if same else 0
        if self._still_there_ms >= _STILL_THERE_MS:
            self._echo_ms = self._still_there_ms = 0

    def is_too_quiet(self, level_dbfs: float) -> bool:
        """Tell whether speech is much quieter than the borrower is known to be."""
        return self._borrower_dbfs is not None and level_dbfs < self._borrower_dbfs - _BELOW_BORROWER_DB

    def learn_echo(self, level_dbfs: float) -> None:
        """Take in how loud our echo is, which was taken for speech."""
        self._echo_dbfs, self._echo_ms = level_dbfs, _EVIDENCE_MS

    def learn_borrower(self, level_dbfs: float) -> None:
        """Take in how loud an utterance was into which we did not speak."""
        known = self._borrower_dbfs
        self._borrower_dbfs = level_dbfs if known is None else 0.6 * known + 0.4 * level_dbfs

    @property
    def threshold_dbfs(self) -> float:
        """How loud a window must be while we speak."""
        if self._echo_ms >= _EVIDENCE_MS:
            wanted = self._echo_dbfs + _ABOVE_ECHO_DB
        elif self._quiet_ms >= _NO_ECHO_AFTER_MS:
            wanted = _QUIETEST_DBFS
        elif self._borrower_dbfs is not None:
            wanted = self._borrower_dbfs - _BELOW_BORROWER_DB
        else:
            wanted = _UNKNOWN_LINE_DBFS
        return min(max(wanted, _QUIETEST_DBFS), _LOUDEST_DBFS)

    def _smoothed(self, level_dbfs: float) -> float:
        energy = 10 ** (level_dbfs / 10)
        self._energy += _SMOOTHING * (energy - self._energy) if self._energy else energy
        return 10 * math.log10(self._energy + 1e-10)
