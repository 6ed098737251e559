"""How a client wants a text spoken: the checks that the REST endpoints and the socket share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from emulators.sarvam import catalogue
from emulators.sarvam.errors import ApiError, invalid

_COMMON: Final = frozenset(
    {
        "language_code",
        "target_language_code",
        "speaker",
        "pace",
        "temperature",
        "speech_sample_rate",
        "output_audio_codec",
        "output_audio_bitrate",
        "dict_id",
        "enable_preprocessing",
        "pitch",
        "loudness",
    }
)
SOCKET_FIELDS: Final = _COMMON | {"min_buffer_size", "max_chunk_length", "model"}
REST_FIELDS: Final = _COMMON | {"text", "model", "enable_cached_responses"}
_BITRATES: Final = frozenset({"32k", "64k", "96k", "128k", "192k"})


@dataclass(frozen=True, slots=True)
class Speech:
    """A checked wish."""

    language: str
    pace: float
    rate_hz: int
    codec: str
    min_buffer: int = 50
    """Characters at which the socket speaks without a flush."""
    max_chunk: int = 150
    """Characters that the socket speaks in one piece."""


def read_speech(fields: Mapping[str, Any], model: str, *, socket: bool) -> Speech:
    """Check the fields against the model; `ApiError` 400 or 422, in words like the service's own."""
    if unknown := set(fields) - (SOCKET_FIELDS if socket else REST_FIELDS):
        raise ApiError(422, f"Unknown fields: {', '.join(sorted(unknown))}")
    _check_model(fields, model)
    codec = str(fields.get("output_audio_codec", "wav" if not socket else "mp3"))
    if codec not in catalogue.CODECS or (codec == "opus" and not socket):
        raise invalid(f"output_audio_codec {codec} is not supported")
    if codec not in catalogue.RENDERED_CODECS:
        raise invalid(f"The emulator has no encoder for {codec}: ask for wav, linear16, mulaw or alaw")
    return Speech(
        language=_language(fields, socket=socket),
        pace=_number(fields, "pace", 1.0, low=0.5, high=2.0, words="pace for Bulbul V3 should be between 0.5 and 2.0"),
        rate_hz=_rate(fields, socket=socket),
        codec=codec,
        min_buffer=int(_number(fields, "min_buffer_size", 50, low=30, high=200)),
        max_chunk=int(_number(fields, "max_chunk_length", 150, low=50, high=500)),
    )


def _check_model(fields: Mapping[str, Any], model: str) -> None:
    if model not in catalogue.TTS_MODELS:
        raise invalid(f"model {model} is not known")
    for name in ("pitch", "loudness"):
        if name in fields:
            raise invalid(f"{name} is not supported for Bulbul V3 and should not be passed")
    _number(fields, "temperature", 0.6, low=0.01, high=1.0)
    speakers = catalogue.V3_SPEAKERS if model == "bulbul:v3" else catalogue.FLASH_SPEAKERS
    speaker = fields.get("speaker", speakers[0])
    if speaker not in speakers:
        raise invalid(f"Speaker '{speaker}' is not recognised. Available speakers: {', '.join(speakers)}")
    if str(fields.get("output_audio_bitrate", "128k")) not in _BITRATES:
        raise invalid("output_audio_bitrate should be one of 32k, 64k, 96k, 128k, 192k")


def _language(fields: Mapping[str, Any], *, socket: bool) -> str:
    language = str(fields.get("language_code") or fields.get("target_language_code") or "")
    if language not in catalogue.SPOKEN:
        reason = "Input parameters must be a valid dictionary" if socket else f"language_code '{language}' is invalid"
        raise invalid(reason)
    return language


def _rate(fields: Mapping[str, Any], *, socket: bool) -> int:
    rates = catalogue.RATES_HZ if socket else catalogue.REST_RATES_HZ
    rate = _number(fields, "speech_sample_rate", 22050, low=0, high=10**6)
    if rate not in rates:
        raise invalid(f"speech_sample_rate should be one of {', '.join(map(str, catalogue.RATES_HZ))}")
    return int(rate)


def _number(
    fields: Mapping[str, Any], name: str, default: float, *, low: float, high: float, words: str | None = None
) -> float:
    try:
        value = float(fields.get(name, default))
    except (TypeError, ValueError):
        raise invalid(f"{name} is no number", 422) from None
    if not low <= value <= high:
        raise invalid(words or f"{name} should be between {low:g} and {high:g}")
    return value
