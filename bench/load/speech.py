"""What borrowers say, and the noise of their lines: synthesised beforehand, cut into frames, ready to be sent."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from bench.lines import Floats, edges, noise_like, spoken
from bench.load import stamp
from emulators.audio import SAMPLE_RATE, to_pcm, ulaw_decode, ulaw_encode

SNR_DB: Final = 20.0
NOISES: Final = ("white", "street", "hum")
_NOISE_S: Final = 8


@dataclass(frozen=True, slots=True)
class Words:
    """What one borrower says in a call."""

    language: str
    state: str
    """Of the borrower; the greeting's language is chosen by it."""
    voice: str
    yes: str
    """It is I: a short answer."""
    again: str
    """Say that again: long enough to take the floor."""
    no: str
    """No need."""


BORROWERS: Final[Sequence[Words]] = (
    Words("hi-IN", "Bihar", "ravi", "हाँ जी", "सुनिए, ज़रा एक बार फिर से बोलिए", "नहीं चाहिए"),
    Words("mr-IN", "Maharashtra", "kavya", "हो, मीच", "ऐका, जरा पुन्हा एकदा सांगा", "नको"),
    Words("bn-IN", "West Bengal", "arjun", "হ্যাঁ, আমিই", "শুনুন, কী বললেন, আবার বলুন তো", "না, লাগবে না"),
    Words("te-IN", "Telangana", "lata", "అవును, నేనే", "వినండి, మళ్ళీ ఒకసారి చెప్పండి", "వద్దు"),
    Words("kn-IN", "Karnataka", "kavya", "ಹೌದು, ನಾನೇ", "ಕೇಳಿ, ಇನ್ನೊಂದು ಸಲ ಹೇಳಿ", "ಬೇಡ"),
    Words("ta-IN", "Tamil Nadu", "kabir", "ஆமா, நான்தான்", "கேக்கல, மறுபடியும் சொல்லுங்க", "வேண்டாம்"),
)


@dataclass(frozen=True, slots=True)
class Phrase:
    """One utterance, with the noise of a line on it."""

    number: int
    text: str
    language: str
    noise: str
    codes: stamp.Codes
    """mu-law."""
    onset_s: float
    """Where in it the first sound is."""
    end_s: float
    """Where the last."""

    def frames(self, call: int, turn: int, frame_ms: int) -> list[bytes]:
        """Return the payloads of its frames, base64, stamped with the call and the turn; the last is filled up."""
        marked = stamp.stamped(self.codes, call, turn, self.number)
        size = frame_ms * SAMPLE_RATE // 1000
        pcm = ulaw_decode(marked.tobytes())
        return [base64.b64encode(pcm[at : at + 2 * size]) for at in range(0, len(pcm), 2 * size)]


class Stock:
    """All phrases by (text, noise), and the noise of idle lines, in frames of one length."""

    def __init__(self, frame_ms: int, borrowers: Sequence[Words] = BORROWERS) -> None:
        """Synthesise; it takes some seconds."""
        self.frame_ms, self.borrowers = frame_ms, borrowers
        noises = {kind: _noise(kind, seed) for seed, kind in enumerate(NOISES)}
        self.idle = {kind: _frames(to_pcm(wave * 32768), frame_ms) for kind, wave in noises.items()}
        self.phrases: list[Phrase] = []
        self._by_name: dict[tuple[str, str], Phrase] = {}
        for words in borrowers:
            for text in (words.yes, words.again, words.no):
                for kind, wave in noises.items():
                    self._add(text, words, kind, wave)

    def phrase(self, text: str, noise: str) -> Phrase:
        """Return what was made of `text` on a line with this noise."""
        return self._by_name[text, noise]

    def write_book(self, path: Path) -> None:
        """Write what the emulated recogniser must know: the words of each phrase, and how many stamps it has."""
        book = [{"text": each.text, "language": each.language, "stamps": -(-len(each.codes) // stamp.EVERY)}
                for each in self.phrases]  # fmt: skip
        path.write_text(json.dumps(book, ensure_ascii=False), encoding="utf-8")

    def _add(self, text: str, words: Words, kind: str, noise: Floats) -> None:
        speech = spoken(text, words.language, words.voice)
        size = self.frame_ms * SAMPLE_RATE // 1000
        wave = np.concatenate([speech, np.zeros(-len(speech) % size)])
        pcm = to_pcm((wave + noise[: len(wave)]) * 32768)
        codes = np.frombuffer(ulaw_encode(pcm), dtype=np.uint8)
        onset_s, end_s = (edge / SAMPLE_RATE for edge in edges(speech))
        phrase = Phrase(len(self.phrases), text, words.language, kind, codes, onset_s, end_s)
        self.phrases.append(phrase)
        self._by_name[text, kind] = phrase


def _noise(kind: str, seed: int) -> Floats:
    """Return the noise of a line, whole frames of any length."""
    return noise_like(kind, _NOISE_S * SAMPLE_RATE, seed) * 10 ** (-SNR_DB / 20)


def _frames(pcm: bytes, frame_ms: int) -> list[bytes]:
    size = 2 * frame_ms * SAMPLE_RATE // 1000
    return [base64.b64encode(pcm[at : at + size]) for at in range(0, len(pcm) - size + 1, size)]
