"""The labelled corpus, and the shape of what turn-taking makes of it; `make bench -- turns` has the figures."""

import numpy as np
import pytest

from bench.corpus import CLEAN, Line, add_noise, answers, nobody, over_us
from bench.detectors import Windows, by_model
from bench.turns import Told, measure_ends, ours, peer
from services.speech.turns import BargedIn, Ended, Started, TurnRules
from services.speech.vad import VoiceModel

VOICES = ("ravi", "lata")
LINES = [line for line in answers(VOICES) if line.language in {"hi-IN", "ta-IN", "bn-IN"}]
OVER = [line for line in over_us(VOICES) if line.language in {"hi-IN", "ta-IN"}]


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    return VoiceModel()


def told(model: VoiceModel, line: Line, noise: str = "clean", snr_db: float = CLEAN[1]) -> list[Told]:
    return ours(TurnRules())(by_model(model, gated=True)(add_noise(line, noise, snr_db)), line)


def test_labels_lie_where_the_sound_is() -> None:
    for line in LINES:
        loud = np.abs(line.wave) > 0.01
        first, last = np.flatnonzero(loud)[[0, -1]] / 8
        assert first == pytest.approx(line.onset_ms, abs=60)
        assert last == pytest.approx(line.end_ms, abs=60)
        for begin, end in line.pauses:
            assert line.onset_ms < begin < end < line.end_ms
            assert not loud[begin * 8 + 80 : end * 8 - 80].any()


def test_the_corpus_is_the_same_each_time_and_has_all_languages() -> None:
    again = [line.wave for line in answers(VOICES) if line.language in {"hi-IN", "ta-IN", "bn-IN"}]
    assert all(np.array_equal(line.wave, wave) for line, wave in zip(LINES, again, strict=True))
    assert len({line.language for line in answers(VOICES)}) == 11


def test_borrowers_are_cut_off_no_more_often_than_by_a_fixed_pause_of_200_ms(model: VoiceModel) -> None:
    always = by_model(model, gated=False)

    def by_peer(line: Line) -> tuple[Line, list[Told]]:
        windows: Windows = always(add_noise(line, *CLEAN))
        return line, peer(windows, line)

    us = measure_ends([(line, told(model, line)) for line in LINES])
    them = measure_ends([by_peer(line) for line in LINES])
    assert us.with_pause >= 8
    assert us.missed == 0
    assert us.cut < them.cut


def test_a_short_answer_is_over_soon_after_its_end(model: VoiceModel) -> None:
    short = measure_ends([(line, told(model, line)) for line in LINES if line.kind == "short"])
    assert np.median(short.over_ms) <= 250


@pytest.mark.parametrize("noise", ["clean", "street"])
def test_those_who_speak_up_are_told_and_those_who_listen_take_no_floor(model: VoiceModel, noise: str) -> None:
    for line in OVER:
        events = told(model, line, noise, 20)
        kinds = {type(event) for event, _ in events}
        assert {Started, Ended} <= kinds, line.name
        assert (BargedIn in kinds) == (line.kind == "over"), line.name


def test_neither_bursts_of_noise_nor_our_echo_take_the_floor(model: VoiceModel) -> None:
    for line in nobody():
        kinds = [type(event) for event, _ in told(model, line)]
        assert BargedIn not in kinds, line.name
        assert line.kind != "echo" or not kinds
