"""What the figures of turn-taking buy.

Prints three tables. The first: how soon a turn is known to have ended, against how many turns are cut at a pause
within them, for pauses from 200 to 1000 ms. The second: how soon speech is noticed, against false starts a minute of
noise with slammed doors, which follows a sentence. The third: how soon a borrower who goes on speaking takes the
floor, against backchannels, and echoes 15 and 10 dB under our voice, that take it. Speech is generated, in the
telephone's band.
"""

import argparse
from dataclasses import replace
from typing import Final

import numpy as np

from bench.lines import SENTENCES, VOICES, Floats, noisy, silent, spoken, table
from emulators.audio import BYTES_PER_MS
from services.speech.turns import Answer, BargedIn, Ended, Started, TurnEvent, TurnRules, TurnTaker
from services.speech.vad import Vad, VoiceModel

PAUSES_MS: Final = (200, 300, 400, 500, 600, 700, 800, 1000)
RULES: Final = TurnRules()
EDGE_MS: Final = 50
"""Quiet that ends each text."""
BACKCHANNELS: Final = (
    ("हाँ", "hi-IN"),
    ("हम्म", "hi-IN"),
    ("जी", "hi-IN"),
    ("ஆம்", "ta-IN"),
    ("ഉം", "ml-IN"),
)
Told = tuple[TurnEvent, int]
"""An event, and the milliseconds of the line at which it was told."""


def take_turns(
    model: VoiceModel, pcm: bytes, rules: TurnRules, answer: Answer = Answer.OPEN, *, bot: bool = False
) -> list[Told]:
    """Feed a line to a turn-taker, and return what it told and when."""
    vad, turns = Vad(model), TurnTaker(rules)
    turns.expect(answer)
    turns.bot_speaks(bot)
    step = 60 * BYTES_PER_MS
    told: list[Told] = []
    for at in range(0, len(pcm), step):
        for window in vad.feed(pcm[at : at + step]):
            told += [(event, turns.at_ms) for event in turns.feed(window.probability, window.level_dbfs)]
    return told


def ends(model: VoiceModel, voices: int) -> str:
    """Measure turn ends."""
    rows = []
    for answer, patience_ms in ((Answer.SHORT, 350), (Answer.SHORT, 450), (Answer.SHORT, 550), (Answer.OPEN, 750),
                                (Answer.OPEN, 950), (Answer.OPEN, 1150)):  # fmt: skip
        rules = replace(RULES, **{f"{answer.value}_ms": patience_ms})
        delays: list[int] = []
        cut = dict.fromkeys(PAUSES_MS, 0)
        for voice in VOICES[:voices]:
            for text, language in SENTENCES:
                speech = spoken(text, language, voice)
                pcm = noisy(np.concatenate([silent(700), speech, silent(2000)]), "clean", 0)
                ended = [at for event, at in take_turns(model, pcm, rules, answer) if isinstance(event, Ended)]
                delays += [ended[-1] - 700 - len(speech) // 8 + EDGE_MS] if ended else []
                for pause_ms in PAUSES_MS:
                    halves = [silent(700), speech, silent(pause_ms - 100), speech, silent(2000)]
                    told = take_turns(model, noisy(np.concatenate(halves), "clean", 0), rules, answer)
                    cut[pause_ms] += sum(isinstance(event, Ended) for event, _ in told) > 1
        words = [
            at - 700 - len(speech) // 8 + EDGE_MS
            for voice in VOICES[:voices]
            for text, language in BACKCHANNELS
            for speech in [spoken(text, language, voice)]
            for event, at in take_turns(
                model, noisy(np.concatenate([silent(700), speech, silent(2000)]), "clean", 0), rules, answer
            )
            if isinstance(event, Ended)
        ]
        count = voices * len(SENTENCES)
        rows.append([f"{answer.value} {patience_ms} ms", f"{np.median(words):.0f}/{np.percentile(words, 90):.0f}",
                     f"{np.median(delays):.0f}/{np.percentile(delays, 90):.0f}",
                     *(f"{times / count:.0%}" for times in cut.values())])  # fmt: skip
    return table(
        ["patience", "a word's end after ms", "a sentence's, median/p90", *(f"cut at {ms}" for ms in PAUSES_MS)], rows
    )


def onsets(model: VoiceModel, voices: int) -> str:
    """Measure onsets."""
    rows = []
    for onset_ms in (32, 64, 96, 160):
        rules = replace(RULES, onset_ms=onset_ms)
        for kind, snr_db in (
            ("white", 20),
            ("white", 10),
            ("white", 5),
            ("street", 10),
            ("babble", 15),
            ("babble", 10),
        ):
            delays: list[int] = []
            missed = total = 0
            for seed, voice in enumerate(VOICES[:voices]):
                for text, language in SENTENCES:
                    pcm = noisy(
                        np.concatenate([silent(2000), spoken(text, language, voice), silent(500)]), kind, snr_db, seed
                    )
                    told = take_turns(model, pcm, rules)
                    begun = [at for event, at in told if isinstance(event, Started) and at > 2000]
                    total += 1
                    missed += not begun
                    delays += [begun[0] - 2000 - EDGE_MS] if begun else []
            false, endless = 0, 0
            for seed, voice in enumerate(VOICES[:voices]):
                told = take_turns(model, noisy(_after_a_sentence(60, voice, seed), kind, snr_db, seed), rules)
                false += sum(isinstance(event, Started) for event, _ in told[1:])
                endless += not any(isinstance(event, Ended) and at < 8000 for event, at in told)
            delay = f"{np.median(delays):.0f}/{np.percentile(delays, 90):.0f}"
            row = [f"{onset_ms} ms", f"{kind} {snr_db} dB", delay, f"{missed}/{total}"]
            rows.append([*row, f"{false / voices:.1f}", f"{endless}/{voices}"])
    return table(
        [
            "onset",
            "noise",
            "told after ms, median/p90",
            "missed or begun early",
            "false starts a minute",
            "turns that went on",
        ],
        rows,
    )


def barge_ins(model: VoiceModel, voices: int) -> str:
    """Measure interruptions."""
    bot = np.concatenate([spoken(text, language, "meera") for text, language in SENTENCES])[: 8 * 8000]
    rows = []
    for barge_in_ms in (320, 480, 640):
        rules = replace(RULES, barge_in_ms=barge_in_ms)
        for echo_db in (None, -15, -10):
            echo = bot * (10 ** (echo_db / 20) if echo_db else 0)
            alone = _barged(model, echo, rules)
            delays: list[int] = []
            back = count = 0
            for voice in VOICES[:voices]:
                for text, language in BACKCHANNELS:
                    back += bool(_barged(model, _over(echo, spoken(text, language, voice)), rules))
                for text, language in SENTENCES[1:]:
                    count += 1
                    told = _barged(model, _over(echo, np.tile(spoken(text, language, voice), 2)), rules)
                    delays += [told[0] - 3000 - EDGE_MS] if told else []
            taken = f"{len(delays)}/{count}"
            delay = f"{np.median(delays):.0f}/{np.percentile(delays, 90):.0f}" if delays else "-"
            rows.append([f"{barge_in_ms} ms", f"{echo_db} dB" if echo_db else "none", taken, delay,
                         f"{back}/{voices * len(BACKCHANNELS)}", "yes" if alone else "no"])  # fmt: skip
    heads = ["sustained", "echo", "took the floor", "after ms, median/p90", "backchannels that did", "echo alone did"]
    return table(heads, rows)


def _barged(model: VoiceModel, wave: Floats, rules: TurnRules) -> list[int]:
    told = take_turns(model, noisy(wave, "clean", 0), rules, bot=True)
    return [at for event, at in told if isinstance(event, BargedIn)]


def _over(echo: Floats, speech: Floats) -> Floats:
    """Put speech on a line, three seconds after we began to speak."""
    wave = np.concatenate([echo, silent(2000)])
    end = min(len(wave), 3 * 8000 + len(speech))
    wave[3 * 8000 : end] += speech[: end - 3 * 8000]
    return wave


def _after_a_sentence(seconds: int, voice: str, seed: int) -> Floats:
    """Make a line with a sentence, then nothing but a slam of 40 ms every five seconds."""
    speech = spoken(*SENTENCES[2], voice)
    random, wave = np.random.default_rng(seed), np.concatenate([silent(1500), speech, silent(1000 * seconds)])
    for at in range(8 * 8000, len(wave) - 8000, 5 * 8000):
        wave[at : at + 320] = random.standard_normal(320) * 0.2 * np.exp(-np.arange(320) / 100)
    return wave


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.turns", description=__doc__)
    parser.add_argument("--voices", type=int, default=2, choices=(1, 2, 3), help="how many voices speak (2)")
    voices, model = parser.parse_args().voices, VoiceModel()
    for title, measure in (("Turn ends", ends), ("Onsets", onsets), ("Interruptions", barge_ins)):
        print(f"{title}\n\n{measure(model, voices)}\n", flush=True)


if __name__ == "__main__":
    main()
