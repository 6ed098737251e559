"""Speech in eleven languages, made by eSpeak NG from the `espeakng_loader` wheel: no system package, no network."""

import _ctypes
import ctypes
import threading
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

import espeakng_loader
import numpy as np

from emulators.audio import SAMPLE_RATE, Samples, resample, samples, to_pcm

LANGUAGES: Final = MappingProxyType(
    {
        "en-IN": "en",
        "hi-IN": "hi",
        "ta-IN": "ta",
        "te-IN": "te",
        "ml-IN": "ml",
        "gu-IN": "gu",
        "mr-IN": "mr",
        "bn-IN": "bn",
        "kn-IN": "kn",
        "pa-IN": "pa",
        "or-IN": "or",
        "od-IN": "or",
    }
)
"""Language code to the engine's own; Odia under both codes in use for it."""

VOICES: Final = MappingProxyType(
    {"meera": "f2", "ravi": "m3", "kavya": "f3", "arjun": "m1", "lata": "f5", "kabir": "m7"}
)
"""Name to the engine's variant: women and men in turn, each with a throat of its own."""

BOT_VOICE: Final = "meera"
CALLER_VOICE: Final = "ravi"

DEFAULT_RATE_WPM: Final = 165
DEFAULT_PITCH: Final = 50
EDGE_MS: Final = 50
"""Silence that is left before the first and after the last sound."""

_PEAK: Final = 16384
"""Every utterance is brought to this peak, half of full scale, as a telephone network evens out speakers."""
_SEED: Final = 1
_SYNCHRONOUS: Final = 2
_UTF8: Final = 1
_RATE: Final = 1
_PITCH: Final = 3
_POSITION_IN_CHARACTERS: Final = 1

_OnSamples = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_engine_lock = threading.Lock()


class _Speech(NamedTuple):
    pcm: bytes
    rate_hz: int


def synthesise(
    text: str,
    language: str,
    *,
    voice: str | int = BOT_VOICE,
    rate_wpm: int = DEFAULT_RATE_WPM,
    pitch: int = DEFAULT_PITCH,
) -> bytes:
    """Speak a text: the same arguments give the same bytes, in any process and any order. Takes some ms.

    Args:
        text: in the script of the language; Latin words inside it are read as English.
        language: a key of `LANGUAGES`, such as `hi-IN`; `ValueError` for any other.
        voice: a key of `VOICES`, or a number, which picks one of them; `ValueError` for an unknown name.
        rate_wpm: words a minute, 80 to 450.
        pitch: 0 to 100; 50 is the voice's own.

    Returns:
        16-bit little-endian mono PCM at 8 kHz, silence at both ends cut to `EDGE_MS`; empty when nothing can be spoken.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no voice speaks {language!r}")
    names = list(VOICES)
    name = names[voice % len(names)] if isinstance(voice, int) else voice
    if name not in VOICES:
        raise ValueError(f"no voice is called {name!r}")
    return _synthesise(text, f"{LANGUAGES[language]}+{VOICES[name]}", rate_wpm, pitch)


@lru_cache(maxsize=256)
def _synthesise(text: str, engine_voice: str, rate_wpm: int, pitch: int) -> bytes:
    if not text.strip():
        return b""
    with _engine_lock:
        speech = _speak(text, engine_voice, rate_wpm, pitch)
    return _finish(samples(resample(speech.pcm, speech.rate_hz, SAMPLE_RATE)))


def _speak(text: str, engine_voice: str, rate_wpm: int, pitch: int) -> _Speech:
    """Run one utterance in a copy of the engine made for it.

    The engine carries phases and random numbers from one utterance to the next, which would let a sentence sound
    different after another one. Loading it anew takes half a millisecond and makes it forget.
    """
    engine = ctypes.CDLL(str(espeakng_loader.get_library_path()))
    try:
        return _speak_with(engine, text, engine_voice, rate_wpm, pitch)
    finally:
        engine.espeak_Terminate()
        _ctypes.dlclose(engine._handle)


def _speak_with(engine: ctypes.CDLL, text: str, engine_voice: str, rate_wpm: int, pitch: int) -> _Speech:
    parts: list[bytes] = []

    def collect(wave: int | None, count: int, _events: int | None) -> int:
        if wave and count > 0:
            parts.append(ctypes.string_at(wave, 2 * count))
        return 0

    on_samples = _OnSamples(collect)
    rate_hz = engine.espeak_Initialize(_SYNCHRONOUS, 0, str(espeakng_loader.get_data_path()).encode(), 0)
    if rate_hz <= 0:
        raise RuntimeError("the speech engine does not start")
    # Breath is noise, and its seed is the time of day unless one is given.
    engine.espeak_ng_SetRandSeed(ctypes.c_long(_SEED))
    engine.espeak_SetSynthCallback(on_samples)
    if engine.espeak_SetVoiceByName(engine_voice.encode()) != 0:
        raise RuntimeError(f"the speech engine lacks the voice {engine_voice}")
    engine.espeak_SetParameter(_RATE, rate_wpm, 0)
    engine.espeak_SetParameter(_PITCH, pitch, 0)
    encoded = text.encode() + b"\0"
    engine.espeak_Synth(encoded, len(encoded), 0, _POSITION_IN_CHARACTERS, 0, _UTF8, None, None)
    engine.espeak_Synchronize()
    return _Speech(b"".join(parts), rate_hz)


def _finish(speech: Samples) -> bytes:
    """Trim the silence at both ends and bring the peak to `_PEAK`."""
    loudness = np.abs(speech.astype(np.int32))
    peak = int(loudness.max(initial=0))
    if peak < 64:  # nothing but rounding noise was spoken
        return b""
    heard = np.flatnonzero(loudness > peak / 100)
    edge = EDGE_MS * SAMPLE_RATE // 1000
    start, end = max(0, int(heard[0]) - edge), int(heard[-1]) + edge
    return to_pcm(speech[start:end] * (_PEAK / peak))
