"""Audio as it crosses the wire: decoded to and encoded from PCM bytes."""

import base64
import binascii
import io
import wave
from typing import Final, NamedTuple

import numpy as np

from emulators.audio import SAMPLE_RATE, read_wav, resample, samples, to_pcm, ulaw_decode, ulaw_encode, wav_bytes

_CONTENT_TYPES: Final = {
    "wav": "audio/wav",
    "linear16": "audio/pcm",
    "mulaw": "audio/mulaw",
    "alaw": "audio/alaw",
}
_RAW: Final = frozenset({"pcm_s16le", "pcm_l16", "pcm_raw"})
_RAW_RATE_HZ: Final = 16000
"""Raw PCM over REST is taken for this rate, whatever it is: 8 kHz audio then plays at double speed."""

BYTES_A_SAMPLE: Final = {"linear16": 2, "linear32": 4, "mulaw": 1, "alaw": 1}


class Clip(NamedTuple):
    """Received audio, ready to be heard."""

    pcm: bytes
    """Mono, 8 kHz."""
    seconds: float
    """How long it played at the rate it claimed."""


def decode_base64(text: object) -> bytes:
    """Decode a base64 field; `ValueError` for anything else."""
    try:
        return base64.b64decode(str(text), validate=True)
    except binascii.Error as error:
        raise ValueError("audio is no base64 text") from error


def decode_stream(data: bytes, encoding: str) -> bytes:
    """Decode headerless samples of a stream to 16-bit PCM of the same rate; a split last sample is left out."""
    match encoding:
        case "mulaw":
            return ulaw_decode(data)
        case "alaw":
            return _FROM_ALAW[np.frombuffer(data, dtype=np.uint8)].astype("<i2").tobytes()
        case "linear32":
            return (np.frombuffer(data, dtype="<i4", count=len(data) // 4) >> 16).astype("<i2").tobytes()
        case _:
            return data[: len(data) - len(data) % 2]


def to_telephone(pcm: bytes, rate_hz: int) -> bytes:
    """Bring received PCM to the 8 kHz that the recogniser hears."""
    return resample(pcm, rate_hz, SAMPLE_RATE)


def decode_file(data: bytes, codec: str | None) -> Clip:
    """Decode an uploaded file.

    Args:
        data: a WAV file, or raw samples.
        codec: what the client declared; raw PCM must be declared, WAV is recognised.

    Raises:
        ValueError: neither; the emulator decodes no compressed audio.
    """
    if data[:4] == b"RIFF":
        return _decode_wav(data)
    if codec in _RAW:
        pcm = data[: len(data) - len(data) % 2]
        return Clip(to_telephone(pcm, _RAW_RATE_HZ), len(pcm) / 2 / _RAW_RATE_HZ)
    raise ValueError("the audio is neither a WAV file nor declared raw PCM")


def _decode_wav(data: bytes) -> Clip:
    sound = read_wav(data)
    values = samples(sound.pcm)
    if sound.channels > 1:
        values = values[: len(values) - len(values) % sound.channels].reshape(-1, sound.channels).mean(axis=1)
    return Clip(to_telephone(to_pcm(values), sound.rate_hz), len(values) / sound.rate_hz)


class Encoded(NamedTuple):
    """Speech as it leaves."""

    header: bytes
    """The RIFF header of `wav`; empty for raw codecs."""
    body: bytes
    content_type: str
    bytes_a_second: int


def encode(pcm: bytes, codec: str, rate_hz: int) -> Encoded:
    """Encode 8 kHz PCM as `codec` at `rate_hz`; `ValueError` for a codec that the emulator does not render."""
    if codec not in _CONTENT_TYPES:
        raise ValueError(f"the emulator renders no {codec}")
    at_rate = resample(pcm, SAMPLE_RATE, rate_hz)
    content_type = _CONTENT_TYPES[codec]
    match codec:
        case "mulaw":
            return Encoded(b"", ulaw_encode(at_rate), content_type, rate_hz)
        case "alaw":
            return Encoded(b"", _TO_ALAW[samples(at_rate).view(np.uint16)].tobytes(), content_type, rate_hz)
        case "wav":
            whole = wav_bytes(at_rate, rate_hz=rate_hz)
            start = len(whole) - len(at_rate)
            return Encoded(whole[:start], at_rate, content_type, 2 * rate_hz)
        case _:
            return Encoded(b"", at_rate, content_type, 2 * rate_hz)


def open_wav_header(rate_hz: int) -> bytes:
    """Make the RIFF header of a stream whose length is not known."""
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
    header = target.getvalue()
    return header[:4] + b"\xff\xff\xff\xff" + header[8:-4] + b"\xff\xff\xff\xff"


def _alaw_to_linear() -> "np.ndarray[tuple[int], np.dtype[np.int16]]":
    codes = np.arange(256) ^ 0x55
    segment, mantissa = (codes >> 4) & 0x07, codes & 0x0F
    low = (mantissa << 4) + 8
    magnitude = np.where(segment == 0, low, (low + 0x100) << np.maximum(segment - 1, 0))
    return np.where(codes & 0x80, magnitude, -magnitude).astype(np.int16)


_FROM_ALAW: Final = _alaw_to_linear()


def _linear_to_alaw() -> "np.ndarray[tuple[int], np.dtype[np.uint8]]":
    """Choose for every 16-bit sample the nearest of the 256 values."""
    values = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32)
    order = np.argsort(_FROM_ALAW)
    levels = _FROM_ALAW[order].astype(np.int32)
    above = np.clip(np.searchsorted(levels, values), 1, 255)
    nearer = np.where(values - levels[above - 1] <= levels[above] - values, above - 1, above)
    return order[nearer].astype(np.uint8)


_TO_ALAW: Final = _linear_to_alaw()
