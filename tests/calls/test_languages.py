"""In which language a borrower is spoken to, and what it costs to find that out."""

import pytest

from services.dialog.scenes import Part
from services.dialog.templates import Prompt
from tests.calls.phrases import (
    ENGLISH_PLEASE,
    IT_IS_I_TAMIL,
    NO_BENGALI_MIXED,
    NO_ENGLISH,
    NO_HINDI,
    NO_ODIA,
    NO_TAMIL,
    NO_TELUGU,
    TELUGU_PLEASE_HINDI,
    YES_BENGALI_MIXED,
    YES_ENGLISH,
    YES_HINDI,
    YES_ODIA,
    YES_TAMIL,
    YES_TELUGU,
)
from tests.calls.world import Call, World, borrower

pytestmark = pytest.mark.virtual_time


async def hears_the_details(call: Call, language: str) -> None:
    await call.hears(Prompt.EMI_DETAILS_PART1, language)
    await call.hears(Prompt.EMI_DETAILS_PART2, language)
    await call.hears(Prompt.AGENT_CONNECT, language)


async def ends_informed(call: Call, language: str) -> None:
    await call.hears(Prompt.GOODBYE, language)
    assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert call.statuses == ["in_progress", "completed"]
    assert (call.record.call.language_used, call.record.call.verified) == (language, True)


async def test_a_borrower_in_bihar_is_called_in_hindi(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_HINDI)
    await hears_the_details(call, "hi-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "hi-IN")
    assert call.said_by_borrower == [YES_HINDI.text, NO_HINDI.text]


async def test_nothing_is_synthesised_once_a_call_on_the_common_path_was_answered(world: World) -> None:
    first = await world.calls(borrower("Bihar"))  # has what everybody hears rendered for all
    await first.hears(Prompt.GREETING, "hi-IN")
    await first.hangs_up()
    await first.ends()
    call = await world.calls(borrower("Bihar", phone="+919999900013", name="Suresh Prasad", loan_id="LN00207788"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_HINDI)
    await hears_the_details(call, "hi-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "hi-IN")
    assert world.synthesised_before_answer(call)
    assert world.synthesised_after_answer(call) == []


async def test_the_first_borrower_of_all_waits_for_no_word(new_world: World) -> None:
    call = await new_world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*YES_HINDI)
    await hears_the_details(call, "hi-IN")
    await call.says(*NO_HINDI)
    await ends_informed(call, "hi-IN")
    assert max(call.response_times) < 1.5


async def test_a_tamil_speaker_in_karnataka_is_greeted_again_in_tamil(world: World) -> None:
    call = await world.calls(borrower("Karnataka"))
    await call.hears(Prompt.GREETING, "kn-IN")
    await call.says(*YES_TAMIL)
    await call.hears(Prompt.GREETING, "ta-IN")
    await call.says(*IT_IS_I_TAMIL)
    await hears_the_details(call, "ta-IN")
    await call.says(*NO_TAMIL)
    await ends_informed(call, "ta-IN")


async def test_english_is_spoken_in_maharashtra_to_who_asks_for_it(world: World) -> None:
    call = await world.calls(borrower("Maharashtra"))
    await call.hears(Prompt.GREETING, "mr-IN")
    await call.says(*ENGLISH_PLEASE)
    await call.hears(Prompt.LANGUAGE_SWITCHED, "en-IN")
    await call.hears(Prompt.GREETING, "en-IN")
    await call.says(*YES_ENGLISH)
    await hears_the_details(call, "en-IN")
    await call.says(*NO_ENGLISH)
    await ends_informed(call, "en-IN")


async def test_a_borrower_in_odisha_is_called_in_odia(world: World) -> None:
    call = await world.calls(borrower("Odisha"))
    await call.hears(Prompt.GREETING, "or-IN")
    await call.says(*YES_ODIA)
    await hears_the_details(call, "or-IN")
    await call.says(*NO_ODIA)
    await ends_informed(call, "or-IN")


async def test_english_words_in_bengali_answers_change_nothing(world: World) -> None:
    call = await world.calls(borrower("West Bengal"))
    await call.hears(Prompt.GREETING, "bn-IN")
    await call.says(*YES_BENGALI_MIXED)
    await hears_the_details(call, "bn-IN")
    await call.says(*NO_BENGALI_MIXED)
    await ends_informed(call, "bn-IN")


async def test_who_knows_no_hindi_and_asks_for_telugu_gets_it(world: World) -> None:
    call = await world.calls(borrower("Uttar Pradesh"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*TELUGU_PLEASE_HINDI)
    await call.hears(Prompt.LANGUAGE_SWITCHED, "te-IN")
    await call.hears(Prompt.GREETING, "te-IN")
    await call.says(*YES_TELUGU)
    await hears_the_details(call, "te-IN")
    await call.says(*NO_TELUGU)
    await ends_informed(call, "te-IN")


async def test_a_language_found_out_is_the_first_one_of_the_next_call(world: World) -> None:
    customer = borrower("Karnataka")
    call = await world.calls(customer)
    await call.hears(Prompt.GREETING, "kn-IN")
    await call.says(*YES_TAMIL)
    await call.hears(Prompt.GREETING, "ta-IN")
    await call.says(*IT_IS_I_TAMIL)
    await call.hears_beginning_of(Prompt.EMI_DETAILS_PART1, "ta-IN")
    await call.hangs_up()
    await call.ends()
    again = await world.calls_again(call)
    await again.hears(Prompt.GREETING, "ta-IN", Part.NOTICE)
    await again.hangs_up()
    await again.ends()
