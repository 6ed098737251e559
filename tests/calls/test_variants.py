"""The carrier's documents and its integrators disagree about its messages; a call bears all of their ways."""

import pytest

from emulators.exotel.variant import VARIANTS
from services.dialog.scenes import State
from tests.calls.checks import a_world
from tests.calls.paths import lead_to
from tests.calls.world import borrower
from tests.support.studio import Studio

pytestmark = pytest.mark.virtual_time

NARROW = sorted(name for name, variant in VARIANTS.items() if variant.sample_rate_hz in (None, 8000))


@pytest.mark.parametrize("variant", NARROW)
async def test_a_call_is_talked_and_handed_over_whatever_the_carrier_s_dialect(studio: Studio, variant: str) -> None:
    async with a_world(studio, variant=VARIANTS[variant]) as world:
        world.agent_answers(talks_for=5)
        call = await world.calls(borrower("Bihar"))
        await lead_to(call, State.TRANSFERRING_TO_AGENT)
        assert await call.ends() == ("completed", "agent_transfer", "XFER_OK")
