"""Voice detectors that turn-taking may be built on, each as the probability of speech in every 32 ms of a line."""

import importlib.util
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from emulators.audio import BYTES_PER_MS, samples
from services.speech.vad import WINDOW_BYTES, Vad, VoiceModel

Windows = NDArray[np.float64]
"""Shape (windows, 2): probability and level in dBFS."""
Detector = Callable[[bytes], Windows]

_OVER_FLOOR_DB: Final = 9.0
_FLOOR_WINDOWS: Final = 96
_AGGRESSIVENESS: Final = 3


def levels(pcm: bytes) -> NDArray[np.float64]:
    """Return the loudness of each window in dBFS."""
    waves = samples(pcm)[: len(pcm) // WINDOW_BYTES * 256].astype(np.float64).reshape(-1, 256) / 32768
    return np.asarray(10 * np.log10((waves**2).mean(axis=1) + 1e-10))


def by_energy(pcm: bytes) -> Windows:
    """Judge by loudness alone: 9 dB over the quietest of the last three seconds."""
    level = levels(pcm)
    before = np.concatenate([np.full(_FLOOR_WINDOWS - 1, level[:16].min()), level])
    floor = np.lib.stride_tricks.sliding_window_view(before, _FLOOR_WINDOWS).min(axis=1)
    return np.stack([(level > np.maximum(floor + _OVER_FLOOR_DB, -58)).astype(np.float64), level], axis=1)


def by_model(model: VoiceModel, *, gated: bool) -> Detector:
    """Judge by the model, asked always or where the gate lets it be."""

    def detect(pcm: bytes) -> Windows:
        vad, step = Vad(model, gated=gated), 100 * BYTES_PER_MS
        windows = [window for at in range(0, len(pcm), step) for window in vad.feed(pcm[at : at + step])]
        return np.array([[window.probability, window.level_dbfs] for window in windows])

    return detect


def by_webrtc(pcm: bytes) -> Windows:
    """Judge by WebRTC's detector at its strictest: the share of 10 ms frames that it takes for speech."""
    detector = importlib.import_module("webrtcvad").Vad(_AGGRESSIVENESS)
    frame = 10 * BYTES_PER_MS
    said = [float(detector.is_speech(pcm[at : at + frame], 8000)) for at in range(0, len(pcm) - frame + 1, frame)]
    each_ms = np.repeat(np.array(said), 10)
    level = levels(pcm)
    starts = np.arange(len(level)) * 32
    share = [each_ms[start : start + 32].mean() if start < len(each_ms) else 0.0 for start in starts.tolist()]
    return np.stack([np.array(share), level], axis=1)


def detectors(model: VoiceModel) -> Mapping[str, Detector]:
    """Return all that can run here; WebRTC's is no dependency, and is measured where it happens to be installed."""
    found: dict[str, Detector] = {
        "energy alone": by_energy,
        "Silero, always": by_model(model, gated=False),
        "Silero, gated": by_model(model, gated=True),
    }
    if importlib.util.find_spec("webrtcvad"):
        found["WebRTC, strictest"] = by_webrtc
    return found
