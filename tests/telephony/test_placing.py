import asyncio

import pytest

from services.telephony.book import CallBook, Phase
from services.telephony.model import Brief
from services.telephony.placing import Placed, Placing
from services.telephony.ports import CarrierCall, CarrierRefused, OutcomeUnknown
from services.telephony.voice import Fallbacks
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import FakeCarrier, FakeDialog, FakeSpeech, loop_clock, unix_time
from voicekit.errors import InvalidInput, Overloaded, ProviderDown, VoiceError, WrongState

pytestmark = pytest.mark.virtual_time

BRIEF = Brief("call-1", 7, "Asha", "Asha Finance")
PHONE = "+919999900012"


class Desk:
    def __init__(self) -> None:
        self.speech, self.dialog, self.carrier = FakeSpeech(), FakeDialog(), FakeCarrier()
        self.sessions = FakeSessions(unix_time)
        self.book = CallBook(self.sessions, loop_clock)
        self.room = True
        self.placing = self.another_pod(self.book)

    def another_pod(self, book: CallBook | None = None) -> Placing:
        return Placing(
            book or CallBook(self.sessions, loop_clock),
            self.dialog,
            self.speech,
            self.carrier,
            Fallbacks(self.speech),
            status_url=lambda call_id: f"https://t.example/{call_id}",
            has_room=lambda: self.room,
            now=loop_clock,
        )


async def test_the_greeting_is_ready_before_the_phone_rings_and_the_rest_after() -> None:
    desk = Desk()
    assert await desk.placing.place(BRIEF, "0 99999-00012") == Placed("sid-1")
    assert desk.carrier.rung == [(PHONE, "call-1", "https://t.example/call-1")]
    assert desk.speech.prepared[0] == ("greeting",)
    await asyncio.sleep(1)
    assert desk.speech.prepared[1:] == [("likely",)]
    entry = await desk.book.by_sid("sid-1")
    assert entry is not None
    assert (entry.call_id, entry.phase, entry.brief, entry.plan.language) == (
        "call-1",
        Phase.DIALLING,
        BRIEF,
        "hi-IN",
    )


@pytest.mark.parametrize("number", ["", "12345", "+14155550123", "08045670001", "+9199999000123", "asha"])
async def test_only_mobiles_in_india_are_rung(number: str) -> None:
    desk = Desk()
    with pytest.raises(InvalidInput):
        await desk.placing.place(BRIEF, number)
    assert not desk.carrier.rung


@pytest.mark.parametrize("call_id", ["", "x" * 65])
async def test_a_call_needs_an_id(call_id: str) -> None:
    with pytest.raises(InvalidInput):
        await Desk().placing.place(Brief(call_id), PHONE)


async def test_nobody_is_rung_while_the_greeting_is_not_ready() -> None:
    desk = Desk()
    desk.speech.ready = False
    with pytest.raises(ProviderDown):
        await desk.placing.place(BRIEF, PHONE)
    assert not desk.carrier.rung
    desk.speech.ready = True
    assert await desk.placing.place(BRIEF, PHONE) == Placed("sid-1")


@pytest.mark.parametrize("lost", ["speech", "dialog", "sessions"])
async def test_nobody_is_rung_while_a_service_is_away(lost: str) -> None:
    desk = Desk()
    getattr(desk, lost).down = True
    with pytest.raises(ProviderDown):
        await desk.placing.place(BRIEF, PHONE)
    assert not desk.carrier.rung


async def test_nobody_is_rung_without_room() -> None:
    desk = Desk()
    desk.room = False
    with pytest.raises(Overloaded):
        await desk.placing.place(BRIEF, PHONE)
    assert not desk.sessions.temp


async def test_requests_at_the_same_time_ring_once_and_get_one_answer() -> None:
    desk = Desk()
    other = desk.another_pod()
    asked = [pod.place(BRIEF, PHONE) for pod in (desk.placing, other, desk.placing, other)]
    assert set(await asyncio.gather(*asked)) == {Placed("sid-1")}
    assert len(desk.carrier.rung) == 1


async def test_whoever_asked_may_give_up_and_the_call_is_placed_all_the_same() -> None:
    desk = Desk()
    asking = asyncio.create_task(desk.placing.place(BRIEF, PHONE))
    await asyncio.sleep(0.3)
    asking.cancel()
    await asyncio.sleep(1)
    assert await desk.placing.place(BRIEF, PHONE) == Placed("sid-1")
    assert len(desk.carrier.rung) == 1


@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        (CarrierRefused("request", 400), WrongState),
        (CarrierRefused("account", 402), ProviderDown),
        (Overloaded("too many"), Overloaded),
        (ProviderDown("no connection"), ProviderDown),
    ],
)
async def test_what_rang_nobody_may_be_asked_again(answer: Exception, raised: type[VoiceError]) -> None:
    desk = Desk()
    desk.carrier.answers = [answer]
    with pytest.raises(raised):
        await desk.placing.place(BRIEF, PHONE)
    assert not desk.sessions.live
    assert await desk.placing.place(BRIEF, PHONE) == Placed("sid-2")


async def test_an_unknown_outcome_is_looked_up_and_never_repeated() -> None:
    desk = Desk()
    desk.carrier.answers = [OutcomeUnknown()]
    desk.carrier.listed = CarrierCall("sid-found", "in-progress")
    assert await desk.placing.place(BRIEF, PHONE) == Placed("sid-found")
    assert await desk.placing.place(BRIEF, PHONE) == Placed("sid-found")
    assert len(desk.carrier.rung) == 1


async def test_an_outcome_that_nobody_knows_is_told_as_unknown_and_watched() -> None:
    desk = Desk()
    desk.carrier.answers = [OutcomeUnknown()]
    desk.carrier.down = True
    assert await desk.placing.place(BRIEF, PHONE) == Placed("")
    assert await desk.placing.place(BRIEF, PHONE) == Placed("")
    assert len(desk.carrier.rung) == 1
    assert list(desk.sessions.live) == ["call-1"]


async def test_a_socket_may_tell_the_outcome_before_the_carrier_does() -> None:
    desk = Desk()
    desk.carrier.answers = [OutcomeUnknown()]
    asking = asyncio.create_task(desk.placing.place(BRIEF, PHONE))
    await asyncio.sleep(1)
    await desk.book.name("call-1", "sid-of-the-socket")
    assert await asking == Placed("sid-of-the-socket")
