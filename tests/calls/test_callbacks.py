"""What the carrier tells of a call may come never, often or in the wrong order; the record stays the same."""

import pytest

from emulators.exotel.options import ApiFault
from emulators.exotel.persona import Persona, Pickup
from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.paths import lead_to
from tests.calls.phrases import NO_HINDI
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time

HABITS: dict[str, dict[str, object]] = {
    "are lost": {"lose": frozenset({"answered", "terminal"})},
    "come five times": {"repeat": 5},
    "come in the wrong order": {"answered_delay_s": 50.0, "terminal_delay_s": 0.1},
}


@pytest.fixture(params=list(HABITS))
def habits(request: pytest.FixtureRequest, world: World) -> None:
    for name, value in HABITS[request.param].items():
        setattr(world.system.exotel.options.habits, name, value)


@pytest.mark.usefixtures("habits")
async def test_a_call_that_was_talked_to_its_end_is_complete_once(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART2)
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.says(*NO_HINDI)
    await call.hears(Prompt.GOODBYE, "hi-IN")
    assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert call.statuses == ["in_progress", "completed"]


@pytest.mark.usefixtures("habits")
async def test_a_call_that_nobody_answered_is_not_picked_once(world: World) -> None:
    call = await world.calls(borrower("Bihar"), Persona(pickup=Pickup("no-answer")))
    assert await call.ends() == ("not_picked", "no_answer", "")
    assert call.statuses == ["not_picked"]


@pytest.mark.usefixtures("habits")
async def test_an_agent_has_taken_the_call_once(world: World) -> None:
    world.agent_answers()
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.TRANSFERRING_TO_AGENT)
    assert await call.ends() == ("completed", "agent_transfer", "XFER_OK")
    assert len(call.line.transfer.legs) == 1


async def test_a_lost_answer_of_the_carrier_rings_nobody_twice(world: World) -> None:
    world.system.exotel.faults.append(ApiFault(lost=True, latency_s=1.0))
    customer = borrower("Bihar")
    call = await world.calls(customer)
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.hangs_up()
    await call.ends()
    assert world.system.exotel.rings(customer.phone_number) == 1


async def test_a_call_asked_for_twice_rings_once(world: World) -> None:
    customer = borrower("Bihar")
    call = await world.calls(customer)
    await world.places_again(call)
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.hangs_up()
    await call.ends()
    assert world.system.exotel.rings(customer.phone_number) == 1
