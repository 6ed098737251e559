"""What travels to speech, and in what pieces: nothing is lost, quiet is cheap, edges are quick."""

import asyncio

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from services.telephony.ears import Ears, EarsEvent
from services.telephony.packing import END_MS, NOISE_MS, ONSET_MS, QUIET_MS, STEADY_MS, Packing
from tests.telephony.fakes import FakeSpeech
from voicekit.audio import BYTES_PER_MS

FRAME_MS = 20


def noise(ms: int, dbfs: float, seed: int = 1) -> bytes:
    """White noise."""
    wave = np.random.default_rng(seed).normal(0, 32767 * 10 ** (dbfs / 20), ms * 8)
    return np.clip(wave, -32768, 32767).astype("<i2").tobytes()


def frames(pcm: bytes, ms: int = FRAME_MS) -> list[bytes]:
    size = ms * BYTES_PER_MS
    return [pcm[at : at + size] for at in range(0, len(pcm), size)]


def waits(packing: Packing, pcm: bytes, *, utterance: bool = False) -> list[int]:
    return [packing.wait_ms(frame, utterance=utterance) for frame in frames(pcm)]


def test_a_quiet_line_travels_in_large_pieces_also_when_it_hisses() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50))  # until its floor is known
    assert set(waits(packing, noise(5000, -50, seed=2))) == {QUIET_MS}


def test_a_first_sound_travels_at_once() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50))
    first, *early = waits(packing, noise(200, -20))
    assert first == 0
    assert set(early) == {ONSET_MS}
    assert set(waits(packing, noise(800, -20), utterance=True)) == {STEADY_MS}


def test_a_pause_that_may_be_the_end_of_a_turn_travels_frame_by_frame() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50) + noise(400, -20))
    pause = waits(packing, noise(1000, -50), utterance=True)
    assert set(pause[120 // FRAME_MS : 420 // FRAME_MS]) == {END_MS}
    assert set(pause[420 // FRAME_MS :]) == {STEADY_MS}
    assert waits(packing, noise(20, -50))[-1] == QUIET_MS


def test_noise_in_which_speech_finds_no_voice_costs_less_than_a_voice() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50))
    assert waits(packing, noise(1000, -30))[-1] == NOISE_MS
    assert waits(packing, noise(20, -30), utterance=True)[-1] == STEADY_MS


def test_a_voice_that_begins_on_a_loud_line_travels_at_once() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50) + noise(2000, -38))
    first, *early = waits(packing, noise(200, -20))
    assert first == 0
    assert set(early) == {ONSET_MS}


def test_flickering_noise_makes_no_edge_of_every_flicker() -> None:
    packing = Packing()
    waits(packing, noise(4000, -50))
    flicker = b"".join(noise(40, level, seed) for seed, level in enumerate([-30, -50] * 100))
    assert sum(wait < STEADY_MS for wait in waits(packing, flicker)) < 25


@given(st.lists(st.tuples(st.sampled_from([20, 60, 100]), st.sampled_from([-90.0, -50.0, -15.0])), max_size=60))
def test_all_that_came_in_goes_out_in_order_and_before_what_is_told_next(pieces: list[tuple[int, float]]) -> None:
    asyncio.run(_hear(pieces))


async def _hear(pieces: list[tuple[int, float]]) -> None:
    speech = FakeSpeech()

    async def put(_: EarsEvent) -> None: ...

    ears = Ears(speech, "call", put)
    hearing = asyncio.create_task(ears.run())
    await asyncio.sleep(0)
    came = bytearray()
    for at, (ms, dbfs) in enumerate(pieces):
        came += (pcm := noise(ms, dbfs, seed=at))
        ears.feed(pcm)
        assert 0 <= len(came) - len(speech.ear.heard) < (QUIET_MS + 100) * BYTES_PER_MS
        assert ears.position_ms == len(came) // BYTES_PER_MS
    ears.bot_speaks(True)
    assert bytes(speech.ear.heard) == bytes(came)
    ears.finish()
    await hearing
