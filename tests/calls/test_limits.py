import pytest

from services.dialog.templates import Prompt
from tests.calls.checks import a_world
from tests.calls.world import borrower
from tests.support.studio import Studio

pytestmark = pytest.mark.virtual_time


async def test_a_call_that_lasts_too_long_is_said_goodbye_to_before_the_carrier_cuts_it(studio: Studio) -> None:
    async with a_world(studio, call_seconds=60) as world:
        call = await world.calls(borrower("Bihar"))
        await call.hears(Prompt.GREETING, "hi-IN")
        await call.hears(Prompt.TECHNICAL_GOODBYE, "hi-IN")
        status, reason, _ = await call.ends()
        assert (status, reason) == ("completed", "time_limit")
        assert call.line.ended_by != "carrier"
