"""Audio as the emulators handle it: 16-bit little-endian PCM bytes, mono and 8 kHz unless a name says otherwise."""

import io
import math
import wave
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import soxr

SAMPLE_RATE: Final = 8000
BYTES_PER_MS: Final = 16
SILENT_DBFS: Final = -120.0
"""What digital silence measures: the logarithm of nothing has no number."""

Samples = npt.NDArray[np.int16]

_ULAW_BIAS: Final = 132


class Sound(NamedTuple):
    """What a WAV file holds."""

    pcm: bytes
    """Samples, interleaved when there are several channels."""
    rate_hz: int
    channels: int


def samples(pcm: bytes) -> Samples:
    """View PCM bytes as int16 samples, shape (samples,); a last odd byte is left out."""
    return np.frombuffer(pcm, dtype="<i2", count=len(pcm) // 2)


def to_pcm(values: npt.NDArray[np.floating] | Samples) -> bytes:
    """Round and clip sample values (int16 scale) to PCM bytes."""
    return np.clip(np.rint(values), -32768, 32767).astype("<i2").tobytes()


def silence(ms: int) -> bytes:
    """Make `ms` of digital silence."""
    return bytes(ms * BYTES_PER_MS)


def duration_ms(pcm: bytes) -> float:
    """Tell how long mono 8 kHz PCM plays."""
    return len(pcm) / BYTES_PER_MS


def rms(pcm: bytes) -> float:
    """Measure the root mean square of the samples, 0 to 32768."""
    values = samples(pcm).astype(np.float64)
    return float(math.sqrt(np.mean(values * values))) if values.size else 0.0


def dbfs(pcm: bytes) -> float:
    """Measure loudness against full scale, in dB: 0 is the loudest; `SILENT_DBFS` for digital silence."""
    level = rms(pcm)
    return 20 * math.log10(level / 32768) if level > 0 else SILENT_DBFS


def gain(pcm: bytes, db: float) -> bytes:
    """Make audio louder by `db` (quieter when negative), clipping at full scale."""
    return to_pcm(samples(pcm) * 10 ** (db / 20))


def mix(first: bytes, second: bytes) -> bytes:
    """Add two sounds that begin together; the result is as long as the longer one."""
    total = np.zeros(max(len(first), len(second)) // 2, dtype=np.float64)
    for part in (samples(first), samples(second)):
        total[: part.size] += part
    return to_pcm(total)


def noise(ms: int, level_dbfs: float, *, seed: int = 0) -> bytes:
    """Make white noise of the given loudness; the same seed makes the same noise."""
    values = np.random.default_rng(seed).standard_normal(ms * SAMPLE_RATE // 1000)
    return to_pcm(values * 32768 * 10 ** (level_dbfs / 20))


def tone(ms: int, hz: float, level_dbfs: float = -12.0) -> bytes:
    """Make a sine tone, such as the beep of an answering machine."""
    seconds = np.arange(ms * SAMPLE_RATE // 1000) / SAMPLE_RATE
    return to_pcm(np.sin(2 * math.pi * hz * seconds) * 32768 * math.sqrt(2) * 10 ** (level_dbfs / 20))


def resample(pcm: bytes, from_hz: int, to_hz: int) -> bytes:
    """Change the rate of a whole mono sound, band-limited; not for streams."""
    if from_hz == to_hz or not pcm:
        return pcm
    return to_pcm(soxr.resample(samples(pcm).astype(np.float32), from_hz, to_hz, quality="HQ"))


def stereo(left: bytes, right: bytes) -> bytes:
    """Interleave two mono sounds; the shorter one ends in silence."""
    both = np.zeros((max(len(left), len(right)) // 2, 2), dtype="<i2")
    for channel, pcm in enumerate((left, right)):
        both[: len(pcm) // 2, channel] = samples(pcm)
    return both.tobytes()


def wav_bytes(pcm: bytes, *, rate_hz: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    """Put a WAV header before 16-bit PCM."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(pcm)
    return target.getvalue()


def read_wav(source: Path | bytes) -> Sound:
    """Read a WAV file or its bytes; `ValueError` unless it is readable 16-bit PCM."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    try:
        with wave.open(io.BytesIO(data)) as file:
            if file.getsampwidth() != 2:
                raise ValueError(f"{8 * file.getsampwidth()}-bit WAV: only 16-bit PCM is read")
            return Sound(file.readframes(file.getnframes()), file.getframerate(), file.getnchannels())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a PCM WAV file: {error}") from error


def read_telephone(source: Path | bytes) -> bytes:
    """Read a WAV file as mono 8 kHz PCM, whatever its rate; several channels become their mean."""
    sound = read_wav(source)
    if sound.channels > 1:
        channels = samples(sound.pcm).reshape(-1, sound.channels)
        sound = sound._replace(pcm=to_pcm(channels.mean(axis=1)))
    return resample(sound.pcm, sound.rate_hz, SAMPLE_RATE)


def _ulaw_to_linear() -> Samples:
    codes = ~np.arange(256) & 0xFF
    magnitude = (((codes & 0x0F) << 3) + _ULAW_BIAS) << ((codes >> 4) & 0x07)
    return np.where(codes & 0x80, _ULAW_BIAS - magnitude, magnitude - _ULAW_BIAS).astype(np.int16)


def _linear_to_ulaw() -> npt.NDArray[np.uint8]:
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    magnitude = np.minimum(np.abs(values) + _ULAW_BIAS // 4, 8191)
    exponent = np.floor(np.log2(magnitude)).astype(np.int32) - 5
    codes: npt.NDArray[np.int32] = ~((exponent << 4) | ((magnitude >> (exponent + 1)) & 0x0F)) & 0xFF
    return np.where(values < 0, codes & 0x7F, codes).astype(np.uint8)


_DECODE: Final = _ulaw_to_linear()
_ENCODE: Final = _linear_to_ulaw()


def ulaw_decode(coded: bytes) -> bytes:
    """Turn G.711 mu-law bytes into PCM of twice the length."""
    return _DECODE[np.frombuffer(coded, dtype=np.uint8)].astype("<i2").tobytes()


def ulaw_encode(pcm: bytes) -> bytes:
    """Turn PCM into G.711 mu-law bytes, one a sample."""
    return _ENCODE[samples(pcm).view(np.uint16)].tobytes()
