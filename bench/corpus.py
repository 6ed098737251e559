"""Labelled telephone lines for turn-taking: answers with pauses, backchannels, noises, echoes; writes them as WAV.

Everything is generated, and the same on every machine: eleven languages, the voices of the emulators, the telephone's
band. Labels are those of the clean speech, so noise does not move them.
"""

import argparse
import json
import wave
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from bench.lines import SENTENCES, SPEECH_DBFS, Floats, edges, noise_like, silent, spoken
from emulators.audio import SAMPLE_RATE, to_pcm

LEAD_MS: Final = 4000
"""Quiet before anything, in which a detector finds the line's floor."""
TAIL_MS: Final = 1800
NOISES: Final = ("white", "babble", "street", "hum")
STRENGTHS: Final = (20, 10, 5)
CLEAN: Final = ("clean", 50)
_NOISE_MS: Final = 12_000

SHORT: Final = (
    ("haan", "en-IN"), ("yes, speaking", "en-IN"), ("हाँ", "hi-IN"), ("नहीं", "hi-IN"), ("हाँ जी", "hi-IN"),
    ("हो", "mr-IN"), ("नको", "mr-IN"), ("ஆமா", "ta-IN"), ("வேண்டாம்", "ta-IN"), ("అవును", "te-IN"), ("లేదు", "te-IN"),
    ("അതെ", "ml-IN"), ("വേണ്ട", "ml-IN"), ("હા", "gu-IN"), ("ના", "gu-IN"), ("হ্যাঁ", "bn-IN"), ("না", "bn-IN"),
    ("ಹೌದು", "kn-IN"), ("ಬೇಡ", "kn-IN"), ("ਹਾਂ ਜੀ", "pa-IN"), ("ହଁ", "or-IN"), ("ନା", "or-IN"),
)  # fmt: skip
"""Answers to a yes or no."""
BACKCHANNELS: Final = (
    ("हाँ", "hi-IN"), ("हम्म", "hi-IN"), ("जी", "hi-IN"), ("अच्छा", "hi-IN"), ("ஆமா", "ta-IN"), ("சரி", "ta-IN"),
    ("ഉം", "ml-IN"), ("హా", "te-IN"), ("ಹೂಂ", "kn-IN"), ("হুম", "bn-IN"), ("ok", "en-IN"), ("ਹਾਂ", "pa-IN"),
)  # fmt: skip
"""Words of listening."""
SHORT_PAUSES_MS: Final = (120, 160, 200, 240)
"""Within an answer of two words, such as "haan, ji"."""
OPEN_PAUSES_MS: Final = (160, 200, 240, 280, 320, 360, 400, 450, 500, 600)
"""At the end of a clause: breath, search for a word."""


@dataclass(frozen=True)
class Line:
    """One line and what is on it; milliseconds from its beginning."""

    name: str
    kind: str
    """"short" and "open" answers, "over" (speech over our line), "backchannel", "noise", "echo"."""
    language: str
    text: str
    wave: Floats = field(repr=False)
    onset_ms: int = 0
    """Where speech begins; 0 when there is none."""
    end_ms: int = 0
    """Where its last sound ends."""
    pauses: tuple[tuple[int, int], ...] = ()
    """Silence within it."""


def answers(voices: Sequence[str]) -> Iterator[Line]:
    """Yield answers: short ones, short ones in two words, open ones of two or three clauses."""
    for at, (text, language) in enumerate(SHORT):
        voice = voices[at % len(voices)]
        yield _line("short", language, text, [spoken(text, language, voice)], ())
        again, pause = SHORT[at][0], SHORT_PAUSES_MS[at % len(SHORT_PAUSES_MS)]
        both = [spoken(text, language, voice), spoken(again, language, voice)]
        yield _line("short", language, f"{text} {again}", both, (pause,))
    for at, (text, language) in enumerate(SENTENCES[1:]):
        voice = voices[at % len(voices)]
        count = 2 + at % 2
        pauses = tuple(OPEN_PAUSES_MS[(3 * at + 4 * n) % len(OPEN_PAUSES_MS)] for n in range(count - 1))
        yield _line("open", language, text, [spoken(text, language, voice)] * count, pauses)
        yield _line("open", language, text, [spoken(text, language, voice)], ())


def over_us(voices: Sequence[str]) -> Iterator[Line]:
    """Yield what comes while our line is heard: borrowers who speak up, and those who only listen."""
    for at, (text, language) in enumerate(SENTENCES[1:]):
        yield _line("over", language, text, [spoken(text, language, voices[at % len(voices)])] * 2, (0,))
    for at, (text, language) in enumerate(BACKCHANNELS):
        yield _line("backchannel", language, text, [spoken(text, language, voices[at % len(voices)])], ())


def nobody(seed: int = 0) -> Iterator[Line]:
    """Yield lines on which nobody speaks: bursts of noise, and our own echo 15 dB under our voice."""
    random = np.random.default_rng(seed)
    for name, ms, db in (("cough", 220, 0.0), ("slam", 40, 6.0), ("knock", 90, 0.0), ("rustle", 500, -8.0)):
        wave = silent(_NOISE_MS)
        for at in range(LEAD_MS, _NOISE_MS - 1000, 2500):
            count = ms * 8
            shape = np.exp(-np.arange(count) / (count / 4)) if ms < 100 else np.sin(np.linspace(0, np.pi, count))
            burst = random.standard_normal(count) * shape * 10 ** ((SPEECH_DBFS + db) / 20)
            wave[at * 8 : at * 8 + count] += burst
        yield Line(f"noise-{name}", "noise", "", "", wave)
    bot = np.concatenate([spoken(text, language, "meera") for text, language in SENTENCES])[: _NOISE_MS * 8]
    yield Line("echo-15", "echo", "", "", bot * 10 ** (-15 / 20))


def add_noise(line: Line, kind: str, snr_db: float, seed: int = 0) -> bytes:
    """Return PCM of a line with noise so far under its speech."""
    noise = _noise("white" if kind == "clean" else kind, seed % 2)
    at = (seed * 7919) % SAMPLE_RATE
    piece = np.resize(noise[at:], len(line.wave))
    return to_pcm((line.wave + piece * 10 ** (-snr_db / 20)) * 32768)


@lru_cache(maxsize=16)
def _noise(kind: str, seed: int) -> Floats:
    return noise_like(kind, 20 * SAMPLE_RATE, seed)


def _line(kind: str, language: str, text: str, parts: Sequence[Floats], pauses: Sequence[int]) -> Line:
    """Put sounds on a line, with pauses of so many milliseconds between one's last and the next one's first."""
    pieces, spans, at = [silent(LEAD_MS)], [], LEAD_MS * 8
    for number, part in enumerate(parts):
        first, last = edges(part)
        sound = part[first:last]
        if number:
            rest = silent(pauses[number - 1])
            pieces.append(rest)
            at += len(rest)
        spans.append((at // 8, (at + len(sound)) // 8))
        pieces.append(sound)
        at += len(sound)
    between = tuple((before[1], after[0]) for before, after in pairwise(spans) if after[0] > before[1])
    name = f"{kind}-{language}-{text.replace(' ', '_')}-{'-'.join(map(str, pauses)) or 'whole'}"
    wave = np.concatenate([*pieces, silent(TAIL_MS)])
    return Line(name, kind, language, text, wave, spans[0][0], spans[-1][1], between)


def main() -> None:
    """Write the lines and `labels.json`."""
    parser = argparse.ArgumentParser(prog="python -m bench corpus", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write them")
    parser.add_argument("--noise", choices=("clean", *NOISES), default="clean")
    parser.add_argument("--db", type=float, default=50.0, help="how far the noise lies under the speech (50)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    labels = []
    for number, line in enumerate([*answers(("ravi", "lata")), *over_us(("ravi", "lata")), *nobody()]):
        file = f"{number:03d}.wav"
        with wave.open(str(options.folder / file), "wb") as out:
            out.setparams((1, 2, SAMPLE_RATE, 0, "NONE", "not compressed"))
            out.writeframes(add_noise(line, options.noise, options.db, number))
        labels.append({"file": file} | {key: value for key, value in asdict(line).items() if key != "wave"})
    text = json.dumps(labels, ensure_ascii=False, indent=1)
    (options.folder / "labels.json").write_text(text, encoding="utf-8")
    print(f"{len(labels)} lines in {options.folder}")


if __name__ == "__main__":
    main()
