import pytest

from services.dialog.templates import Prompt
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


async def test_one_is_yes_and_two_is_no(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.presses("1")
    await call.hears(Prompt.EMI_DETAILS_PART1, "hi-IN")
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.presses("2")
    await call.hears(Prompt.GOODBYE, "hi-IN")
    assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert call.record.call.verified


async def test_one_on_the_offer_of_an_agent_is_a_transfer(world: World) -> None:
    world.agent_answers()
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.presses("1")
    await call.hears(Prompt.EMI_DETAILS_PART1, "hi-IN")
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.presses("1")
    await call.hears(Prompt.TRANSFERRING, "hi-IN")
    assert await call.ends() == ("completed", "agent_transfer", "XFER_OK")
