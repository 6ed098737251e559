"""The borrower always has the floor, and noises do not."""

import pytest

from emulators.audio import noise
from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.paths import lead_to
from tests.calls.phrases import HMM_HINDI, PAID_HINDI
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time

JUDGED_MS = 480
"""Unbroken speech that takes the floor."""
SILENT_MS = 300
"""In which nothing more of ours may be heard after that."""


async def test_we_fall_silent_when_a_borrower_interrupts_the_details(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(3)
    call.begins_to_say(*PAID_HINDI)
    await call.hears_silence(within_ms=JUDGED_MS + SILENT_MS)
    await call.has_said_it()
    await call.hears(Prompt.ALREADY_PAID, "hi-IN")
    await call.hears(Prompt.GOODBYE, "hi-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "PAID")
    assert [turn.state for turn in call.record.turns if turn.interrupted] == [State.PLAYING_EMI_PART1]


async def test_a_word_of_listening_does_not_stop_us(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.says_nothing_for(3)
    call.begins_to_say(*HMM_HINDI)
    await call.hears(Prompt.EMI_DETAILS_PART1, "hi-IN", again=True)
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    await call.hangs_up()
    await call.ends()
    assert not any(turn.interrupted for turn in call.record.turns[:-1])


async def test_noise_does_not_stop_us(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    await call.plays(noise(3000, -30.0, seed=1))
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    await call.hangs_up()
    await call.ends()
    assert call.said_by_borrower == ["हाँ जी, बोल रहा हूँ"]


async def test_the_notice_of_recording_is_heard_to_its_end_whoever_speaks(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.INITIAL_GREETING)
    call.begins_to_say(*PAID_HINDI)
    await call.hears(Prompt.GREETING, "hi-IN", again=True)
    await call.hangs_up()
    await call.ends()
