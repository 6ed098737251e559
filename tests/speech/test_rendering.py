import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.audio import silence, tone
from emulators.voices import synthesise
from services.speech.rendering import Rendering, Screen, after_what_was_said
from voicekit.audio import FRAME_BYTES, duration_ms, samples
from voicekit.errors import ProviderDown

TEXT = "आपकी किस्त, जो पाँच तारीख को थी, अभी बाकी है।"


@given(pieces=st.lists(st.binary(max_size=700), max_size=12))
def test_whatever_bytes_come_whole_samples_and_whole_frames_go(pieces: list[bytes]) -> None:
    screen, rendering = Screen(TEXT), Rendering()
    for piece in pieces:
        sound = screen.feed(piece)
        assert len(sound) % 2 == 0
        rendering.add(sound)
    assert len(rendering.finish()) % FRAME_BYTES == 0
    assert rendering.length % FRAME_BYTES == 0


@given(cuts=st.lists(st.integers(0, 9000), max_size=8))
def test_how_the_pieces_are_cut_does_not_matter(cuts: list[int]) -> None:
    pcm = tone(500, 440)
    at = [0, *sorted(min(cut, len(pcm)) for cut in cuts), len(pcm)]
    screen = Screen("a")
    assert b"".join(screen.feed(pcm[a:b]) for a, b in itertools.pairwise(at)) == pcm


def test_silence_before_the_first_sound_is_cut_to_a_moment() -> None:
    screen = Screen("हाँ")
    out = screen.feed(silence(400)) + screen.feed(silence(300) + tone(300, 440))
    assert duration_ms(out) == pytest.approx(360, abs=1)


@pytest.mark.parametrize("pcm", [b"", silence(3000), tone(200, 440)], ids=["nothing", "silence", "too short"])
def test_what_cannot_be_the_text_is_no_rendition(pcm: bytes) -> None:
    screen = Screen(TEXT)
    screen.feed(pcm)
    with pytest.raises(ProviderDown):
        screen.check()


def test_what_does_not_end_is_cut_off() -> None:
    screen = Screen("हाँ")
    with pytest.raises(ProviderDown):
        for _ in range(100):
            screen.feed(tone(1000, 440))


@pytest.mark.parametrize("language", ["hi-IN", "ta-IN", "en-IN"])
def test_real_speech_passes(language: str) -> None:
    text = {"hi-IN": TEXT, "ta-IN": "ஆமாம், நான் பேசுகிறேன்", "en-IN": "Yes."}[language]
    screen = Screen(text)
    screen.feed(synthesise(text, language))
    screen.check()


def test_a_second_rendition_goes_on_in_the_pause_before_what_was_said() -> None:
    word, pause = tone(600, 300), silence(200)
    rendition = word + pause + tone(600, 500) + pause + tone(600, 700)
    said = len(word + pause) + 3200  # 200 ms into the second word
    rest = after_what_was_said(rendition, said)
    assert rendition.endswith(rest)
    begins_at = duration_ms(rendition) - duration_ms(rest)
    assert 600 <= begins_at <= 800
    assert np.abs(samples(rest[:160])).max() == 0


@given(said=st.integers(0, 40_000))
def test_nothing_of_a_line_is_left_out(said: int) -> None:
    rendition = synthesise(TEXT, "hi-IN")
    rest = after_what_was_said(rendition, said - said % 2)
    assert rendition.endswith(rest)
    assert len(rendition) - len(rest) <= max(said, 0)


def test_a_line_of_which_all_was_said_has_no_rest() -> None:
    assert after_what_was_said(tone(500, 440), 20_000) == b""
