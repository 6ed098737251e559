"""The emulated Sarvam of the load bench: the same wire, constant latency, and next to no work of its own.

It hears by the stamps in what it receives, so it understands what has really arrived, and speaks by cutting a long
recording to the length that a text would take. What it was asked is written to a file, with the machine's monotonic
time: {"stt": call, "turn", "asked", "final"}, {"tts": characters, "at"}, {"rest": path, "at"}.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from bench.load import stamp
from emulators.audio import ulaw_encode
from emulators.sarvam.app import SarvamEmulator
from emulators.sarvam.provider import Latency, Provider
from emulators.sarvam.recogniser import Heard
from emulators.voices import synthesise

_SPEECH: Final = "Asha Finance speaks of an instalment, of the day on which it is due, and of how it may be paid. "
_CONFIDENCE: Final = 0.95


class ConstantProvider(Provider):
    """Sarvam's ear and voice, at the price of a search."""

    def __init__(self, book: list[dict[str, Any]], log: TextIO, ms_a_character: int, **options: Any) -> None:
        super().__init__(phrases=(), **options)
        self._book, self._log, self._ms_a_character = book, log, ms_a_character
        recording = synthesise(_SPEECH * 4, "en-IN")
        self._recording = recording * (1 + 60 * 16000 // len(recording))

    async def hear(self, pcm: bytes, language: str | None, path: str) -> Heard:
        """Understand a finished utterance, and write down whose it was."""
        asked = asyncio.get_running_loop().time()
        stamps = _stamps(pcm)
        if stamps:
            self.note(stt=stamps[-1].call, turn=stamps[-1].turn, asked=asked, final=asked + self.latency.stt_final_s)
        else:
            self.note(stt=-1, turn=-1, asked=asked, seconds=len(pcm) / 16000, path=path)
        return self._words(stamps, whole=True)

    async def hear_so_far(self, pcm: bytes, language: str | None) -> Heard:
        """Guess the words of an unfinished utterance."""
        return self._words(_stamps(pcm), whole=False)

    async def speak(self, text: str, language: str, *, pace: float, codec: str, path: str, request_id: str) -> bytes:
        """Render a text."""
        self.note(tts=len(text), at=asyncio.get_running_loop().time())
        return self._recording[: 16 * self._ms_a_character * (8 + len(text))]

    def note(self, **what: Any) -> None:
        """Write one line of the log."""
        self._log.write(json.dumps(what) + "\n")

    def _words(self, stamps: list[stamp.Stamp], *, whole: bool) -> Heard:
        if not stamps:
            return Heard("")
        phrase = self._book[stamps[-1].phrase]
        words = phrase["text"].split()
        if not whole:  # the word that is being said is not known yet
            words = words[: int((stamps[-1].position + 1) / phrase["stamps"] * len(words) + 0.5)]
        return Heard(" ".join(words), phrase["language"], _CONFIDENCE, 0.1)


def _stamps(pcm: bytes) -> list[stamp.Stamp]:
    return stamp.read(np.frombuffer(ulaw_encode(pcm), dtype=np.uint8))


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.load.providers", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--book", type=Path, required=True, help="JSON list of what borrowers say")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--stt-final-ms", type=float, default=150)
    parser.add_argument("--tts-first-byte-ms", type=float, default=150)
    parser.add_argument("--ms-a-character", type=int, default=65, help="how slowly it speaks (65)")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGTERM."""
    latency = Latency(
        stt_final_s=options.stt_final_ms / 1000, tts_first_byte_s=options.tts_first_byte_ms / 1000, tts_speed=20.0
    )
    book = json.loads(options.book.read_text(encoding="utf-8"))
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    with options.log.open("a", buffering=1, encoding="utf-8") as log:
        emulator = SarvamEmulator(port=options.port)
        emulator.provider = ConstantProvider(book, log, options.ms_a_character, latency=latency)
        async with emulator:
            forgetting = asyncio.create_task(_forget(emulator.provider), name="forget")
            await stopped.wait()
            forgetting.cancel()


async def _forget(provider: Provider) -> None:
    """Keep no journal: a long run would fill the memory with it."""
    while True:
        await asyncio.sleep(5)
        provider.journal.clear()


if __name__ == "__main__":
    asyncio.run(serve(parse_arguments()))
