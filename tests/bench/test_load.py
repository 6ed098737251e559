"""The shape of a call under load, and the parts that measure it. No figure of time is asserted here."""

import base64
import os
from pathlib import Path

import numpy as np
import pytest

from bench.lines import SPEECH_DBFS, Floats, spoken
from bench.load import stamp
from bench.load.drive import Driver, Run
from bench.load.ear import BUFFER_S, Ear
from bench.load.figures import figures
from bench.load.rig import Cores, Latencies, running
from bench.load.speech import BORROWERS, SNR_DB, Stock
from emulators.audio import SAMPLE_RATE, ulaw_encode

CALLS = 5
ANYWHERE = frozenset(os.sched_getaffinity(0))
STARVED_S = 0.12
"""A generator that was ever so late says that the machine had no time for us, and nothing about gaps."""


@pytest.mark.timeout(240)  # seven processes start, and calls go on in real time
async def test_five_calls_at_once_are_greeted_answered_and_without_a_gap(tmp_path: Path) -> None:
    stock = Stock(20, BORROWERS[:2])
    stock.write_book(tmp_path / "book.json")
    cores = Cores(ANYWHERE, ANYWHERE)
    async with (
        running(tmp_path, tmp_path / "book.json", cores, Latencies(), milliseconds_a_character=30) as rig,
        Driver.started(rig, stock) as driver,
    ):
        run = await driver.run(CALLS, seconds=8)

    found = figures(run)
    assert [story.dropped for story in run.stories if story.dropped] == []
    assert len(run.stories) >= CALLS
    assert found["not_greeted"] == found["unanswered"] == found["cut_off"] == found["false_clears"] == 0
    answered = first_turns(run)
    assert answered
    assert all(answered)
    assert found["tts_before_answer"] > 0
    assert found["tts_after_answer"] == found["model_asked"] == found["stt_unknown"] == 0
    assert found["never_ended"] == 0
    if max(late for _, late, _ in run.late) < STARVED_S:
        assert found["gaps_60"] == 0


def first_turns(run: Run) -> list[bool]:
    """Whether the first turn of each call was answered, where the call went on for a while after it."""
    turns = [(story, story.turns[0]) for story in run.stories if story.turns[0].end]
    return [bool(turn.answered) for story, turn in turns if story.ended - turn.end > 3]


def test_what_a_phrase_holds_outside_its_labels_is_lost_in_the_noise() -> None:
    stock = Stock(20)
    for words in BORROWERS:
        for text in (words.yes, words.again, words.no):
            phrase, wave = stock.phrase(text, "white"), spoken(text, words.language, words.voice)
            first, last = round(phrase.onset_s * SAMPLE_RATE), round(phrase.end_s * SAMPLE_RATE)
            noise = 10 ** ((SPEECH_DBFS - SNR_DB) / 20)
            assert all(rms(part) < 2 * noise for part in (wave[:first], wave[last:])), text
            assert rms(wave[first : first + 160]) > noise / 3, text
            assert rms(wave[last - 160 : last]) > noise / 3, text


def rms(wave: Floats) -> float:
    return float(np.sqrt((wave**2).mean())) if len(wave) else 0.0


def test_an_utterance_names_its_call_and_turn_whatever_is_cut_off() -> None:
    stock = Stock(20, BORROWERS[:1])
    phrase = stock.phrase(BORROWERS[0].again, "street")

    pcm = b"".join(base64.b64decode(frame) for frame in phrase.frames(77_777, 2, 20))
    codes = np.frombuffer(ulaw_encode(pcm), dtype=np.uint8)

    whole = stamp.read(codes)
    assert {(each.call, each.turn, each.phrase) for each in whole} == {(77_777, 2, phrase.number)}
    assert [each.position for each in whole] == list(range(len(whole)))
    assert stamp.read(codes[1001:-999]) == whole[2:-1] or stamp.read(codes[1001:-999]) == whole[2:-2]


def test_speech_without_stamps_is_nobody_s() -> None:
    noise = np.random.default_rng(1).integers(0, 256, 80_000, dtype=np.uint8)

    assert stamp.read(noise) == []


def test_the_ear_hears_a_gap_within_an_utterance_and_none_between_two() -> None:
    ear = Ear()
    ear.receive(0.1, now=10.0)
    ear.receive(0.1, now=10.1)
    ear.receive(0.1, now=10.5)
    ear.mark()
    ear.receive(0.1, now=12.0)

    assert [round(gap, 3) for _, gap in ear.gaps] == [round(0.3 - BUFFER_S, 3)]


def test_the_ear_is_silent_within_a_frame_of_a_clear() -> None:
    ear = Ear()
    ear.receive(1.0, now=10.0)

    assert ear.hears(10.3)
    assert ear.clear(10.5) == pytest.approx(10.52)
    assert not ear.hears(10.6)
