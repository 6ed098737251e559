"""What a telephone line does to a voice on its way to the recogniser."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from emulators.audio import SAMPLE_RATE, gain, samples, silence, to_pcm, ulaw_decode, ulaw_encode


class Line(NamedTuple):
    """A connection, and how much of the speech gets lost on it."""

    snr_db: float | None = None
    cut_ms: int = 0
    """How much is missing from the first sound on."""
    louder_db: float = 0.0


def over_the_phone(pcm: bytes, line: Line = Line(), *, seed: int = 0) -> bytes:  # noqa: B008 - it never changes
    """Send a voice through a telephone: silence around it, 300 to 3400 Hz, noise, a level of its own, mu-law."""
    heard = np.flatnonzero(np.abs(samples(pcm)) > 300)
    spoken = pcm[2 * (heard[0] + line.cut_ms * SAMPLE_RATE // 1000) :] if line.cut_ms else pcm
    sound = _band(samples(silence(200) + spoken + silence(300)).astype(np.float64))
    if line.snr_db is not None:
        loud = sound[np.abs(sound) > 200]
        power = float(np.sqrt(np.mean(loud**2)))
        sound = sound + np.random.default_rng(seed).standard_normal(sound.size) * power * 10 ** (-line.snr_db / 20)
    return ulaw_decode(ulaw_encode(gain(to_pcm(sound), line.louder_db)))


def _band(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    spectrum = np.fft.rfft(values)
    hertz = np.maximum(np.fft.rfftfreq(values.size, 1 / SAMPLE_RATE), 1)
    high_pass, low_pass = 1 / np.sqrt(1 + (300 / hertz) ** 8), 1 / np.sqrt(1 + (hertz / 3400) ** 16)
    return np.fft.irfft(spectrum * high_pass * low_pass, values.size)
