"""The network breaks without a word (close code 1006)."""

import pytest

from services.dialog.scenes import State
from tests.calls.paths import STATES, lead_to
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("state", STATES)
async def test_a_call_whose_socket_is_lost_has_failed_and_says_why(world: World, state: State) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, state)
    await call.line.caller.drops()
    status, reason, _ = await call.ends()
    assert (status, reason) == ("failed", "media_lost")
