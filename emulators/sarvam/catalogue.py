"""What Sarvam offers: models, languages by endpoint, voices."""

from typing import Final

TEN: Final = ("en-IN", "hi-IN", "ta-IN", "te-IN", "ml-IN", "gu-IN", "mr-IN", "bn-IN", "kn-IN", "pa-IN")
"""Ten of our eleven languages: those that every endpoint spells alike."""
_MORE_HEARD: Final = frozenset(
    f"{name}-IN" for name in ("as", "ur", "ne", "kok", "ks", "sd", "sa", "sat", "mni", "brx", "mai", "doi")
)

SPOKEN: Final = frozenset({*TEN, "od-IN"})
"""What TTS takes; Odia is `od-IN`."""
HEARD_BY_REST: Final = SPOKEN | _MORE_HEARD | {"unknown"}
"""What REST and the legacy socket take; `unknown` detects."""
HEARD_BY_REALTIME: Final = frozenset({*TEN, "or-IN", "auto"}) | _MORE_HEARD
"""What the realtime socket takes: Odia is `or-IN` here alone, and `auto` detects."""

STT_MODELS: Final = frozenset({"saaras:v3", "saaras:v4"})
REALTIME_MODELS: Final = frozenset({"saaras:v3-realtime", "saaras:v4"})
KEYTERM_MODEL: Final = "saaras:v4"
MODES: Final = frozenset({"transcribe", "translate", "verbatim", "translit", "codemix"})
STREAM_TYPES: Final = frozenset({"fast", "balanced", "simulated"})

TTS_MODELS: Final = frozenset({"bulbul:v3", "bulbul:v4-flash"})
DEPRECATED_TTS: Final = frozenset({"bulbul:v1", "bulbul:v2", "bulbul:v3-beta"})
V3_SPEAKERS: Final = (
    *("shubh", "aditya", "ritu", "priya", "neha", "rahul", "pooja", "rohan", "simran", "kavya", "amit", "dev"),
    *("ishita", "shreya", "ratan", "varun", "manan", "sumit", "roopa", "kabir", "aayan", "ashutosh", "advait"),
    *("anand", "tanya", "tarun", "sunny", "mani", "gokul", "vijay", "shruti", "suhani", "mohit", "kavitha"),
    *("rehan", "soham", "rupali"),
)
FLASH_SPEAKERS: Final = (
    *(f"{name}_hi_recovery" for name in ("simran", "priya", "ratan", "roopa", "shubh")),
    *(f"{name}_en_recovery" for name in ("dev", "rohan", "sanchita", "shubh", "simran")),
    *("jaspal_pa_banking", "shubh_enhi_ads"),
)
"""The collections and banking personas; the real list has over two hundred."""

RATES_HZ: Final = (8000, 16000, 22050, 24000)
REST_RATES_HZ: Final = (*RATES_HZ, 32000, 44100, 48000)
CODECS: Final = frozenset({"wav", "mp3", "linear16", "mulaw", "alaw", "opus", "flac", "aac"})
RENDERED_CODECS: Final = frozenset({"wav", "linear16", "mulaw", "alaw"})
"""The emulator has no encoder for the others."""


def ours(language: str) -> str | None:
    """Return the code as the phrase book spells it; None for a detecting one."""
    if language in {"auto", "unknown", ""}:
        return None
    return "or-IN" if language == "od-IN" else language


def odia_as(language: str | None, code: str) -> str | None:
    """Return the code as an endpoint spells it, which calls Odia `code`."""
    return code if language in {"or-IN", "od-IN"} else language
