"""Cuts utterances out of a stream: by loudness, or where the client says."""

import math
from typing import Final, NamedTuple

import numpy as np

from emulators.audio import samples

_FRAME_MS: Final = 20
_QUIETEST_DB: Final = -50.0
_ABOVE_FLOOR_DB: Final = 10.0
_FLOOR_RISE_DB: Final = 0.02
"""How fast, a frame, the ear gets used to noise: 1 dB a second."""
_BREATH_MS: Final = 120
"""Silence within the first sounds that does not start them anew."""
_LONGEST_S: Final = 30


class Started(NamedTuple):
    """Somebody began to speak."""

    confidence: float


class Utterance(NamedTuple):
    """Somebody has spoken."""

    idx: int
    """Counts from 0 within the stream."""
    pcm: bytes
    """At the stream's rate."""
    start_s: float
    end_s: float
    confidence: float = 0.9


class Listener:
    """Collects one stream.

    Args:
        rate_hz: of the PCM that is fed.
        manual: whether `start` and `end` rule, instead of loudness.
        threshold: 0 to 1; a higher one asks for louder speech.
    """

    def __init__(
        self,
        rate_hz: int,
        *,
        manual: bool,
        threshold: float = 0.5,
        prefix_padding_ms: int = 300,
        silence_duration_ms: int = 500,
        min_speech_duration_ms: int = 250,
    ) -> None:
        self.rate_hz = rate_hz
        self.manual = manual
        self.threshold = threshold
        self.prefix_padding_ms = prefix_padding_ms
        self.silence_duration_ms = silence_duration_ms
        self.min_speech_duration_ms = min_speech_duration_ms
        self.speaking = False
        self.index = 0
        self.received_s = 0.0
        self._kept = bytearray()
        self._kept_bytes = 0
        self._unread = b""
        self._floor_db = -60.0
        self._loud_ms = self._quiet_ms = 0
        self._confidence = 0.9

    @property
    def so_far(self) -> bytes:
        """The utterance that goes on, at the stream's rate."""
        return bytes(self._kept)

    def feed(self, pcm: bytes) -> list[Started | Utterance]:
        """Take audio; returns what became known by it."""
        self.received_s += len(pcm) / 2 / self.rate_hz
        if self.manual:
            self._keep(pcm)
            return []
        happened: list[Started | Utterance] = []
        step = self._bytes(_FRAME_MS)
        data = self._unread + pcm
        for at in range(0, len(data) - step + 1, step):
            happened += self._frame(data[at : at + step])
        self._unread = data[len(data) - len(data) % step :]
        return happened

    def start(self) -> None:
        """Take the client's word that somebody speaks, from a little before now."""
        if not self.speaking:
            self.speaking = True
            self._trim(self.prefix_padding_ms)

    def end(self) -> Utterance | None:
        """Take the client's word that somebody has spoken; None when nothing was heard since the last time."""
        if not self._kept or (not self.speaking and not self.manual):
            return None
        self.speaking, self._loud_ms, self._quiet_ms = False, 0, 0
        spoken = bytes(self._kept)
        self._kept.clear()
        start_s, end_s = (self._kept_bytes - len(spoken)) / 2 / self.rate_hz, self._kept_bytes / 2 / self.rate_hz
        utterance = Utterance(self.index, spoken, round(start_s, 3), round(end_s, 3), self._confidence)
        self.index += 1
        return utterance

    def _frame(self, frame: bytes) -> list[Started | Utterance]:
        self._keep(frame)
        loud = self._is_loud(frame)
        self._quiet_ms = 0 if loud else self._quiet_ms + _FRAME_MS
        if self.speaking:
            ended = self._quiet_ms >= self.silence_duration_ms and self.end()
            return [ended] if ended else []
        self._loud_ms = self._loud_ms + _FRAME_MS if loud else self._loud_ms if self._quiet_ms < _BREATH_MS else 0
        if self._loud_ms and self._loud_ms >= self.min_speech_duration_ms:
            self.speaking = True
            return [Started(self._confidence)]
        if not self._loud_ms:
            self._trim(self.prefix_padding_ms)
        return []

    def _is_loud(self, frame: bytes) -> bool:
        values = samples(frame).astype(np.float64) / 32768
        decibels = 10 * math.log10(float(np.mean(values * values)) + 1e-9)
        self._floor_db = min(decibels, self._floor_db + _FLOOR_RISE_DB)
        over = decibels - max(_QUIETEST_DB, self._floor_db + _ABOVE_FLOOR_DB + 20 * (self.threshold - 0.5))
        if over > 0:
            self._confidence = round(min(0.99, 0.6 + over / 60), 2)
        return over > 0

    def _keep(self, pcm: bytes) -> None:
        self._kept += pcm
        self._kept_bytes += len(pcm)
        self._trim(_LONGEST_S * 1000)

    def _trim(self, ms: int) -> None:
        excess = len(self._kept) - self._bytes(ms)
        if excess > 0:
            del self._kept[:excess]

    def _bytes(self, ms: int) -> int:
        return 2 * (self.rate_hz * ms // 1000)
