"""What each choice of turn-taking buys: delay against turns cut off, onset delay against false alarms.

Takes the labelled lines of `bench.corpus` (eleven languages, four noises at 20, 10 and 5 dB) through each voice
detector and the product's turn-taking, with a recogniser whose final takes 150 ms, and a first guess 300. "Over" is
from the last sound to the moment at which turn and words are there, less those 150 ms: the providers' time. "cut"
are turns with a pause inside that were taken for over at it. The peer is a Silero that is asked always and ends a
turn after 200 ms of silence.
"""

import argparse
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench.corpus import CLEAN, NOISES, STRENGTHS, TAIL_MS, Line, add_noise, answers, nobody, over_us
from bench.detectors import Detector, Windows, detectors
from bench.lines import VOICES, table
from services.speech.turns import Answer, BargedIn, Ended, Patience, Paused, Started, TurnEvent, TurnRules, TurnTaker
from services.speech.vad import WINDOW_MS, VoiceModel

FINAL_MS: Final = 150
"""What the recogniser takes."""
PARTIAL_MS: Final = 300
"""After this much of an utterance was sent, the recogniser guesses its first two words."""
FRAME_MS: Final = 20
"""The line comes in pieces of this length."""
Told = tuple[TurnEvent, int]
"""An event, and the milliseconds of the line at which it was told."""
Taker = Callable[[Windows, Line], list[Told]]
Condition = tuple[str, float]
CONDITIONS: Final[Mapping[str, Sequence[Condition]]] = {
    "clean": [CLEAN],
    **{f"{strength} dB": [(noise, float(strength)) for noise in NOISES] for strength in STRENGTHS},
}


def ours(rules: TurnRules) -> Taker:
    """Return the product's turn-taking."""

    def take(windows: Windows, line: Line) -> list[Told]:
        turns = TurnTaker(rules)
        turns.expect(Answer.SHORT if line.kind == "short" else Answer.OPEN)
        turns.bot_speaks(line.kind in ("over", "backchannel", "noise", "echo"))
        words = line.text if line.kind != "noise" else ""
        told: list[Told] = []
        final_at = partial_at = _NEVER
        for number, (probability, level) in enumerate(windows.tolist(), 1):
            now = -(-number * WINDOW_MS // FRAME_MS) * FRAME_MS
            if partial_at <= now:
                told += [(event, partial_at) for event in turns.understood(" ".join(words.split()[:2]))]
                partial_at = _NEVER
            if final_at <= now:
                told += [(event, final_at) for event in turns.known(words)]
                final_at = _NEVER
            events = turns.feed(probability, level)
            told += [(event, now) for event in events]
            if any(isinstance(event, Started) for event in events):
                partial_at = now + PARTIAL_MS
            if any(isinstance(event, Paused) for event in events):
                final_at = now + FINAL_MS
        return told

    return take


def peer(windows: Windows, _line: Line) -> list[Told]:
    """Take turns as the quickest peer does: 200 ms of confident speech begin a turn, 200 ms of silence end it."""
    told: list[Told] = []
    speaking, run, began = False, 0, 0
    for number, (probability, _) in enumerate(windows.tolist(), 1):
        now = -(-number * WINDOW_MS // FRAME_MS) * FRAME_MS
        run = run + 1 if (probability >= _PEER_SURE) != speaking else 0
        if run < _PEER_WINDOWS:
            continue
        speaking, run = not speaking, 0
        if speaking:
            began = now
            told.append((Started(began), now))
        else:
            told.append((Ended(began, now), now + FINAL_MS))
    return told


_NEVER: Final = 1 << 60
_PEER_SURE: Final = 0.7
_PEER_WINDOWS: Final = 6


@dataclass(frozen=True)
class Ends:
    """How turns ended."""

    over_ms: list[int]
    """From the last sound to turn and words, less the provider's time."""
    with_pause: int
    cut: int
    missed: int

    @property
    def row(self) -> list[str]:
        """Return it as cells."""
        share = f"{self.cut / self.with_pause:.0%}" if self.with_pause else "-"
        return [quantiles(self.over_ms), share, str(self.missed)]


def quantiles(values: Sequence[int]) -> str:
    """Write median and 95th percentile."""
    return f"{np.median(values):.0f}/{np.percentile(values, 95):.0f}" if values else "-"


def measure_ends(taken: Iterable[tuple[Line, list[Told]]]) -> Ends:
    """Judge what was told of answers."""
    over: list[int] = []
    with_pause = cut = missed = 0
    for line, told in taken:
        ends = [at for event, at in told if isinstance(event, Ended)]
        begun = [at for event, at in told if isinstance(event, Started)]
        with_pause += bool(line.pauses)
        cut += bool(line.pauses) and any(line.onset_ms < at < line.end_ms + FINAL_MS for at in ends)
        missed += not any(line.onset_ms - 200 < at < line.end_ms + 200 for at in begun)
        last = [at for at in ends if at >= line.end_ms]
        over.append((last[0] if last else line.end_ms + TAIL_MS) - line.end_ms - FINAL_MS)
    return Ends(over, with_pause, cut, missed)


class Heard:
    """What detectors make of lines; each pair is asked once."""

    def __init__(self, detectors_: Mapping[str, Detector]) -> None:
        self._detectors = detectors_
        self._known: dict[tuple[str, str, Condition], Windows] = {}

    def windows(self, detector: str, line: Line, condition: Condition, seed: int) -> Windows:
        """Return what a detector makes of a line in noise."""
        key = detector, f"{line.name} {seed}", condition
        if key not in self._known:
            self._known[key] = self._detectors[detector](add_noise(line, *condition, seed))
        return self._known[key]

    def take(
        self, detector: str, taker: Taker, lines: Sequence[Line], conditions: Sequence[Condition]
    ) -> list[tuple[Line, list[Told]]]:
        """Take all lines in all noises through a detector and a way of taking turns."""
        return [
            (line, taker(self.windows(detector, line, condition, seed), line))
            for condition in conditions
            for seed, line in enumerate(lines)
        ]


def ends(heard: Heard, names: Iterable[str], lines: Sequence[Line]) -> str:
    """Compare detectors, and the peer, by how turns end."""
    takers = [(name, name, ours(TurnRules())) for name in names] + [("the peer", "Silero, always", peer)]
    rows = []
    for title, detector, taker in takers:
        for strength, conditions in CONDITIONS.items():
            told = heard.take(detector, taker, lines, conditions)
            found = [measure_ends([each for each in told if each[0].kind == kind]) for kind in ("short", "open")]
            rows.append([title, strength, *found[0].row, *found[1].row])
    heads = ["detector", "noise", "short: over p50/p95", "cut", "missed", "open: over p50/p95", "cut", "missed"]
    return table(heads, rows)


def patiences(heard: Heard, lines: Sequence[Line]) -> str:
    """Compare figures of patience on the detector that was chosen."""
    rows = []
    usual = TurnRules()
    for kind, choices in {
        "short": [(96, 224), (128, 256), (128, 288), (128, 320), (160, 320), (256, 384)],
        "open": [(256, 448), (320, 544), (320, 640), (384, 768), (448, 950)],
    }.items():
        for ask_ms, end_ms in choices:
            patience = Patience(ask_ms, end_ms, max(end_ms + 200.0, getattr(usual, kind).at_most_ms))
            rules = replace(usual, short=patience) if kind == "short" else replace(usual, open=patience)
            row = [kind, f"{ask_ms}/{end_ms} ms"]
            for strength in ("clean", "20 dB"):
                chosen = [line for line in lines if line.kind == kind]
                row += measure_ends(heard.take("Silero, gated", ours(rules), chosen, CONDITIONS[strength])).row[:2]
            rows.append(row)
    return table(["answer", "ask/end", "clean: over p50/p95", "cut", "20 dB: over p50/p95", "cut"], rows)


def onsets(heard: Heard, names: Iterable[str], over: Sequence[Line], nobodys: Sequence[Line]) -> str:
    """Compare detectors, and lengths of an onset, by how soon we pause for a borrower, and how often for nobody."""
    takers = [(name, name, ours(TurnRules())) for name in names]
    for onset_ms in (64, 128):
        takers.append((f"gated, onset {onset_ms} ms", "Silero, gated", ours(replace(TurnRules(), onset_ms=onset_ms))))
    takers.append(("the peer", "Silero, always", peer))
    rows = []
    for title, detector, taker in takers:
        for strength, conditions in CONDITIONS.items():
            told = heard.take(detector, taker, [*over, *nobodys], conditions)
            rows.append([title, strength, *_interruptions(told, len(conditions))])
    heads = ["detector", "noise", "onset told p50/p95", "missed", "barge-in p50/p95"]
    return table([*heads, "backchannels that barge in", "false onsets a minute", "of echo", "false barge-ins"], rows)


def _interruptions(taken: Sequence[tuple[Line, list[Told]]], conditions: int) -> list[str]:
    delays: list[int] = []
    barged: list[int] = []
    missed = listening = 0
    onsets = {"noise": 0, "echo": 0}
    false = 0
    for line, told in taken:
        begun = [at for event, at in told if isinstance(event, Started)]
        takes = [at for event, at in told if isinstance(event, BargedIn)]
        if line.kind == "over":
            right = [at for at in begun if at > line.onset_ms]
            missed += not right
            delays += [right[0] - line.onset_ms] if right else []
            barged += [takes[0] - line.onset_ms] if takes else []
        elif line.kind == "backchannel":
            listening += bool(takes)
        else:
            onsets[line.kind] += len(begun)
            false += len(takes)
    count = sum(line.kind == "backchannel" for line, _ in taken)
    minutes = sum(len(line.wave) for line, _ in taken if line.kind == "noise") / 8000 / 60
    return [
        *(quantiles(delays), str(missed), quantiles(barged), f"{listening}/{count}"),
        *(f"{onsets['noise'] / minutes:.1f}", f"{onsets['echo']}/{conditions}", str(false)),
    ]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench turns", description=__doc__)
    parser.add_argument("--voices", type=int, default=2, choices=(1, 2, 3), help="how many voices speak (2)")
    voices = VOICES[: parser.parse_args().voices]
    found = detectors(VoiceModel())
    heard, said, over, nobodys = Heard(found), [*answers(voices)], [*over_us(voices)], [*nobody()]
    print(f"{len(said)} answers, {len(over)} over our line, {len(nobodys)} lines of nobody; Silero is v6 at 8 kHz\n")
    print(f"Turn ends\n\n{ends(heard, found, said)}\n", flush=True)
    print(f"Patience, gated Silero\n\n{patiences(heard, said)}\n", flush=True)
    print(f"Over our line\n\n{onsets(heard, found, over, nobodys)}\n", flush=True)


if __name__ == "__main__":
    main()
