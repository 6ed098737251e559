import pytest

from emulators.exotel.persona import Persona, Pickup
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize(
    ("pickup", "status", "reason"),
    [
        (Pickup("no-answer"), "not_picked", "no_answer"),
        (Pickup("busy"), "not_picked", "busy"),
        (Pickup("failed"), "failed", "carrier_failed"),
    ],
    ids=["nobody picks up", "the line is busy", "the phone is switched off"],
)
async def test_a_call_that_nobody_answers(world: World, pickup: Pickup, status: str, reason: str) -> None:
    call = await world.calls(borrower("Bihar"), Persona(pickup=pickup))
    assert await call.ends() == (status, reason, "")
    assert call.record.turns == []
