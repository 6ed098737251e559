import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.audio import samples, silence, to_pcm, tone
from emulators.sarvam.codecs import decode_stream, encode
from emulators.sarvam.utterances import Listener, Started, Utterance


@given(st.lists(st.integers(-32768, 32767), min_size=1))
def test_a_law_comes_back_within_its_steps(values: list[int]) -> None:
    coded = encode(to_pcm(np.array(values, dtype=np.int16)), "alaw", 8000).body
    back = samples(decode_stream(coded, "alaw")).astype(int)
    assert np.all(np.abs(back - np.array(values)) <= np.maximum(16, np.abs(values) / 16))


def test_known_a_law_codes() -> None:
    """Codes of ITU-T G.711 tables: the smallest positive and negative values, and the largest."""
    assert encode(to_pcm(np.array([8, -8, 32767, -32768], dtype=np.int16)), "alaw", 8000).body == b"\xd5\x55\xaa\x2a"


def test_32_bit_samples_keep_their_upper_half() -> None:
    assert decode_stream(np.array([65536 * 5, -65536], dtype="<i4").tobytes(), "linear32") == to_pcm(
        np.array([5, -1], dtype=np.int16)
    )


@pytest.mark.parametrize("piece", [160, 320, 333, 4000])
def test_an_utterance_is_found_however_the_stream_is_cut(piece: int) -> None:
    stream = silence(1000) + tone(600, 440) + silence(1000)
    listener = Listener(8000, manual=False)
    happened = [event for at in range(0, len(stream), piece) for event in listener.feed(stream[at : at + piece])]
    started, ended = happened
    assert isinstance(started, Started)
    assert isinstance(ended, Utterance)
    assert ended.start_s == pytest.approx(0.7, abs=0.03)
    assert ended.end_s == pytest.approx(2.1, abs=0.03)


def test_a_click_is_no_utterance() -> None:
    listener = Listener(8000, manual=False)
    assert listener.feed(silence(500) + tone(60, 440) + silence(1000)) == []


def test_the_ear_gets_used_to_steady_noise() -> None:
    from emulators.audio import noise

    listener = Listener(8000, manual=False)
    assert listener.feed(noise(3000, -55)) == []


def test_marks_keep_what_was_said_just_before_them() -> None:
    listener = Listener(8000, manual=True)
    listener.feed(silence(1000) + tone(100, 440))
    listener.start()
    listener.feed(tone(300, 440))
    ended = listener.end()
    assert ended is not None
    assert len(ended.pcm) == 16 * 600
    assert listener.end() is None


def test_an_endless_utterance_keeps_its_last_half_minute() -> None:
    listener = Listener(8000, manual=True)
    listener.start()
    listener.feed(silence(40_000))
    ended = listener.end()
    assert ended is not None
    assert len(ended.pcm) == 16 * 30_000
