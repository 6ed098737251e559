"""However a call ends, and however often it is told, the record gets one final status."""

import asyncio
import itertools
import random

import pytest

from services.telephony.book import CallBook, Phase
from services.telephony.endings import Endings
from services.telephony.events import AGENT_UNREACHABLE, CARRIER_STOPPED, DRAINED, HUNG_UP, MEDIA_LOST, Ended, Farewell
from services.telephony.model import Brief, Ending, Reason, Status, TurnEvent
from services.telephony.recorder import GIVE_UP, LIMIT, Recorder
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import FakeCustomers, FakeDialog, loop_clock, turn, unix_time
from tests.telephony.world import BRIEF, world

pytestmark = pytest.mark.virtual_time

TELLERS = ("hang-up", "close", "carrier", "operator", "drain", "cancel")
EVENTS: dict[str, Ended | Farewell] = {
    "hang-up": HUNG_UP,
    "close": MEDIA_LOST,
    "carrier": CARRIER_STOPPED,
    "drain": DRAINED,
    "operator": Ended(Ending(Status.COMPLETED, "operator_ended")),
}


class Book:
    def __init__(self) -> None:
        self.customers = FakeCustomers()
        self.sessions = FakeSessions(unix_time)
        self.recorder = Recorder(self.customers)
        self.book = CallBook(self.sessions, loop_clock)
        self.endings = Endings(self.recorder, self.book, loop_clock)


@pytest.mark.parametrize("tellers", list(itertools.permutations(TELLERS, 2)))
@pytest.mark.parametrize("apart", [0.0, 0.05])
async def test_whoever_tells_first_and_whoever_tells_next(tellers: tuple[str, str], apart: float) -> None:
    async with world(FakeDialog(turn(1, "hello there", listen_for=50.0))) as it:
        call = await it.rings()
        await call.caller.hears_speech()
        line = it.telephony.switchboard._lines[call.sid]
        for teller in tellers:
            if teller == "cancel":
                await it.telephony.switchboard._tasks.cancel()
            else:
                line.end(EVENTS[teller])
            await asyncio.sleep(apart)
        await call.caller.hangs_up()
        await asyncio.sleep(90)
        assert len(it.customers.finals(BRIEF.call_id)) == 1
        assert it.sessions.sessions[call.sid]["phase"] == Phase.ENDED
        assert not it.sessions.live
        assert it.telephony.switchboard.calls == 0


@pytest.mark.parametrize("seed", range(12))
async def test_a_call_cancelled_at_any_moment_has_one_final(seed: int) -> None:
    moment = random.Random(seed).uniform(0, 6)
    async with world(FakeDialog(turn(1, "hello there", listen_for=3.0), turn(2, "are you there"))) as it:
        call = await it.rings()
        await call.happens("stream_opened")
        await asyncio.sleep(moment)
        await it.telephony.switchboard._tasks.cancel()
        await asyncio.sleep(90)
        assert len(it.customers.finals(BRIEF.call_id)) == 1


async def test_the_first_ending_is_written_and_the_second_is_not() -> None:
    it = Book()
    await it.book.reserve(Brief("c1", 7), "+919999900012")
    it.endings.end("c1", Ending(Status.COMPLETED, Reason.HUNG_UP))
    it.endings.end("c1", Ending(Status.FAILED, Reason.MEDIA_LOST), source="carrier")
    await it.endings.drain(1)
    await it.recorder.drain(1)
    assert it.customers.finals("c1") == [Ending(Status.COMPLETED, "hung_up")]


async def test_an_ending_is_written_when_its_teller_is_cancelled_at_once() -> None:
    it = Book()

    async def teller() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            it.endings.end("c1", Ending(Status.FAILED, Reason.DRAIN_TIMEOUT))

    task = asyncio.create_task(teller())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(1)
    assert it.customers.finals("c1") == [Ending(Status.FAILED, "drain_timeout")]


async def test_a_hand_over_is_no_end() -> None:
    it = Book()
    it.endings.end("c1", Ending(Status.AGENT_TRANSFER, Reason.AGENT_TRANSFER))
    it.endings.end("c1", AGENT_UNREACHABLE.ending, source="carrier")
    await asyncio.sleep(1)
    assert [status for status, _ in it.customers.statuses("c1")] == ["agent_transfer", "failed"]


async def test_the_record_gets_everything_in_order_once_it_is_back() -> None:
    it = Book()
    it.customers.down = True
    for number in range(250):
        it.recorder.tell("c1", _said(number))
    await asyncio.sleep(60)
    it.customers.down = False
    await asyncio.sleep(10)
    assert [event.key for event in it.customers.events["c1"]] == [f"k{number}" for number in range(250)]


async def test_a_record_that_stays_away_is_given_up_after_a_while_and_a_flood_is_bounded() -> None:
    it = Book()
    it.customers.down = True
    for number in range(LIMIT + 100):
        it.recorder.tell("c1", _said(number))
    it.endings.end("c1", Ending(Status.COMPLETED, Reason.HUNG_UP))
    assert len(it.recorder._waiting["c1"]) == LIMIT + 1
    await asyncio.sleep(GIVE_UP.total_seconds() + 10)
    assert not it.recorder._waiting


def _said(number: int) -> TurnEvent:
    return TurnEvent(f"k{number}", loop_clock(), number, True, "S", "words", "hi-IN", 0, 1)
