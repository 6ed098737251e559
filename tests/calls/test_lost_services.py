"""A service that a call works with is lost in the middle, and another one of its kind goes on."""

import asyncio

import pytest

from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.paths import STATES, go_on_from, lead_to
from tests.calls.phrases import YES_HINDI
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("state", STATES)
async def test_a_call_goes_on_when_dialog_was_lost_and_is_back_in_a_second(world: World, state: State) -> None:
    world.agent_answers()
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, state)
    world.system.to_dialog.down = True
    world.system.to_dialog.lose()
    await asyncio.sleep(1.0)
    world.system.to_dialog.down = False
    await go_on_from(call, state)
    status, reason, _ = await call.ends()
    assert (status, reason) == ("completed", ENDS.get(state, "conversation_done"))


@pytest.mark.parametrize("state", STATES)
async def test_a_call_goes_on_when_speech_was_lost_and_there_is_another(world: World, state: State) -> None:
    world.agent_answers()
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, state)
    world.system.to_speech.lose()
    await go_on_from(call, state)
    status, reason, _ = await call.ends()
    assert (status, reason) == ("completed", ENDS.get(state, "conversation_done"))


async def test_what_a_borrower_says_while_nobody_hears_is_heard_when_speech_is_back(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    world.system.to_speech.down = True
    world.system.to_speech.lose()
    await call.says(*YES_HINDI)
    await asyncio.sleep(6.0)  # a new process needs as long to come up
    world.system.to_speech.down = False
    await call.hears(Prompt.EMI_DETAILS_PART1, "hi-IN")
    await call.hangs_up()
    assert await call.ends() == ("completed", "hung_up", "RPC_PART")


ENDS = {State.TRANSFERRING_TO_AGENT: "agent_transfer"}


async def test_a_call_that_dialog_has_left_for_good_is_apologised_for(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.WAITING_FOR_LANG_DETECT)
    world.system.to_dialog.down = True
    world.system.to_dialog.lose()
    await call.hears(Prompt.HOLD, "hi-IN")
    await call.hears(Prompt.TECHNICAL_GOODBYE, "hi-IN")
    status, reason, _ = await call.ends()
    assert (status, reason) == ("failed", "dialog_lost")


async def test_the_record_is_complete_when_it_was_away_for_a_call(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART1)
    world.system.calls.away = True
    await call.hears_beginning_of(Prompt.AGENT_CONNECT, "hi-IN")
    await call.hangs_up()
    await call.line.ends()
    await asyncio.sleep(60)
    world.system.calls.away = False
    assert await call.ends() == ("completed", "hung_up", "RPC_INFO")
    assert [turn.state for turn in call.record.turns].count(State.PLAYING_EMI_PART2) == 1
