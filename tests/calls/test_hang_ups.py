"""Whoever leaves in the middle leaves nothing behind; the world's own checks look for it."""

import pytest

from services.dialog.scenes import State
from tests.calls.paths import STATES, lead_to
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("state", STATES)
async def test_a_borrower_hangs_up_in_the_middle(world: World, state: State) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, state)
    await call.hangs_up()
    status, reason, disposition = await call.ends()
    assert (status, reason) == ("completed", REASONS.get(state, "hung_up"))
    assert disposition == DISPOSITIONS[state]


REASONS = {
    State.INITIAL_GREETING: "hung_up_early",
    State.WAITING_FOR_LANG_DETECT: "hung_up_early",
    State.GOODBYE_DECLINE: "conversation_done",
}
DISPOSITIONS = {
    State.INITIAL_GREETING: "HANGUP_EARLY",
    State.WAITING_FOR_LANG_DETECT: "HANGUP_EARLY",
    State.CONFIRMING_IDENTITY: "HANGUP_EARLY",
    State.PLAYING_EMI_PART1: "RPC_PART",
    State.PLAYING_EMI_PART2: "RPC_PART",
    State.ASKING_AGENT_CONNECT: "RPC_INFO",
    State.WAITING_AGENT_RESPONSE: "RPC_INFO",
    State.TRANSFERRING_TO_AGENT: "XFER_FAIL",
    State.GOODBYE_DECLINE: "RPC_INFO",
}


async def test_a_borrower_rejects_the_call(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hangs_up()
    assert await call.ends() == ("not_picked", "busy", "")
