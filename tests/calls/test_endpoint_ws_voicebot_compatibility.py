"""The compatibility socket, `WS /ws/voicebot-compatibility/{session_id}`: older integrations and their simple flow."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.customers.model import Speaker
from services.dialog.scenes import Part, State
from services.dialog.templates import Prompt
from tests.calls.checks import a_world
from tests.calls.paths import lead_to
from tests.calls.phrases import (
    IT_IS_I_TAMIL,
    NO_HINDI,
    NO_TAMIL,
    TELUGU_PLEASE_HINDI,
    WRONG_NUMBER_HINDI,
    YES_HINDI,
    YES_TAMIL,
)
from tests.calls.test_languages import ends_informed, hears_the_details
from tests.calls.test_wrong_people import heard_nothing_of_a_loan
from tests.calls.world import Call, World, borrower
from tests.support.studio import Studio

pytestmark = pytest.mark.virtual_time


@pytest.fixture
async def world(studio: Studio) -> AsyncIterator[World]:
    """The system with a carrier's flow that asks for the compatibility socket."""
    async with a_world(studio, asked_with="?flow=simple") as world:
        yield world
        for call in world.stories:
            (socket,) = {stream.url.rsplit("/", 1)[0].partition("/ws/")[2] for stream in call.line.streams}
            assert socket == "voicebot-compatibility"


def was_greeted_in(call: Call) -> set[str]:
    """The languages in which the notice was said."""
    turns = [turn for turn in call.record.turns if turn.speaker is Speaker.BOT]
    return {turn.language for turn in turns if turn.state == State.INITIAL_GREETING}


async def test_a_tamil_reply_to_a_hindi_greeting_goes_on_in_tamil_and_nothing_is_replayed(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_TAMIL)
    await hears_the_details(call, "ta-IN")
    await call.says(*NO_TAMIL)
    await ends_informed(call, "ta-IN")
    assert was_greeted_in(call) == {"hi-IN"}


async def test_a_reply_in_the_language_of_the_greeting_changes_nothing(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_HINDI)
    await hears_the_details(call, "hi-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "hi-IN")


async def test_devanagari_is_marathi_in_maharashtra(world: World) -> None:
    call = await world.calls(borrower("Maharashtra"))
    await call.hears(Prompt.GREETING, "mr-IN")
    await call.says(*YES_HINDI)
    await hears_the_details(call, "mr-IN")
    await call.hangs_up()
    assert (await call.ends())[2] == "RPC_INFO"


async def test_a_wrong_number_hears_nothing_of_a_loan(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*WRONG_NUMBER_HINDI)
    await call.hears(Prompt.WRONG_PARTY, "hi-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "WN")
    assert heard_nothing_of_a_loan(call)


async def test_somebody_else_who_answers_in_tamil_hears_nothing_of_a_loan_in_tamil(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*NO_TAMIL)
    await call.hears(Prompt.THIRD_PARTY, "ta-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "TPC")
    assert heard_nothing_of_a_loan(call)


async def test_the_language_stays_after_the_first_reply(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_TAMIL)
    await hears_the_details(call, "ta-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "ta-IN")


async def test_who_asks_for_another_language_is_offered_a_person(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*TELUGU_PLEASE_HINDI)
    await call.hears(Prompt.LANGUAGE_UNSUPPORTED, "en-IN")
    await call.hears(Prompt.LANGUAGE_UNSUPPORTED, "hi-IN")
    await call.says(*NO_HINDI)
    await call.hears(Prompt.GOODBYE, "hi-IN")
    assert (await call.ends())[2] == "LANG"
    assert heard_nothing_of_a_loan(call)


async def test_a_call_whose_dialog_is_lost_goes_on_in_the_simple_flow(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.WAITING_FOR_LANG_DETECT)
    world.system.to_dialog.down = True
    world.system.to_dialog.lose()
    await asyncio.sleep(1.0)
    world.system.to_dialog.down = False
    await call.hears(Prompt.GREETING, "hi-IN", Part.QUESTION, again=True)
    await call.says(*IT_IS_I_TAMIL)
    await call.hears_beginning_of(Prompt.EMI_DETAILS_PART1, "ta-IN")
    world.system.to_dialog.lose()
    await hears_the_details(call, "ta-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "ta-IN")
    assert was_greeted_in(call) == {"hi-IN"}
