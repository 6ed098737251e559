"""A process is killed in the middle of a call, as a machine that fails would do it."""

import pytest

from tests.support.real_system import RealCall, RealSystem

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(150)]

DIALOG_LOST, SPEECH_LOST = "The stream to dialog was lost.", "The stream to speech was lost."
TALK = ("completed", "conversation_done", "RPC_INFO")
LISTENING_S = 2.5 + 0.4
"""For which the borrower is silent before an answer; then the answer, and our patience with a turn's end."""
ANSWER_S = 1.6 + 1.5
WITH_ANOTHER_S = 1.5
"""Longest pause that the loss of one of two may add."""
WITH_NONE_S = 9.0
"""The same when there is none until a new process has come up."""


async def is_told_to_its_end(system: RealSystem, call: RealCall, *, lost: str, pause: float) -> None:
    assert await call.ends() == TALK
    assert any(lost in line and call.call_id in line for line in system.log_of("telephony")), (
        "the fault missed the call"
    )
    assert await call.longest_pause() < LISTENING_S + ANSWER_S + pause
    assert await system.errors_of_the_carrier() == []


async def kill_and_restart(system: RealSystem, *names: str) -> None:
    for name in names:
        await system.system.processes.kill(name)
    for name in names:
        await system.system.start(name)


async def test_a_call_goes_on_with_the_other_dialog(system: RealSystem) -> None:
    call = await system.rings("dialog-dies")
    await call.borrower_has_said(1)
    await kill_and_restart(system, "dialog")
    await call.we_have_said("PLAYING_EMI_PART1")
    await kill_and_restart(system, "dialog-2")
    await is_told_to_its_end(system, call, lost=DIALOG_LOST, pause=WITH_ANOTHER_S)


async def test_a_call_goes_on_when_dialog_is_back(system: RealSystem) -> None:
    call = await system.rings("all-dialogs-die")
    await call.borrower_has_said(1)
    await kill_and_restart(system, "dialog", "dialog-2")
    await is_told_to_its_end(system, call, lost=DIALOG_LOST, pause=WITH_NONE_S)


async def test_a_call_goes_on_with_the_other_speech(system: RealSystem) -> None:
    call = await system.rings("speech-dies")
    await call.borrower_has_said(1)
    await kill_and_restart(system, "speech")
    await call.we_have_said("PLAYING_EMI_PART1")
    await kill_and_restart(system, "speech-2")
    await is_told_to_its_end(system, call, lost=SPEECH_LOST, pause=WITH_ANOTHER_S)


async def test_an_answer_that_no_speech_service_heard_is_heard_when_one_is_back(system: RealSystem) -> None:
    call = await system.rings("all-speech-dies")
    await call.we_have_said("ASKING_AGENT_CONNECT")
    await kill_and_restart(system, "speech", "speech-2")
    await is_told_to_its_end(system, call, lost=SPEECH_LOST, pause=WITH_NONE_S)
