import pytest

from services.dialog.templates import Prompt
from tests.calls.phrases import YES_HINDI
from tests.calls.world import World, borrower

pytestmark = pytest.mark.virtual_time


async def test_who_stays_silent_is_asked_twice_more_and_then_let_go(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    for _ in range(2):
        await call.hears(Prompt.STILL_THERE, "hi-IN")
        await call.hears(Prompt.IDENTITY_AGAIN, "hi-IN")
    await call.hears(Prompt.NO_INPUT_GOODBYE, "hi-IN")
    status, reason, disposition = await call.ends()
    assert (status, disposition) == ("completed", "SILENT")
    assert reason == "no_response"


async def test_who_finds_words_at_last_is_heard(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.hears(Prompt.STILL_THERE, "hi-IN")
    await call.hears(Prompt.IDENTITY_AGAIN, "hi-IN")
    await call.says(*YES_HINDI)
    await call.hears_beginning_of(Prompt.EMI_DETAILS_PART1, "hi-IN")
    await call.hangs_up()
    assert await call.ends() == ("completed", "hung_up", "RPC_PART")
