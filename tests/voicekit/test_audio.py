import audioop

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicekit.audio import Resampler, duration_ms, pad_to_frame, samples, silence, ulaw_decode, ulaw_encode, wav_bytes
from voicekit.errors import InvalidInput


@given(st.binary(max_size=2000))
def test_padding_ends_in_whole_frames_and_keeps_what_was_there(pcm: bytes) -> None:
    padded = pad_to_frame(pcm)
    assert len(padded) % 320 == 0
    assert padded.startswith(pcm)
    assert len(padded) - len(pcm) < 320


def test_mu_law_agrees_with_the_standard_library_on_every_sample_and_every_code() -> None:
    every_sample = np.arange(-32768, 32768, dtype="<i2").tobytes()
    assert ulaw_encode(every_sample) == audioop.lin2ulaw(every_sample, 2)
    every_code = bytes(range(256))
    assert ulaw_decode(every_code) == audioop.ulaw2lin(every_code, 2)


def tone(hz: float, rate_hz: int, seconds: float = 0.5) -> bytes:
    at = np.arange(int(rate_hz * seconds)) / rate_hz
    wave = np.rint(8000 * np.sin(2 * np.pi * hz * at)).astype(np.int16)
    return bytes(wave.tobytes())


def loudness(pcm: bytes) -> float:
    steady = samples(pcm)[200:-200].astype(float)
    return float(np.sqrt(np.mean(steady**2)))


@pytest.mark.parametrize("rate_hz", [16000, 24000])
@given(cuts=st.lists(st.integers(min_value=1, max_value=999), max_size=30))
def test_a_resampled_stream_has_no_seams(rate_hz: int, cuts: list[int]) -> None:
    whole = tone(440, rate_hz, 0.2)
    at_once = Resampler(rate_hz, 8000).feed(whole)
    piecewise, stream, start = b"", Resampler(rate_hz, 8000), 0
    for cut in cuts:
        piecewise += stream.feed(whole[start : start + cut])
        start += cut
    piecewise += stream.feed(whole[start:])
    assert piecewise == at_once


@pytest.mark.parametrize("rate_hz", [16000, 24000])
@pytest.mark.parametrize("hz", [300, 1000, 3000])
def test_the_telephone_band_passes_both_ways_at_its_level(rate_hz: int, hz: int) -> None:
    there = Resampler(8000, rate_hz).feed(tone(hz, 8000))
    back = Resampler(rate_hz, 8000).feed(there)
    assert len(back) == len(tone(hz, 8000))
    assert loudness(back) == pytest.approx(loudness(tone(hz, 8000)), rel=0.05)


@pytest.mark.parametrize("rate_hz", [16000, 24000])
def test_what_the_telephone_cannot_carry_does_not_fold_back_into_it(rate_hz: int) -> None:
    assert loudness(Resampler(rate_hz, 8000).feed(tone(5500, rate_hz))) < loudness(tone(5500, rate_hz)) / 300


def test_other_rates_are_refused() -> None:
    with pytest.raises(InvalidInput, match="44100"):
        Resampler(44100, 8000)


def test_a_wav_tells_its_rate_and_length() -> None:
    assert wav_bytes(silence(20))[:4] == b"RIFF"
    assert duration_ms(silence(1234)) == 1234
