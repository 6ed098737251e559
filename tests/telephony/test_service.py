"""Whole calls over the carrier's real wire protocol, with stand-ins for the other services."""

import asyncio

import aiohttp
import pytest

from emulators.exotel.options import ApiFault
from emulators.exotel.persona import Agent, Persona, Pickup
from emulators.exotel.variant import VARIANTS
from services.telephony.model import (
    BargedIn,
    Heard,
    KeyPressed,
    Next,
    Played,
    SpeechEnded,
    SpeechStarted,
    Transcribed,
)
from services.telephony.placing import Placed
from tests.telephony.fakes import FakeDialog, sound_of, turn, unix_time, until
from tests.telephony.world import AGENT, BRIEF, PHONE, SECRET, World, world
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

LATER = 10**6
QUESTION = turn(1, "Am I speaking with Asha?")
GOODBYE = turn(2, "Thank you and goodbye.", then=Next.HANG_UP)
TRANSFER = turn(2, "I connect you to a colleague.", then=Next.TRANSFER)


def answer(it: World, text: str, utterance: int = 1) -> None:
    it.speech.ear.say(
        SpeechStarted(utterance),
        SpeechEnded(utterance, 0, LATER),
        Transcribed(utterance, text, "en-IN", 0.9, 0, LATER),
    )


@pytest.mark.parametrize("variant", sorted(VARIANTS))
async def test_a_call_from_the_request_to_the_goodbye(variant: str) -> None:
    async with world(FakeDialog(QUESTION, GOODBYE), variant=VARIANTS[variant], out_chunk_ms=200) as it:
        call = await it.rings()
        await until(lambda: call.spans)
        await until(lambda: any(isinstance(event, Played) for event in it.dialog.told))
        answer(it, "yes")
        assert await call.ends() == "completed"
        assert await it.final() == ("completed", "conversation_done")
        assert it.customers.statuses(BRIEF.call_id)[0] == ("in_progress", "")
        said = [said.text for said in it.customers.turns(BRIEF.call_id)]
        assert said == ["Am I speaking with Asha?", "yes", "Thank you and goodbye."]
        assert it.speech.prepared[0] == ("greeting",)
        assert len(bytes(it.speech.ear.heard)) > 16 * 300
        assert call.findings.rules() == set()


async def test_the_borrower_hears_exactly_what_was_spoken() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        call = await it.rings()
        await call.caller.hears(sound_of("Am I speaking with Asha?"))
        await until(lambda: it.dialog.told)
        answer(it, "yes")
        await call.caller.hears(sound_of("Thank you and goodbye."))
        await call.ends()


async def test_the_bot_falls_silent_when_the_borrower_takes_the_floor() -> None:
    long = turn(1, "a long line about many things that nobody wants to hear to its end", interruptible=True)
    async with world(FakeDialog(long, GOODBYE)) as it:
        call = await it.rings()
        await call.caller.hears_speech()
        await asyncio.sleep(0.5)
        it.speech.ear.say(SpeechStarted(1), BargedIn(1))
        await call.caller.hears_silence(within_ms=200)
        it.speech.ear.say(SpeechEnded(1, 0, LATER), Transcribed(1, "stop", "", 0, 0, LATER))
        await call.ends()
        assert isinstance(it.dialog.told[0], Played)
        assert it.dialog.told[0].interrupted
        assert it.dialog.told[1] == Heard("stop")


async def test_keys_reach_dialog() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        call = await it.rings()
        await call.caller.hears_bot_finish()
        await call.caller.presses("1")
        await call.ends()
        assert KeyPressed("1") in it.dialog.told


@pytest.mark.parametrize("hangup", ["stop_and_close", "close", "stop"])
async def test_every_way_of_hanging_up_ends_the_call_once(hangup: str) -> None:
    variant = next((v for v in VARIANTS.values() if v.hangup == hangup), VARIANTS["default"])
    async with world(FakeDialog(QUESTION, GOODBYE), variant=variant) as it:
        call = await it.rings()
        await call.caller.hears_speech()
        await call.caller.hangs_up()
        assert await it.final() == ("completed", "hung_up_early")
        assert it.telephony.switchboard.calls == 0
        assert "open-after-stop" not in call.findings.rules()


@pytest.mark.parametrize("moment", ["between messages", "in a message", "half-open"])
async def test_a_lost_network_is_told_as_such_within_ten_seconds(moment: str) -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        call = await it.rings()
        await call.caller.hears_speech()
        began = asyncio.get_running_loop().time()
        await call.caller.drops(moment)  # type: ignore[arg-type]  # one of the literals
        await until(lambda: it.customers.finals(BRIEF.call_id))
        assert asyncio.get_running_loop().time() - began < 10
        assert await it.final() == ("failed", "media_lost")


@pytest.mark.parametrize(
    ("pickup", "outcome"),
    [
        (Pickup("no-answer"), ("not_picked", "no_answer")),
        (Pickup("busy"), ("not_picked", "busy")),
        (Pickup("failed"), ("failed", "carrier_failed")),
    ],
)
@pytest.mark.parametrize("callbacks", ["come", "are lost", "come five times"])
async def test_an_unanswered_call_has_the_carrier_s_outcome(
    pickup: Pickup, outcome: tuple[str, str], callbacks: str
) -> None:
    async with world(FakeDialog(QUESTION), persona=Persona(pickup=pickup)) as it:
        if callbacks == "are lost":
            it.exotel.options.habits.lose = frozenset({"answered", "terminal"})
        if callbacks == "come five times":
            it.exotel.options.habits.repeat = 5
        await it.rings()
        assert await it.final() == outcome
        assert not it.sessions.live


async def test_a_call_whose_socket_never_opens_fails_so() -> None:
    async with world(FakeDialog(QUESTION), webhook_secret="another-secret-of-the-flow") as it:
        call = await it.rings()
        await call.ends()
        assert await it.final() == ("failed", "socket_never_opened")


async def test_a_transfer_rings_the_agent_and_is_complete_when_they_have_talked() -> None:
    async with world(FakeDialog(QUESTION, TRANSFER)) as it:
        it.exotel.set_agent(AGENT, Agent(talk_s=20))
        call = await it.rings()
        await call.caller.hears_bot_finish()
        answer(it, "yes please")
        assert await call.ends() == "completed"
        assert await it.final() == ("completed", "agent_transfer")
        assert [status for status, _ in it.customers.statuses(BRIEF.call_id)] == [
            "in_progress",
            "agent_transfer",
            "completed",
        ]
        assert [leg.number for leg in call.transfer.legs] == [AGENT]


async def test_an_agent_who_does_not_answer_is_apologised_for_and_not_rung_again() -> None:
    async with world(FakeDialog(QUESTION, TRANSFER)) as it:
        it.exotel.set_agent(AGENT, Agent(pickup=Pickup("no-answer")))
        call = await it.rings()
        await call.caller.hears_bot_finish()
        answer(it, "yes please")
        await call.caller.hears(sound_of("bye bye"), timeout_s=120)
        await call.ends()
        assert await it.final() == ("failed", "agent_unreachable")
        assert len(call.transfer.legs) == 1


async def test_a_borrower_who_leaves_while_the_agent_rings_is_not_called_a_failure() -> None:
    async with world(FakeDialog(QUESTION, TRANSFER)) as it:
        it.exotel.set_agent(AGENT, Agent(pickup=Pickup("no-answer")))
        call = await it.rings()
        await call.caller.hears_bot_finish()
        answer(it, "yes please")
        await until(lambda: call.transfer.legs)
        await call.caller.hangs_up()
        assert await it.final() == ("completed", "hung_up_waiting_for_agent")


async def test_a_lost_answer_of_the_carrier_rings_once_and_the_call_goes_on() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        it.exotel.faults.append(ApiFault(lost=True, latency_s=1.0))
        call = await it.rings()
        await call.caller.hears_bot_finish()
        answer(it, "yes")
        await call.ends()
        assert await it.final() == ("completed", "conversation_done")
        assert it.exotel.rings(PHONE) == 1


async def test_an_error_of_the_carrier_s_own_is_not_repeated_blindly() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        it.exotel.faults.append(ApiFault(status=503, created=True))
        call = await it.rings()
        await call.caller.hears_bot_finish()
        assert it.exotel.rings(PHONE) == 1


async def test_a_socket_that_is_faster_than_the_carrier_s_answer_is_served() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE), persona=Persona(pickup=Pickup("answers", after_s=0.1))) as it:
        it.exotel.faults.append(ApiFault(latency_s=10.0))
        placing = asyncio.create_task(it.telephony.placing.place(BRIEF, PHONE))
        call = await it.exotel.next_call()
        await call.caller.hears_speech(timeout_s=4)
        answer(it, "yes")
        assert await placing == Placed(call.sid)
        assert await it.final() == ("completed", "conversation_done")


async def test_the_same_call_rings_once_however_often_it_is_asked_for() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        place = it.telephony.placing.place
        answers = await asyncio.gather(*(place(BRIEF, PHONE) for _ in range(5)))
        answers.append(await place(BRIEF, PHONE))
        assert len(set(answers)) == 1
        assert it.exotel.rings(PHONE) == 1


async def test_a_borrower_who_rings_back_is_known_by_the_number() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        it.customers.owners[PHONE] = 7
        call = it.exotel.dial_in(PHONE)
        await call.caller.hears_bot_finish()
        assert it.dialog.briefs[0].call_id == "inbound-7"
        assert it.dialog.briefs[0].inbound
        answer(it, "yes")
        await call.ends()
        assert await it.final("inbound-7") == ("completed", "conversation_done")


async def test_an_unknown_caller_is_led_without_a_customer_and_leaves_no_record() -> None:
    line = turn(1, "We will not keep you.", then=Next.HANG_UP)
    async with world(FakeDialog(line)) as it:
        call = it.exotel.dial_in("+919999900099")
        await call.caller.hears(sound_of("We will not keep you."))
        await call.ends()
        brief = it.dialog.briefs[0]
        assert (brief.customer_id, brief.customer_name, brief.loan_id, brief.inbound) == (0, "", "", True)
        assert not it.customers.events


async def test_redis_may_be_away_while_a_call_goes_on() -> None:
    async with world(FakeDialog(QUESTION, TRANSFER)) as it:
        it.exotel.set_agent(AGENT, Agent(talk_s=5))
        call = await it.rings()
        await call.caller.hears_speech()
        it.sessions.down = True
        await call.caller.hears_bot_finish()
        answer(it, "yes please")
        await call.ends()
        assert len(call.transfer.legs) == 1
        assert await it.final() == ("completed", "agent_transfer")


async def test_nobody_is_rung_while_redis_is_away() -> None:
    async with world(FakeDialog(QUESTION)) as it:
        it.sessions.down = True
        with pytest.raises(ProviderDown):
            await it.telephony.placing.place(BRIEF, PHONE)
        assert it.exotel.rings(PHONE) == 0


async def test_the_record_may_be_away_while_a_call_goes_on() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE)) as it:
        call = await it.rings()
        it.customers.down = True
        await call.caller.hears_bot_finish()
        answer(it, "yes")
        await call.ends()
        await asyncio.sleep(30)
        it.customers.down = False
        assert await it.final() == ("completed", "conversation_done")
        assert len(it.customers.turns(BRIEF.call_id)) == 3


async def test_the_end_is_asked_on_another_pod() -> None:
    async with world(FakeDialog(QUESTION)) as it:
        call = await it.rings()
        await call.caller.hears_speech()
        await it.sessions.ask_end(call.sid, "operator_ended")
        assert await it.final() == ("completed", "operator_ended")


async def test_a_call_whose_pod_died_is_told_as_lost() -> None:
    async with world(FakeDialog(QUESTION)) as it:
        call = await it.rings()
        session = it.sessions.sessions[call.sid]
        session.update(phase="answered", owner="pod-that-died", epoch="1", lease_until=str(unix_time() + 3))
        assert await it.final() == ("failed", "telephony_lost")


async def test_draining_lets_live_calls_end_and_takes_no_others() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE), drain_seconds=60.0) as it:
        call = await it.rings()
        await call.caller.hears_bot_finish()
        draining = asyncio.create_task(it.telephony.drain(60.0))
        await asyncio.sleep(1)
        async with aiohttp.ClientSession() as client, client.get(f"{it.url}/readyz") as ready:
            assert ready.status == 503
        answer(it, "yes")
        await call.ends()
        await draining
        assert [(str(e.status), e.reason) for e in it.customers.finals(BRIEF.call_id)] == [
            ("completed", "conversation_done")
        ]


async def test_draining_says_goodbye_to_who_stays() -> None:
    async with world(FakeDialog(turn(1, "Am I speaking with Asha?", listen_for=100.0))) as it:
        call = await it.rings()
        await call.caller.hears_bot_finish()
        await it.telephony.drain(40.0)
        assert [(str(e.status), e.reason) for e in it.customers.finals(BRIEF.call_id)] == [("failed", "drain_timeout")]
        await call.caller.hears(sound_of("bye bye"))


async def test_sixteen_kilohertz_when_asked() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE), sample_rate=16000, out_chunk_ms=200) as it:
        call = await it.rings()
        await call.caller.hears_bot_finish()
        assert call.ears[0].rate_hz == 16000
        answer(it, "yes")
        await call.ends()
        assert call.findings.rules() == set()
        assert it.speech.ear.heard


async def test_a_socket_with_basic_authentication() -> None:
    async with world(FakeDialog(QUESTION, GOODBYE), socket_user="exotel", socket_password="let-me-in") as it:
        call = await it.rings()
        await call.caller.hears_speech()
        assert SECRET not in call.streams[0].url
