"""What every record of borrowers and calls does: the one in Postgres, and the one in memory."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

import pytest

from services.customers.model import CallFilter, CallStatus, Customer, Event, FactsTold, Turn, Verdict
from services.customers.model import Speaker as By
from services.customers.ports import Calls
from tests.customers.record import NOON, facts, told
from tests.customers.record import Record as PostgresRecord
from tests.support.memory_record import MemoryCalls, MemoryCustomers
from voicekit.errors import AlreadyExists, NotFound, WrongState

PHONE, ANOTHER = "+919999900012", "+919999900013"
NOBODY = "00000000-0000-4000-8000-000000000000"
TOLD = ("ringing", "in_progress", "agent_transfer", "completed", "failed", "not_picked")


class Borrowers(Protocol):
    """What calls ask of the port `Customers`."""

    async def get(self, customer_id: int) -> Customer: ...

    async def find_by_phone(self, phone_number: str) -> Customer: ...


@dataclass
class Record:
    customers: Borrowers
    calls: Calls
    add: Callable[[str, str], Awaitable[int]]
    """Put somebody with this phone and this loan on record; return the id."""

    async def begun(self, request_id: str = "r1", phone: str = PHONE, loan: str = "L1") -> str:
        return (await self.calls.begin(request_id, await self.add(phone, loan))).call.id


def in_memory() -> Record:
    customers = MemoryCustomers(lambda: NOON)

    async def add(phone: str, loan: str) -> int:
        new = Customer(
            0, "Asha Rao", phone, "Karnataka", loan, "Asha Finance", 455_050, date(2026, 12, 5), "",
            CallStatus.READY, 1, NOON,
        )  # fmt: skip
        return customers.add(new).id

    return Record(customers, MemoryCalls(customers, lambda: NOON), add)


def in_postgres(kept: PostgresRecord) -> Record:
    return Record(kept.customers, kept.calls, lambda phone, loan: kept.add_customer(phone=phone, loan=loan))


@pytest.fixture(params=["memory", "postgres"])
def record(request: pytest.FixtureRequest, postgres_record: PostgresRecord) -> Record:
    return in_memory() if request.param == "memory" else in_postgres(postgres_record)


async def tell(record: Record, call_id: str, *events: Event) -> list[str]:
    return [str(verdict) for verdict in await record.calls.record(call_id, events)]


async def test_an_attempt_begins_once_for_a_request(record: Record) -> None:
    one, other = await record.add(PHONE, "L1"), await record.add(ANOTHER, "L2")
    begun = await record.calls.begin("r1", one)
    assert (begun.call.status, begun.call.phone_number, begun.customer.id) == (CallStatus.INITIATED, PHONE, one)
    assert (await record.calls.begin("r1", one)).call.id == begun.call.id
    with pytest.raises(AlreadyExists):
        await record.calls.begin("r1", other)
    with pytest.raises(NotFound):
        await record.calls.begin("r2", 10**6)


async def test_a_phone_is_in_one_call_at_a_time(record: Record) -> None:
    await record.begun()
    same_phone = await record.add(PHONE, "L2")
    with pytest.raises(WrongState):
        await record.calls.begin("r2", same_phone)


async def test_a_borrower_follows_the_latest_attempt_and_is_not_called_again_by_itself(record: Record) -> None:
    customer_id = await record.add(PHONE, "L1")
    call = (await record.calls.begin("r1", customer_id)).call
    await tell(record, call.id, told("not_picked", reason="busy"))
    assert (await record.customers.get(customer_id)).call_status is CallStatus.NOT_PICKED
    with pytest.raises(WrongState):
        await record.calls.begin("r2", customer_id)


async def test_a_call_is_known_by_what_was_told_of_it(record: Record) -> None:
    call_id = await record.begun()
    await tell(record, call_id, told("in_progress", at=5), told("completed", at=65, reason="hung_up"))
    await tell(record, call_id, facts("f", FactsTold(call_sid="sid-1")))
    kept = await record.calls.get("sid-1")
    assert kept.call.id == call_id
    assert (kept.call.status, kept.call.reason) == (CallStatus.COMPLETED, "hung_up")
    assert kept.call.answer_time
    assert kept.call.end_time
    assert (kept.call.end_time - kept.call.answer_time).total_seconds() == 60
    with pytest.raises(NotFound):
        await record.calls.get(NOBODY)
    with pytest.raises(NotFound):
        await record.calls.record(NOBODY, [told("ringing")])


async def test_both_records_judge_every_two_statuses_alike(postgres_record: PostgresRecord) -> None:
    records = in_memory(), in_postgres(postgres_record)
    for number, pair in enumerate(itertools.product(TOLD, repeat=2)):
        judged = []
        for record in records:
            phone, loan = f"+9199999{number:05}", f"L{number}"
            call_id = await record.begun(f"r{number}", phone, loan)
            events = [told(status, f"k{place}", at=place) for place, status in enumerate(pair)]
            verdicts = await tell(record, call_id, *events)
            kept = await record.calls.get(call_id)
            history = [(update.status, update.applied, update.refusal) for update in kept.history]
            customer = (await record.customers.get(kept.call.customer_id)).call_status
            judged.append((verdicts, kept.call.status, kept.call.reason, history, customer))
        assert judged[0] == judged[1], pair


async def test_what_was_told_is_told_once(record: Record) -> None:
    call_id = await record.begun()
    assert await tell(record, call_id, told("ringing", "k")) == [Verdict.APPLIED]
    assert await tell(record, call_id, told("ringing", "k")) == [Verdict.DUPLICATE]
    assert await tell(record, call_id, told("ringing", "k2")) == [Verdict.REPEATED]


async def test_facts_add_up_in_the_order_of_their_times(record: Record) -> None:
    call_id = await record.begun()
    later = facts("f2", FactsTold(language_used="ta-IN", disposition="PAID"), at=9)
    earlier = facts("f1", FactsTold(language_used="kn-IN", verified=True), at=3)
    assert await tell(record, call_id, later, earlier) == [Verdict.APPLIED] * 2
    call = (await record.calls.get(call_id)).call
    assert (call.language_used, call.verified, call.disposition) == ("ta-IN", True, "PAID")
    assert (await record.customers.get(call.customer_id)).language_code == "ta-IN"


async def test_the_language_of_somebody_unknown_is_not_the_borrower_s(record: Record) -> None:
    call_id = await record.begun()
    await tell(record, call_id, facts("f1", FactsTold(language_used="kn-IN")))
    call = (await record.calls.get(call_id)).call
    assert (await record.customers.get(call.customer_id)).language_code == ""


async def test_a_carrier_s_id_belongs_to_one_call(record: Record) -> None:
    one, other = await record.begun(), await record.begun("r2", ANOTHER, "L2")
    sid = FactsTold(call_sid="sid-1")
    assert await tell(record, one, facts("f1", sid)) == [Verdict.APPLIED]
    assert await tell(record, other, facts("f1", sid)) == [Verdict.CONFLICT]
    assert await tell(record, one, facts("f2", FactsTold(call_sid="sid-2"))) == [Verdict.CONFLICT]


async def test_a_turn_is_said_once(record: Record) -> None:
    call_id = await record.begun()
    turns = [
        Turn(at, By.BORROWER, "STATE", words, "kn-IN", "yes", "lexicon", 1000 * at, 1000 * at + 500, False)
        for at, words in ((2, "two"), (1, "one"), (2, "other"))
    ]
    events = [Event(f"t{place}", "bot", NOON, turn) for place, turn in enumerate(turns)]
    assert await tell(record, call_id, *events) == [Verdict.APPLIED, Verdict.APPLIED, Verdict.CONFLICT]
    assert [turn.text for turn in (await record.calls.get(call_id)).turns] == ["one", "two"]


async def test_a_borrower_who_rings_us_has_one_attempt_for_each_call(record: Record) -> None:
    one, other = await record.add(PHONE, "L1"), await record.add(ANOTHER, "L2")
    begun = await record.calls.begin_inbound("sid-1", one)
    assert (await record.calls.begin_inbound("sid-1", one)).call.id == begun.call.id
    with pytest.raises(AlreadyExists):
        await record.calls.begin_inbound("sid-1", other)
    with pytest.raises(NotFound):
        await record.calls.begin_inbound("sid-2", 10**6)


async def test_borrowers_are_found_by_phone(record: Record) -> None:
    ids = [await record.add(f"+91999990010{n}", f"L{n}") for n in range(3)]
    assert (await record.customers.find_by_phone("+919999900101")).id == ids[1]
    with pytest.raises(NotFound):
        await record.customers.find_by_phone("+919999900999")
    with pytest.raises(NotFound):
        await record.customers.get(10**6)


async def test_calls_are_listed_newest_first(record: Record) -> None:
    first, second = await record.begun(), await record.begun("r2", ANOTHER, "L2")
    listed = await record.calls.list(CallFilter(), before=None, limit=5)
    assert [call.id for call in listed] == [second, first]
