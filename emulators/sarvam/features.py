"""What the recogniser compares: the energy of twenty bands of the telephone's range, every 16 ms."""

from typing import Final

import numpy as np
import numpy.typing as npt

from emulators.audio import SAMPLE_RATE, samples

HOP: Final = 128
HOP_MS: Final = 1000 * HOP / SAMPLE_RATE
BANDS: Final = 20

_WINDOW: Final = 256
_LOW_HZ, _HIGH_HZ = 280, 3420
_FLOOR_DB: Final = 26.0
"""How far below the utterance's loud frames a band is still heard; what lies deeper is line noise."""
_EDGE_DB: Final = 28.0
"""How far below its loudest frame an utterance begins and ends, on a quiet line."""
_WORST_LINE: Final = 0.05
"""Share of the loud frames' energy that may be noise."""

Floats = npt.NDArray[np.float32]
FLOOR: Final = float(10 ** (-_FLOOR_DB / 10))


def _mel_bank() -> Floats:
    """Make the band weights, shape (bins, bands); each band sums to one."""
    low, high = (1127 * np.log1p(hz / 700) for hz in (_LOW_HZ, _HIGH_HZ))
    edges = 700 * np.expm1(np.linspace(low, high, BANDS + 2) / 1127)
    bins = np.fft.rfftfreq(_WINDOW, 1 / SAMPLE_RATE)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    bank = np.clip(np.minimum(rising, falling), 0, None)
    weights: Floats = (bank / bank.sum(axis=1, keepdims=True)).T.astype(np.float32)
    return weights


_BANK: Final = _mel_bank()
_TAPER: Final = np.hanning(_WINDOW).astype(np.float32)


def spectrum(pcm: bytes) -> Floats:
    """Measure 8 kHz PCM: energy, shape (frames, bands); no frames when it is shorter than 32 ms."""
    values = samples(pcm).astype(np.float32) / 32768
    if values.size < _WINDOW:
        return np.zeros((0, BANDS), dtype=np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(values, _WINDOW)[::HOP]
    energy: Floats = (np.abs(np.fft.rfft(frames * _TAPER)) ** 2).astype(np.float32) @ _BANK
    return energy


def level(energy: Floats) -> float:
    """Tell the mean band energy of the loud frames: what the rest is measured against."""
    return max(float(np.percentile(energy.sum(axis=1), 90)) / BANDS, 1e-9)


def line_noise(energy: Floats) -> Floats:
    """Estimate the noise of each band from the quietest tenth of the frames, shape (bands,).

    Where a caller never pauses, the quietest frames are speech: what is louder than a bad line is not believed.
    """
    count = min(len(energy), max(4, len(energy) // 10))
    quiet = np.argsort(energy.sum(axis=1))[:count]
    noise: Floats = energy[quiet].mean(axis=0)
    believed = _WORST_LINE * level(energy) / max(float(noise.mean()), 1e-12)
    return noise * np.float32(min(1.0, believed))


def loud_frames(energy: Floats) -> npt.NDArray[np.bool_]:
    """Mark the frames that hold speech, judged by the loudest and the quietest of them."""
    decibels = 10 * np.log10(energy.sum(axis=1) + 1e-9)
    peak, floor = np.percentile(decibels, 98), np.percentile(decibels, 5)
    loud: npt.NDArray[np.bool_] = decibels > max(peak - _EDGE_DB, min(floor + 6, peak - 14))
    return loud


def logarithm(energy: Floats, noise: Floats | float = 0.0) -> Floats:
    """Turn level-free energy into what is compared; noise on the line is put under both sides alike."""
    logged: Floats = np.log(energy + (noise + np.float32(FLOOR)))
    return logged
