import asyncio
import itertools
from contextlib import nullcontext
from datetime import datetime, time
from uuid import uuid4

import asyncpg
import pytest

from services.customers.model import CallStatus, Direction, Event, FactsTold, StatusTold
from services.customers.ports import Begun
from tests.customers.record import NOON, TOMORROW, Record, facts, tell, told
from voicekit.clock import INDIA
from voicekit.errors import AlreadyExists, NotFound, VoiceError, WrongState

INSERT = """
    INSERT INTO call_sessions (request_id, customer_id, direction, phone_number, status, start_time)
    VALUES ($1, $2, 'outbound', $3, 'initiated', $4)
"""
LIVE = "SELECT count(*) FROM call_sessions WHERE NOT is_final(status)"


async def outcome(begin: "asyncio.Future[Begun]") -> Begun | VoiceError:
    try:
        return await begin
    except VoiceError as error:
        return error


async def race(record: Record, requests: list[tuple[str, int]]) -> list[Begun]:
    """Begin all at once; return those that began. All others must be told that somebody is in a call."""
    begins = [asyncio.ensure_future(record.calls.begin(request, customer)) for request, customer in requests]
    outcomes = await asyncio.gather(*map(outcome, begins))
    refusals = [one for one in outcomes if isinstance(one, VoiceError)]
    assert all(isinstance(refusal, WrongState) for refusal in refusals)
    return [one for one in outcomes if isinstance(one, Begun)]


async def test_eight_who_begin_a_call_at_once_begin_one(record: Record) -> None:
    for round_number in range(10):
        customer = await record.add_customer(loan=f"L{round_number}", phone=f"+9199999000{round_number:02d}")
        began = await race(record, [(f"request-{round_number}-{task}", customer) for task in range(8)])
        assert len(began) == 1
        assert began[0].customer.call_status == CallStatus.INITIATED
        await tell(record, began[0].call.id, told("completed"))
    assert await record.value(LIVE) == 0


async def test_eight_borrowers_who_share_a_phone_get_one_call(record: Record) -> None:
    family = [await record.add_customer(loan=f"L{number}") for number in range(8)]
    began = await race(record, [(f"request-{customer}", customer) for customer in family])
    assert len(began) == 1
    others = [await record.customers.get(customer) for customer in family if customer != began[0].customer.id]
    assert {other.call_status for other in others} == {CallStatus.READY}
    await tell(record, began[0].call.id, told("not_picked"))
    assert await record.calls.begin("next", others[0].id)


async def test_eight_who_repeat_one_request_get_the_same_attempt(record: Record) -> None:
    customer = await record.add_customer()
    began = await race(record, [("request", customer)] * 8)
    assert len(began) == 8
    assert len({one.call.id for one in began}) == 1
    await tell(record, began[0].call.id, told("failed"))
    assert (await record.calls.begin("request", customer)).call.status == CallStatus.FAILED


async def test_a_request_id_belongs_to_one_borrower(record: Record) -> None:
    first = await record.add_customer()
    second = await record.add_customer(loan="L2", phone="+919999900002")
    await record.calls.begin("request", first)
    with pytest.raises(AlreadyExists):
        await record.calls.begin("request", second)


async def test_the_table_itself_refuses_a_second_live_call(record: Record) -> None:
    customer = await record.add_customer()
    twin = await record.add_customer(loan="L2")
    await record.calls.begin("request", customer)
    for key, (who, phone) in enumerate([(customer, "+919999900002"), (twin, "+919999900001")]):
        with pytest.raises(Exception, match="one_live_call_per_"):
            await record.run(INSERT, f"{key}", who, phone, TOMORROW)


async def test_the_table_itself_refuses_to_call_a_phone_that_is_ringing_us(record: Record) -> None:
    customer, twin = await record.add_customer(), await record.add_customer(loan="L2")
    call = (await record.calls.begin_inbound("sid", customer)).call
    for who in (customer, twin):
        with pytest.raises(asyncpg.CheckViolationError, match="in a call"):
            await record.run(INSERT, f"by hand {who}", who, "+919999900001", TOMORROW)
    with pytest.raises(asyncpg.CheckViolationError, match="in a call"):  # the borrower, on another phone
        await record.run(INSERT, "by hand", customer, "+919999900002", TOMORROW)
    await tell(record, call.id, told("completed"))
    await record.run(INSERT, "by hand", twin, "+919999900001", TOMORROW)


@pytest.mark.parametrize(
    ("at", "refused"), [("07:59:59", True), ("08:00:00", False), ("18:59:59", False), ("19:00:00", True)]
)
async def test_the_table_itself_refuses_a_call_outside_the_lawful_hours(record: Record, at: str, refused: bool) -> None:
    customer = await record.add_customer()
    instant = datetime.combine(TOMORROW.date(), time.fromisoformat(at), INDIA)
    with pytest.raises(asyncpg.CheckViolationError, match="08:00") if refused else nullcontext():
        await record.run(INSERT, "by hand", customer, "+919999900001", instant)


async def test_the_table_itself_refuses_a_call_to_whom_is_held(record: Record) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DNC")), told("failed"))
    with pytest.raises(asyncpg.CheckViolationError, match="must not be called"):
        await record.run(INSERT, "by hand", customer, "+919999900001", TOMORROW)


async def test_only_a_ready_borrower_is_called(record: Record) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, told("completed"))
    with pytest.raises(WrongState, match="NOT_READY"):
        await record.calls.begin("two", customer)
    with pytest.raises(WrongState, match="completed"):
        await record.customers.retry(customer)
    with pytest.raises(NotFound):
        await record.calls.begin("three", customer + 1)
    with pytest.raises(NotFound):
        await record.customers.retry(customer + 1)


OTHER_PHONE = "UPDATE customers SET phone_number = '+919999900002' WHERE id = $1"


@pytest.mark.parametrize(
    ("disposition", "same_loan", "same_loan_other_phone", "other_loan_same_phone"),
    [
        ("DNC", "held", "held", "held"),
        ("DECD", "held", "held", "held"),
        ("DISP", "held", "held", "free"),
        ("PAID", "held", "held", "free"),
        ("INVALID", "held", "free", "held"),
        ("WN", "held", "free", "free"),
        ("", "free", "free", "free"),
    ],
)
async def test_who_must_not_be_called_is_not_called_again(
    record: Record, disposition: str, same_loan: str, same_loan_other_phone: str, other_loan_same_phone: str
) -> None:
    customer, other_loan = await record.add_customer(), await record.add_customer(loan="L2")
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition=disposition)), told("failed"))
    await record.customers.retry(customer)
    assert await whether_held(record, customer) == same_loan
    assert await whether_held(record, other_loan) == other_loan_same_phone
    await record.run(OTHER_PHONE, customer)
    assert await whether_held(record, customer) == same_loan_other_phone
    await record.run("UPDATE suppressions SET until = calling_now() - interval '1 second'")
    assert await whether_held(record, customer) == "free"


async def whether_held(record: Record, customer: int) -> str:
    """Try to call, and make the borrower ready again when that went well."""
    try:
        call = (await record.calls.begin(str(uuid4()), customer)).call
    except WrongState as refusal:
        assert "must not be called" in str(refusal)
        return "held"
    await tell(record, call.id, told("failed"))
    await record.customers.retry(customer)
    return "free"


async def test_a_hold_of_some_days_ends_by_itself(record: Record) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="PAID")), told("not_picked"))
    days = "SELECT round(extract(epoch FROM until - calling_now()) / 86400) FROM suppressions"
    assert await record.value(days) == 3


async def test_a_borrower_may_ring_us_in_any_status(record: Record) -> None:
    customer = await record.add_customer()
    for number, outbound in enumerate(itertools.chain(["none"], ["initiated", "in_progress", "completed"])):
        if outbound != "none":
            await record.run("UPDATE customers SET call_status = 'ready' WHERE is_final(call_status)")
            call = (await record.calls.begin(f"out-{number}", customer)).call
            await record.calls.record(call.id, [Event("o", "bot", NOON, StatusTold(CallStatus(outbound)))])
        begun = await record.calls.begin_inbound(f"sid-{number}", customer)
        assert (begun.call.direction, begun.call.status) == (Direction.INBOUND, CallStatus.RINGING)
        assert (await record.calls.begin_inbound(f"sid-{number}", customer)).call.id == begun.call.id
        with pytest.raises(WrongState, match="is in a call"):
            await record.calls.begin(f"meanwhile-{number}", customer)
        await tell(record, begun.call.id, told("in_progress"), told("failed"))
        assert (await record.customers.get(customer)).call_status == CallStatus.FAILED
        if outbound != "none":
            await tell(record, call.id, told("failed", "end"))


async def test_a_late_word_about_an_older_call_says_nothing_of_the_borrower(record: Record) -> None:
    customer = await record.add_customer()
    outbound = (await record.calls.begin("out", customer)).call
    inbound = (await record.calls.begin_inbound("sid", customer)).call
    await tell(record, inbound.id, told("in_progress"))
    assert await tell(record, outbound.id, told("not_picked")) == ["applied"]
    assert (await record.customers.get(customer)).call_status == CallStatus.IN_PROGRESS


async def test_a_carrier_id_belongs_to_one_call(record: Record) -> None:
    first = await record.add_customer()
    second = await record.add_customer(loan="L2", phone="+919999900002")
    await record.calls.begin_inbound("sid", first)
    with pytest.raises(AlreadyExists):
        await record.calls.begin_inbound("sid", second)
    with pytest.raises(NotFound):
        await record.calls.begin_inbound("other", second + 1)
