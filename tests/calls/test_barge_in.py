"""The borrower always has the floor, and noises do not."""

import numpy as np
import pytest

from emulators.audio import gain, noise, samples, to_pcm
from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.paths import lead_to
from tests.calls.phrases import HMM_HINDI, NO_HINDI, PAID_HINDI, YES_HINDI
from tests.calls.world import Call, World, borrower

pytestmark = pytest.mark.virtual_time

ONSET_MS = 400
"""From the first sound to our silence; a story's frames are of 100 ms, and the carrier plays a message to its end."""
FRAME = 320


def clears(call: Call) -> int:
    """How often the carrier was told to drop what it had."""
    return sum(message["event"] == "clear" for stream in call.line.streams for message in stream.log)


def lost_words(world: World, call: Call, prompt: Prompt) -> list[str]:
    """The sentences of a prompt that were not heard from beginning to end, broken off once or twice though they be."""
    ear, lost = call.line.ears[-1], []
    for text in call.words(prompt, "hi-IN"):
        sound, after = world.studio.known_sound_of(text, "hi-IN"), 0.0
        while len(sound) >= FRAME:
            sizes = range(len(sound) // FRAME * FRAME, 0, -FRAME)
            heard, ends = next(((size, at) for size in sizes if (at := ear.find(sound[:size], after))), (0, 0.0))
            if not heard:
                lost.append(text)
                break
            sound, after = sound[heard:], ends
    return lost


def cough() -> bytes:
    """A fifth of a second of hoarse noise that swells and dies."""
    wave = samples(noise(200, -18.0, seed=3)).astype(np.float64)
    return to_pcm(wave * np.sin(np.linspace(0, np.pi, len(wave))))


async def test_we_fall_silent_when_a_borrower_interrupts_the_details(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(3)
    call.begins_to_say(*PAID_HINDI)
    await call.hears_silence(within_ms=ONSET_MS)
    await call.has_said_it()
    await call.hears(Prompt.ALREADY_PAID, "hi-IN")
    await call.hears(Prompt.GOODBYE, "hi-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "PAID")
    assert [turn.state for turn in call.record.turns if turn.interrupted] == [State.PLAYING_EMI_PART1]
    assert clears(call) == 1


async def test_a_short_no_is_an_interruption(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.ASKING_AGENT_CONNECT)
    await call.says_nothing_for(3)
    call.begins_to_say(*NO_HINDI)
    await call.hears_silence(within_ms=ONSET_MS)
    await call.has_said_it()
    await call.hears(Prompt.GOODBYE, "hi-IN")
    await call.ends()
    assert NO_HINDI.text in call.said_by_borrower


@pytest.mark.parametrize("times", [1, 2, 4])
async def test_at_a_word_of_listening_we_wait_and_then_go_on_without_losing_a_word(world: World, times: int) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(1)
    for _ in range(times):
        call.begins_to_say(*HMM_HINDI)
        await call.says_nothing_for(1.6)
        await call.has_said_it()
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    assert clears(call) == min(times, 2), "whoever is heard again and again must not make us stutter"
    assert lost_words(world, call, Prompt.EMI_DETAILS_PART1) == []
    await call.hangs_up()
    await call.ends()
    assert not any(turn.interrupted for turn in call.record.turns[:-1])
    assert HMM_HINDI.text not in call.said_by_borrower


@pytest.mark.parametrize("sound", [noise(3000, -30.0, seed=1), cough()], ids=["a fan", "a cough"])
async def test_noise_does_not_stop_us(world: World, sound: bytes) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(1)
    await call.plays(sound)
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    assert lost_words(world, call, Prompt.EMI_DETAILS_PART1) == []
    await call.hangs_up()
    await call.ends()
    assert call.said_by_borrower == ["हाँ जी, बोल रहा हूँ"]


async def test_our_own_voice_that_comes_back_does_not_stop_us(world: World) -> None:
    call = await world.calls(borrower("Bihar"))

    async def echoes(prompt: Prompt) -> None:
        await call.hears_beginning_of(prompt, "hi-IN")
        for text in call.words(prompt, "hi-IN"):
            await call.plays(gain(world.studio.known_sound_of(text, "hi-IN"), -15))

    await echoes(Prompt.GREETING)
    await call.says_nothing_for(0.5)
    await call.says(*YES_HINDI)
    await echoes(Prompt.EMI_DETAILS_PART1)
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    assert clears(call) == 0
    await call.hangs_up()
    await call.ends()
    assert call.said_by_borrower == [YES_HINDI.text]


async def test_who_hangs_up_while_we_wait_has_hung_up(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(1)
    call.begins_to_say(*HMM_HINDI)
    await call.says_nothing_for(0.4)
    await call.hangs_up()
    await call.has_said_it()
    status, reason, _ = await call.ends()
    assert (status, reason) == ("completed", "hung_up")
    assert clears(call) == 1


async def test_the_notice_of_recording_is_heard_to_its_end_whoever_speaks(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.INITIAL_GREETING)
    call.begins_to_say(*PAID_HINDI)
    await call.hears(Prompt.GREETING, "hi-IN", again=True)
    assert clears(call) == 0
    await call.hangs_up()
    await call.ends()
