import pytest

from services.customers.model import Direction
from services.dialog.templates import Prompt
from tests.calls.phrases import NO_HINDI, YES_HINDI
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time

PHONE = "+919999900077"


async def test_a_borrower_who_rings_back_is_known_by_the_number(world: World) -> None:
    call = await world.is_rung_by(PHONE, borrower("Bihar", phone=PHONE))
    await call.hears(Prompt.RING_BACK_GREETING, "hi-IN")
    await call.says(*YES_HINDI)
    await call.hears(Prompt.EMI_DETAILS_PART1, "hi-IN")
    await call.hears(Prompt.EMI_DETAILS_PART2, "hi-IN")
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.says(*NO_HINDI)
    await call.hears(Prompt.GOODBYE, "hi-IN")
    assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert call.record.call.direction is Direction.INBOUND


async def test_whom_nobody_knows_is_sent_to_customer_service_and_is_not_on_record(world: World) -> None:
    call = await world.is_rung_by(PHONE)
    await call.hears(Prompt.UNKNOWN_CALLER, "hi-IN")
    assert await call.line.ends() == "completed"
    assert world.system.calls.all == []
