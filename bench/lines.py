"""Telephone lines to measure with: generated speech in the telephone's band, with noise of a known strength."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from emulators.audio import SAMPLE_RATE, samples, to_pcm
from emulators.voices import synthesise

Floats = NDArray[np.float64]

SENTENCES: Final[Sequence[tuple[str, str]]] = (
    ("haan ji", "en-IN"),
    ("Yes, speaking. Who is this?", "en-IN"),
    ("मैं पाँच तारीख को भर दूँगा", "hi-IN"),
    ("नहीं, अभी मेरे पास पैसे नहीं हैं", "hi-IN"),
    ("हो, बोलतोय", "mr-IN"),
    ("ஆமாம், நான் பேசுகிறேன்", "ta-IN"),
    ("నేను రేపు కడతాను", "te-IN"),
    ("ഞാൻ നാളെ അടയ്ക്കാം", "ml-IN"),
    ("હા, હું બોલું છું", "gu-IN"),
    ("আমি কাল দিয়ে দেব", "bn-IN"),
    ("ನಾನು ನಾಳೆ ಕಟ್ಟುತ್ತೇನೆ", "kn-IN"),
    ("ਹਾਂ ਜੀ, ਮੈਂ ਬੋਲ ਰਿਹਾ ਹਾਂ", "pa-IN"),
    ("ମୁଁ କାଲି ଦେବି", "or-IN"),
)
VOICES: Final = ("ravi", "lata", "kabir")
SPEECH_DBFS: Final = -22.0
_LABEL_MS: Final = 10
_EDGE_DB: Final = 28.0


class Clip(NamedTuple):
    """A clean line and where on it speech is."""

    wave: Floats
    """Samples, -1 to 1."""
    speech: NDArray[np.bool_]
    """Each 10 ms; pauses under 250 ms count as speech."""


def telephone_band(wave: Floats) -> Floats:
    """Leave what a telephone carries: nothing above 3.5 kHz, and less and less below 250 Hz (18 dB an octave)."""
    spectrum = np.fft.rfft(wave)
    hz = np.fft.rfftfreq(len(wave), 1 / SAMPLE_RATE)
    kept = (hz < 3500) / np.sqrt(1 + (250 / np.maximum(hz, 1)) ** 6)
    return np.asarray(np.fft.irfft(spectrum * kept, len(wave)), dtype=np.float64)


def spoken(text: str, language: str, voice: str) -> Floats:
    """Speak a sentence over the telephone, at `SPEECH_DBFS`."""
    wave = telephone_band(samples(synthesise(text, language, voice=voice)).astype(np.float64) / 32768)
    return wave * 10 ** (SPEECH_DBFS / 20) / max(level(wave), 1e-9)


def level(wave: Floats) -> float:
    """Return the root mean square of the louder half of 20 ms frames: of speech, not of its pauses."""
    frames = wave[: len(wave) // 160 * 160].reshape(-1, 160)
    energy = np.sort((frames**2).mean(axis=1))
    return float(np.sqrt(energy[len(energy) // 2 :].mean())) if len(energy) else 0.0


def edges(wave: Floats) -> tuple[int, int]:
    """Return the first sample of a sound and the one after its last, in steps of 10 ms: what is louder than 28 dB under
    its loudest 10 ms.
    """
    frames = wave[: len(wave) // 80 * 80].reshape(-1, 80)
    loudness = 10 * np.log10((frames**2).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(loudness > loudness.max() - _EDGE_DB)
    return int(loud[0]) * 80, (int(loud[-1]) + 1) * 80


def silent(ms: float) -> Floats:
    """Return nothing, for so long."""
    return np.zeros(int(ms * SAMPLE_RATE / 1000))


def clip(parts: Sequence[Floats]) -> Clip:
    """Join parts to a line, and mark the speech on it."""
    wave = np.concatenate(parts)
    step = SAMPLE_RATE * _LABEL_MS // 1000
    frames = wave[: len(wave) // step * step].reshape(-1, step)
    speech = 10 * np.log10((frames**2).mean(axis=1) + 1e-12) > SPEECH_DBFS - 26
    at = np.flatnonzero(speech)
    for before, after in pairwise(at.tolist()):
        if 1 < after - before <= 250 // _LABEL_MS:
            speech[before:after] = True
    return Clip(wave, speech)


def noise_like(kind: str, count: int, seed: int) -> Floats:
    """Make noise of a kind, in the telephone's band, at -22 dBFS: "white", "hum", "babble", "street"."""
    random, seconds = np.random.default_rng(seed), np.arange(count) / SAMPLE_RATE
    parts: list[Floats]
    if kind == "white":
        parts = [random.standard_normal(count)]
    elif kind == "hum":
        parts = [np.sin(2 * np.pi * hz * seconds + hz) / (hz / 300) for hz in range(300, 1500, 100)]
    elif kind == "street":  # low and swelling
        parts = [np.cumsum(random.standard_normal(count)) % 7 * (1 + 0.7 * np.sin(2 * np.pi * 0.2 * seconds))]
    else:
        parts = [_talker(count, random) for _ in range(6)]
    wave = telephone_band(np.sum(parts, axis=0))
    return wave * 10 ** (SPEECH_DBFS / 20) / max(float(np.sqrt((wave**2).mean())), 1e-9)


def _talker(count: int, random: np.random.Generator) -> Floats:
    parts: list[Floats] = []
    while sum(len(part) for part in parts) < 2 * count:
        text, language = SENTENCES[int(random.integers(1, len(SENTENCES)))]
        parts.append(spoken(text, language, VOICES[int(random.integers(len(VOICES)))]))
    start = int(random.integers(0, count))
    return np.concatenate(parts)[start : start + count]


def noisy(wave: Floats, kind: str, snr_db: float, seed: int = 0) -> bytes:
    """Return PCM of `wave` with noise `snr_db` under the speech; "clean" adds none but a faint hiss."""
    noise = noise_like("white" if kind == "clean" else kind, len(wave), seed)
    return to_pcm((wave + noise * 10 ** (-(50 if kind == "clean" else snr_db) / 20)) * 32768)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Write a table as text."""
    cells = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(heads))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
