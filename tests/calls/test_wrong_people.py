"""Whoever is not the borrower learns nothing of a loan."""

import pytest

from emulators.audio import tone
from services.customers.model import Speaker
from services.dialog.debt_words import debt_words_in
from services.dialog.templates import Prompt
from tests.calls.phrases import LEAVE_A_MESSAGE, NO_HINDI, NOT_AVAILABLE, WRONG_NUMBER_HINDI
from tests.calls.world import Call, World, borrower

pytestmark = pytest.mark.virtual_time


def heard_nothing_of_a_loan(call: Call) -> bool:
    spoken = [turn for turn in call.record.turns if turn.speaker is Speaker.BOT]
    return not call.heard_anything_private() and not any(debt_words_in(turn.text, turn.language) for turn in spoken)


async def test_a_wrong_number_is_apologised_to_and_hears_nothing_of_a_loan(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*WRONG_NUMBER_HINDI)
    await call.hears(Prompt.WRONG_PARTY, "hi-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "WN")
    assert not call.record.call.verified
    assert heard_nothing_of_a_loan(call)


async def test_somebody_else_at_the_phone_hears_nothing_of_a_loan(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*NO_HINDI)
    await call.hears(Prompt.THIRD_PARTY, "hi-IN")
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "TPC")
    assert heard_nothing_of_a_loan(call)


async def test_a_voicemail_is_told_nothing(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    call.begins_to_say(*NOT_AVAILABLE)
    await call.hears(Prompt.GREETING, "hi-IN")
    await call.says(*LEAVE_A_MESSAGE)
    status, _, disposition = await call.ends()
    assert (status, disposition) == ("completed", "MACHINE")
    assert heard_nothing_of_a_loan(call)


async def test_a_voicemail_that_is_done_before_our_question_is_told_nothing_either(world: World) -> None:
    call = await world.calls(borrower("Bihar"))
    await call.says(*LEAVE_A_MESSAGE)
    await call.plays(tone(600, 1000))
    status, reason, disposition = await call.ends()
    assert (status, reason, disposition) == ("completed", "no_response", "SILENT")
    assert heard_nothing_of_a_loan(call)
