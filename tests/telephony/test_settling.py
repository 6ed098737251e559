import asyncio

import pytest

from services.telephony.book import CallBook, Phase
from services.telephony.endings import Endings
from services.telephony.model import Brief
from services.telephony.ports import CarrierCall
from services.telephony.recorder import Recorder
from services.telephony.settling import Settler
from services.telephony.transfers import Transfers
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import FakeCarrier, FakeCustomers, loop_clock, unix_time, until
from tests.telephony.world import AGENT, EXOPHONE, PHONE

pytestmark = pytest.mark.virtual_time


class Office:
    def __init__(self) -> None:
        self.customers, self.carrier = FakeCustomers(), FakeCarrier()
        self.sessions = FakeSessions(unix_time)
        self.book = CallBook(self.sessions, loop_clock)
        self.recorder = Recorder(self.customers)
        self.endings = Endings(self.recorder, self.book, loop_clock)
        self.transfers = Transfers(
            self.book,
            self.endings,
            self.recorder,
            agent_phone=AGENT,
            exophone=EXOPHONE,
            ring_seconds=30,
            now=loop_clock,
        )
        self.settler = self.another_pod("pod-1", self.book)

    def another_pod(self, pod: str, book: CallBook | None = None) -> Settler:
        return Settler(
            book=book or CallBook(self.sessions, loop_clock),
            sessions=self.sessions,
            carrier=self.carrier,
            endings=self.endings,
            transfers=self.transfers,
            recorder=self.recorder,
            pod=pod,
            ring_seconds=30,
            now=loop_clock,
        )

    async def dials(self, sid: str = "sid") -> None:
        await self.book.reserve(Brief("c1", 7), PHONE)
        await self.book.dialling("c1", outcome="asked")
        if sid:
            await self.book.name("c1", sid)

    def outcome(self) -> list[tuple[str, str]]:
        return [(str(ending.status), ending.reason) for ending in self.customers.finals("c1")]


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("no-answer", ("not_picked", "no_answer")),
        ("BUSY", ("not_picked", "busy")),
        ("canceled", ("not_picked", "canceled")),
        ("cancelled", ("not_picked", "canceled")),
        ("failed", ("failed", "carrier_failed")),
        ("completed", ("failed", "socket_never_opened")),
    ],
)
async def test_a_callback_is_believed_when_the_carrier_cannot_be_asked(status: str, outcome: tuple[str, str]) -> None:
    it = Office()
    await it.dials()
    it.carrier.down = True
    for _ in range(3):
        it.settler.told("c1", "sid", status)
    await asyncio.sleep(30)
    assert it.outcome() == [outcome]


async def test_a_callback_is_not_believed_against_the_carrier_s_own_word() -> None:
    it = Office()
    await it.dials()
    it.carrier.calls["sid"] = CarrierCall("sid", "busy")
    it.settler.told("c1", "sid", "no-answer")
    await asyncio.sleep(1)
    assert it.outcome() == [("not_picked", "busy")]


@pytest.mark.parametrize("status", ["ringing", "queued", "in-progress", "weird", ""])
async def test_what_is_no_end_ends_nothing(status: str) -> None:
    it = Office()
    await it.dials()
    it.settler.told("c1", "sid", status)
    await asyncio.sleep(1)
    assert it.outcome() == []
    assert [told for told, _ in it.customers.statuses("c1")] == (["ringing"] if status == "ringing" else [])


async def test_a_callback_names_a_call_whose_answer_was_lost() -> None:
    it = Office()
    await it.dials(sid="")
    it.settler.told("c1", "sid-told", "ringing")
    await until(lambda: it.sessions.sids.get("c1") == "sid-told")


async def test_an_answered_call_is_ended_by_its_own_pod_alone() -> None:
    it = Office()
    await it.dials()
    await it.sessions.claim("sid", "pod-1", 10)
    await it.book.note("c1", epoch=1, phase=Phase.ANSWERED, owner="pod-1")
    it.settler.told("c1", "sid", "completed")
    it.settler.told("c1", "sid", "failed")
    await asyncio.sleep(20)
    assert it.outcome() == []


async def test_pods_ask_the_carrier_once_for_all_of_them() -> None:
    it = Office()
    asked: list[str] = []
    details = it.carrier.details

    async def counted(call_sid: str) -> CarrierCall | None:
        asked.append(call_sid)
        return await details(call_sid)

    it.carrier.details = counted  # type: ignore[method-assign]  # counts
    await it.dials()
    await asyncio.sleep(46)
    await asyncio.gather(*(it.another_pod(f"pod-{number}").look() for number in range(5)))
    assert asked == ["sid"]


async def test_a_live_call_is_not_taken_for_lost_after_redis_was_away() -> None:
    it = Office()
    await it.dials()
    await it.sessions.claim("sid", "pod-2", 10)
    await it.book.note("c1", epoch=1, phase=Phase.ANSWERED, owner="pod-2")
    it.carrier.calls["sid"] = CarrierCall("sid", "in-progress")
    await asyncio.sleep(30)  # pod-2 could not renew, but leads its call all the same
    await it.another_pod("pod-3").look()
    await asyncio.sleep(1)
    assert it.outcome() == []
    assert await it.sessions.renew("sid", 1, 10) == ""


@pytest.mark.parametrize(("status", "after"), [("completed", 13.0), ("in-progress", 75.0)])
async def test_a_call_whose_pod_is_gone_is_ended_truthfully(status: str, after: float) -> None:
    it = Office()
    await it.dials()
    await it.sessions.claim("sid", "pod-2", 10)
    await it.book.note("c1", epoch=1, phase=Phase.ANSWERED, owner="pod-2")
    it.carrier.calls["sid"] = CarrierCall("sid", status)
    await asyncio.sleep(after)
    await it.another_pod("pod-3").look()
    await asyncio.sleep(1)
    assert it.outcome() == [("failed", "telephony_lost")]
    assert not await it.sessions.update_call_session("sid", 1, {"state": "of a zombie"})


async def test_a_call_that_another_pod_took_over_and_lost_is_ended_by_the_pod_that_led_it_first() -> None:
    it = Office()
    await it.dials()
    await it.book.note("c1", phase=Phase.ANSWERED, owner="pod-1")
    await it.sessions.claim("sid", "pod-2", 10)
    await CallBook(it.sessions, loop_clock).note("c1", epoch=1, phase=Phase.ANSWERED, owner="pod-2")
    it.carrier.calls["sid"] = CarrierCall("sid", "completed")
    await asyncio.sleep(13)
    await it.settler.look()
    assert it.outcome() == []  # it still takes the call for its own
    it.book.forget("c1")
    await it.settler.look()
    await asyncio.sleep(1)
    assert it.outcome() == [("failed", "telephony_lost")]


async def test_a_call_that_the_carrier_never_heard_of_was_never_placed() -> None:
    it = Office()
    await it.dials(sid="")
    await asyncio.sleep(60)
    await it.settler.look()
    assert it.outcome() == []
    await asyncio.sleep(65)
    await it.settler.look()
    await asyncio.sleep(11)
    assert it.outcome() == [("failed", "never_placed")]


async def test_nothing_is_concluded_while_the_carrier_cannot_be_asked() -> None:
    it = Office()
    await it.dials(sid="")
    it.carrier.down = True
    await asyncio.sleep(600)
    await it.settler.look()
    await asyncio.sleep(11)
    assert it.outcome() == []


@pytest.mark.parametrize(
    ("leg", "outcome"),
    [
        ("completed", ("completed", "agent_transfer")),
        ("no-answer", ("failed", "agent_unreachable")),
        ("canceled", ("completed", "hung_up_waiting_for_agent")),
        ("", ("failed", "agent_unreachable")),
    ],
)
async def test_a_transfer_of_which_no_event_came_is_read_from_the_carrier(leg: str, outcome: tuple[str, str]) -> None:
    it = Office()
    await it.dials()
    await it.transfers.decide("c1", 7, epoch=0)
    it.carrier.calls["sid"] = CarrierCall("sid", "in-progress", second_leg=leg)
    await it.settler.look()
    assert it.outcome() == []
    it.carrier.calls["sid"] = CarrierCall("sid", "completed", second_leg=leg)
    await asyncio.sleep(16)
    await it.settler.look()
    await asyncio.sleep(1)
    assert it.outcome() == [outcome]
