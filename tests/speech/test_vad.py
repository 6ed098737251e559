import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators.audio import mix, noise, silence, tone
from emulators.voices import synthesise
from services.speech.vad import WINDOW_BYTES, EnergyGate, Vad, VoiceModel, Window

SPEECH = synthesise("मैं पाँच तारीख को भर दूँगा", "hi-IN", voice="ravi")


def voiced(windows: list[Window]) -> int:
    return sum(window.probability > 0.5 for window in windows)


def test_speech_is_told_from_silence_and_noise(voice_model: VoiceModel) -> None:
    vad = Vad(voice_model)
    assert voiced(vad.feed(silence(2000))) == 0
    assert voiced(vad.feed(SPEECH)) > 45
    assert voiced(Vad(voice_model).feed(noise(3000, -35))) <= 4
    assert voiced(Vad(voice_model).feed(tone(2000, 1400))) <= 10


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, len(SPEECH)), max_size=8))
def test_how_audio_is_cut_does_not_matter(voice_model: VoiceModel, cuts: list[int]) -> None:
    at = [0, *sorted(cuts), len(SPEECH)]
    vad, whole = Vad(voice_model), Vad(voice_model).feed(SPEECH)
    pieces = [window for a, b in itertools.pairwise(at) for window in vad.feed(SPEECH[a:b])]
    assert b"".join(window.pcm for window in pieces) == SPEECH[: len(pieces) * WINDOW_BYTES]
    assert [window.probability for window in pieces] == pytest.approx([window.probability for window in whole])


@pytest.mark.parametrize("snr_db", [30, 15, 8])
def test_the_gate_saves_the_models_time_without_losing_a_word(voice_model: VoiceModel, snr_db: int) -> None:
    line = mix(silence(4000) + SPEECH + silence(4000), noise(10_000, -25 - snr_db))
    gated, ungated = Vad(voice_model), Vad(voice_model, gated=False)
    heard, all_heard = gated.feed(line), ungated.feed(line)
    assert gated.scored < 0.55 * ungated.scored
    lost = [a.level_dbfs for a, b in zip(all_heard, heard, strict=True) if a.probability > 0.5 >= b.probability]
    assert sum(level > -25 - snr_db + 3.5 for level in lost) <= 3, "what is no louder than the noise is no word"
    assert [window.pcm for window in heard] == [window.pcm for window in all_heard]


def restless(ms: int, dbfs: float) -> bytes:
    """Noise that comes and goes by 9 dB, as a street's."""
    parts = [noise(200, dbfs + 9 * abs(np.sin(at)), seed=at) for at in range(ms // 200)]
    return b"".join(parts)


def test_the_gate_gets_to_know_restless_noise_and_hears_a_voice_over_it_as_before(voice_model: VoiceModel) -> None:
    street = restless(20_000, -50)
    listening = Vad(voice_model)
    listening.feed(street[: len(street) // 2])
    learned = listening.scored
    heard = listening.feed(street[len(street) // 2 :])
    assert listening.scored - learned < 0.2 * len(heard)
    assert learned > 0.5 * 31, "it was judged before it was known"

    gated, ungated = Vad(voice_model), Vad(voice_model, gated=False)
    spoken = street[: 16 * 6000] + mix(SPEECH, restless(len(SPEECH) // 16 + 200, -50)[: len(SPEECH)])
    assert abs(first_voice(gated.feed(spoken)) - first_voice(ungated.feed(spoken))) <= 2


def first_voice(windows: list[Window]) -> int:
    return next(at for at, window in enumerate(windows) if window.probability > 0.5)


def test_a_silent_line_never_wakes_the_model(voice_model: VoiceModel) -> None:
    vad = Vad(voice_model)
    vad.feed(noise(20_000, -70))
    assert vad.scored == 0


def test_unbroken_speech_does_not_pass_for_noise() -> None:
    gate = EnergyGate()
    assert all(gate.admits(-20.0) for _ in range(1000))


def test_several_lines_can_be_judged_at_once(voice_model: VoiceModel) -> None:
    generator = np.random.default_rng(1)
    windows = generator.standard_normal((5, 288)).astype(np.float32) * 0.1
    state = np.zeros((2, 5, 128), dtype=np.float32)
    together, states = voice_model.score(windows, state)
    for line in range(5):
        alone, alone_state = voice_model.score(windows[line : line + 1], state[:, line : line + 1])
        assert alone[0] == pytest.approx(together[line], abs=1e-5)
        assert alone_state[:, 0] == pytest.approx(states[:, line], abs=1e-4)
