"""What each way of telling speech from the rest costs, and how often it is right.

Prints a table: CPU milliseconds a second of audio, precision and recall by kind and strength of noise. The speech is
generated, in eleven languages and three voices, in the telephone's band; labels are the clean speech's own loudness.
The line of the first column is what a call sounds like: a sentence now and then, and a faint hiss between.
"""

import argparse
import time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.detectors import Detector, detectors
from bench.lines import SENTENCES, VOICES, Clip, clip, noisy, silent, spoken, table
from services.speech.vad import WINDOW_MS, VoiceModel

_SPEECH: Final = 0.5
"""Probability from which a window is taken for speech."""
NOISES: Final = (
    ("clean", 50),
    ("white", 20),
    ("white", 10),
    ("white", 5),
    ("hum", 5),
    ("street", 5),
    ("babble", 10),
    ("babble", 5),
)


def lines(voices: int) -> list[Clip]:
    """Make one line a voice: each sentence once, three seconds apart."""
    made = []
    for voice in VOICES[:voices]:
        parts = [silent(3000)]
        for text, language in SENTENCES:
            parts += [spoken(text, language, voice), silent(3000)]
        made.append(clip(parts))
    return made


def truth(line: Clip, windows: int) -> NDArray[np.bool_]:
    """Return for each window whether it is speech: when at least half of it is."""
    at = np.arange(windows)[:, None] * WINDOW_MS + np.arange(WINDOW_MS)
    return np.asarray(line.speech[np.minimum(at // 10, len(line.speech) - 1)].mean(axis=1) >= 0.5)


def measure(detect: Detector, clips: list[Clip], kind: str, snr_db: int) -> tuple[float, float, float]:
    """Return CPU milliseconds a second of audio, precision and recall."""
    cpu, seconds, right, told, there = 0.0, 0.0, 0, 0, 0
    for seed, line in enumerate(clips):
        pcm = noisy(line.wave, kind, snr_db, seed)
        began = time.process_time()
        windows = detect(pcm)
        cpu += time.process_time() - began
        found = windows[:, 0] >= _SPEECH
        seconds += len(pcm) / 16000
        speech = truth(line, len(found))
        right, told, there = right + int((found & speech).sum()), told + int(found.sum()), there + int(speech.sum())
    return 1000 * cpu / seconds, right / max(told, 1), right / there


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.vad", description=__doc__)
    parser.add_argument("--voices", type=int, default=3, choices=(1, 2, 3), help="how many voices speak (3)")
    clips = lines(parser.parse_args().voices)
    share = np.concatenate([line.speech for line in clips]).mean()
    print(f"{sum(len(line.wave) for line in clips) / 8000:.0f} s of line, {share:.0%} of it speech\n")
    heads = ["precision/recall", *(kind if kind == "clean" else f"{kind} {snr} dB" for kind, snr in NOISES)]
    rows, costs = [], []
    for name, detect in detectors(VoiceModel()).items():
        found = [measure(detect, clips, kind, snr_db) for kind, snr_db in NOISES]
        rows.append([name, *(f"{precision:.2f}/{recall:.2f}" for _, precision, recall in found)])
        costs.append([name, *(f"{cpu:.2f}" for cpu, _, _ in found)])
    print(table(heads, rows))
    print()
    print(table(["CPU ms/s of audio", *heads[1:]], costs))


if __name__ == "__main__":
    main()
