"""A borrower wants to speak with a person, or does not."""

import pytest

from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.paths import lead_to
from tests.calls.phrases import CONNECT_HINDI, NO_HINDI
from tests.calls.world import World, borrower
from tests.telephony.world import AGENT

pytestmark = pytest.mark.virtual_time


async def test_a_borrower_who_says_yes_speaks_with_an_agent(world: World) -> None:
    world.agent_answers(talks_for=20)
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART2)
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.says(*CONNECT_HINDI)
    await call.hears(Prompt.TRANSFERRING, "hi-IN")
    assert await call.ends() == ("completed", "agent_transfer", "XFER_OK")
    assert call.statuses == ["in_progress", "agent_transfer", "completed"]
    assert [(leg.number, leg.status) for leg in call.line.transfer.legs] == [(AGENT, "completed")]


async def test_an_agent_who_does_not_answer_is_no_connected_call(world: World) -> None:
    world.agent_does_not_answer()
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.TRANSFERRING_TO_AGENT)
    await call.hears(Prompt.TECHNICAL_GOODBYE, "hi-IN")
    assert await call.ends() == ("failed", "agent_unreachable", "XFER_FAIL")
    assert len(call.line.transfer.legs) == 1


async def test_a_borrower_who_leaves_while_the_agent_is_rung_has_not_been_failed(world: World) -> None:
    world.agent_does_not_answer()
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.TRANSFERRING_TO_AGENT)
    await call.line.happens("agent_ringing")
    await call.says_nothing_for(5)
    await call.hangs_up()
    assert await call.ends() == ("completed", "hung_up_waiting_for_agent", "XFER_FAIL")


async def test_a_borrower_who_says_no_is_thanked_and_let_go(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART2)
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.says(*NO_HINDI)
    await call.hears(Prompt.GOODBYE, "hi-IN")
    assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert call.line.transfer.legs == []
