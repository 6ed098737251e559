"""Asks eSpeak NG how a text sounds, in a process of its own: the engine keeps one state for all its users.

Run as a program it reads `{"language": ["text", ...]}` as JSON and writes the phonemes in the same shape.
"""

import ctypes
import json
import subprocess
import sys
from pathlib import Path

VOICES = {
    "en-IN": "en-us",
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
}


def phonemes(texts: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return eSpeak's phonemes for each text, by language; `texts` may be plain digits, which it reads as a number."""
    done = subprocess.run(
        [sys.executable, str(Path(__file__))], input=json.dumps(texts), capture_output=True, text=True, check=True
    )
    heard: dict[str, list[str]] = json.loads(done.stdout)
    return heard


class _Engine:
    def __init__(self) -> None:
        import espeakng_loader

        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._library.espeak_TextToPhonemes.restype = ctypes.c_char_p
        self._library.espeak_TextToPhonemes.argtypes = [ctypes.POINTER(ctypes.c_void_p), ctypes.c_int, ctypes.c_int]
        synchronous = 2
        if self._library.espeak_Initialize(synchronous, 0, espeakng_loader.get_data_path().encode(), 0) <= 0:
            raise RuntimeError("eSpeak NG did not start")

    def use(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise RuntimeError(f"eSpeak NG has no voice {voice}")

    def hear(self, text: str) -> str:
        utf8, mnemonics = 1, 0
        buffer = ctypes.create_string_buffer(text.encode())
        rest = ctypes.c_void_p(ctypes.addressof(buffer))
        clauses = []
        while rest.value:
            clauses.append(self._library.espeak_TextToPhonemes(ctypes.byref(rest), utf8, mnemonics).decode())
        return " ".join(clauses)


def _main() -> None:
    engine = _Engine()
    heard = {}
    for language, texts in json.load(sys.stdin).items():
        engine.use(VOICES[language])
        heard[language] = [engine.hear(text) for text in texts]
    json.dump(heard, sys.stdout)


if __name__ == "__main__":
    _main()
