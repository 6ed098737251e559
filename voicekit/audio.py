"""Telephone audio: 16-bit little-endian mono PCM at 8 kHz, in frames of 20 ms."""

import io
import wave
from typing import Final

import numpy as np
from numpy.typing import NDArray

from voicekit.errors import InvalidInput

SAMPLE_RATE: Final = 8000
"""Samples a second, everywhere inside."""
FRAME_MS: Final = 20
FRAME_BYTES: Final = 320
"""One frame of 20 ms; what leaves towards the carrier is a multiple of it."""
BYTES_PER_MS: Final = 16

Pcm16 = NDArray[np.int16]
"""Samples, shape (samples,)."""


def pad_to_frame(pcm: bytes) -> bytes:
    """Return `pcm` with silence after it up to the next multiple of 320 bytes.

    The carrier leaves a gap after a piece that is no whole number of frames.

    Source: Exotel, "Stream and Voicebot Applet".
    """
    return pcm + bytes(-len(pcm) % FRAME_BYTES)


def silence(ms: int) -> bytes:
    """Return `ms` milliseconds of silence."""
    return bytes(ms * BYTES_PER_MS)


def duration_ms(pcm: bytes) -> int:
    """Return how long `pcm` plays, in whole milliseconds."""
    return len(pcm) // BYTES_PER_MS


def samples(pcm: bytes) -> Pcm16:
    """View `pcm` as samples; an odd last byte is left out."""
    return np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2)


def wav_bytes(pcm: bytes, *, channels: int = 1, rate_hz: int = SAMPLE_RATE) -> bytes:
    """Wrap `pcm` in a WAV header that tells its true rate; for two channels, samples alternate left, right."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return out.getvalue()


def _ulaw_to_linear_table() -> Pcm16:
    """Return the 256 values of G.711 mu-law, by code."""
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 0x07)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


_FROM_ULAW: Final = _ulaw_to_linear_table()


def _linear_to_ulaw_table() -> NDArray[np.uint8]:
    """Return the mu-law code of each of the 65,536 samples, by the sample seen as unsigned."""
    # G.711 codes 14 bits of the 16, with a bias that makes every segment start at a power of two.
    sample = np.arange(65536, dtype=np.uint16).astype(np.int16).astype(np.int32) >> 2
    negative = sample < 0
    magnitude = np.minimum(np.abs(sample), 8158) + 33
    segment = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    mantissa = (magnitude >> (segment + 1)) & 0x0F
    code: NDArray[np.int32] = ~(np.where(negative, 0x80, 0) | (segment << 4) | mantissa) & 0xFF
    return code.astype(np.uint8)


_TO_ULAW: Final = _linear_to_ulaw_table()


def ulaw_encode(pcm: bytes) -> bytes:
    """Return G.711 mu-law, one byte a sample."""
    return _TO_ULAW[samples(pcm).view(np.uint16)].tobytes()


def ulaw_decode(ulaw: bytes) -> bytes:
    """Return the PCM of G.711 mu-law."""
    return _FROM_ULAW[np.frombuffer(ulaw, dtype=np.uint8)].tobytes()


class Resampler:
    """Changes the rate of a stream between 8 kHz and 16 or 24 kHz, piece by piece, without clicks at the seams.

    A Kaiser-windowed polyphase FIR of 48 taps at the higher rate: it holds back under 1.5 ms, where
    stream resamplers made for music hold back a tenth of a second.
    """

    _TAPS_PER_PHASE: Final = 24

    def __init__(self, from_hz: int, to_hz: int) -> None:
        low, high = min(from_hz, to_hz), max(from_hz, to_hz)
        if low != SAMPLE_RATE or high not in (16000, 24000):
            raise InvalidInput(f"cannot change {from_hz} Hz to {to_hz} Hz; one side is 8000, the other 16000 or 24000")
        self._factor = high // low
        self._up = to_hz > from_hz
        count = self._TAPS_PER_PHASE * self._factor
        at = np.arange(count) - (count - 1) / 2
        # The edge sits a little below half the lower rate, where the telephone band has ended.
        cut = 0.94 / self._factor
        taps = cut * np.sinc(cut * at) * np.kaiser(count, 7.0)
        taps = taps / taps.sum()
        self._taps = (taps * self._factor if self._up else taps).astype(np.float32)
        history = self._TAPS_PER_PHASE - 1 if self._up else count - 1
        self._history = np.zeros(history, dtype=np.float32)
        self._odd = b""

    def feed(self, pcm: bytes) -> bytes:
        """Return what `pcm` becomes; bytes that make no whole sample or step wait for the next piece."""
        data = self._odd + pcm
        step = 2 if self._up else 2 * self._factor
        whole = len(data) - len(data) % step
        self._odd = data[whole:]
        if not whole:
            return b""
        fresh = samples(data[:whole]).astype(np.float32)
        line = np.concatenate([self._history, fresh])
        self._history = line[len(line) - len(self._history) :]
        out = self._interpolate(line, len(fresh)) if self._up else self._decimate(line)
        return np.clip(np.rint(out), -32768, 32767).astype("<i2").tobytes()

    def _interpolate(self, line: NDArray[np.float32], count: int) -> NDArray[np.float32]:
        out = np.empty((count, self._factor), dtype=np.float32)
        for phase in range(self._factor):
            out[:, phase] = np.convolve(line, self._taps[phase :: self._factor], mode="valid")
        return out.reshape(-1)

    def _decimate(self, line: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.convolve(line, self._taps, mode="valid")[:: self._factor]
