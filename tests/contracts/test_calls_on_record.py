"""What telephony expects of the record."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from services.customers.servicer import CallsServicer, CustomersServicer
from services.telephony.grpc_customers import CALLS, CUSTOMERS, GrpcCustomers
from services.telephony.model import Facts, FactsEvent, RecordEvent, Status, StatusEvent, TurnEvent
from services.telephony.ports import Customers
from tests.customers.record import Record
from tests.telephony.fakes import FakeCustomers
from voice.customers.v1 import add_CallsServiceServicer_to_server, add_CustomersServiceServicer_to_server
from voicekit.errors import NotFound, ProviderDown
from voicekit.rpc import RpcServer, channel

PHONE = "+919999900012"
AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)


@dataclass
class Subject:
    customers: Customers
    owner: int
    """Who owns `PHONE`."""
    statuses: Callable[[str], Awaitable[list[tuple[str, str]]]]
    """What has become of a call: (status, reason) of all that was applied after its beginning."""
    goes_away: Callable[[], Awaitable[None]]


@asynccontextmanager
async def fake(_: Record) -> AsyncIterator[Subject]:
    customers = FakeCustomers()
    customers.owners[PHONE] = 7

    async def statuses(call_id: str) -> list[tuple[str, str]]:
        return customers.statuses(call_id)

    async def goes_away() -> None:
        customers.down = True

    yield Subject(customers, 7, statuses, goes_away)


@asynccontextmanager
async def real(record: Record) -> AsyncIterator[Subject]:
    server = RpcServer("customers", "127.0.0.1:0")
    nothing: Any = None  # neither uploads nor a desk belong to a call
    customers = CustomersServicer(record.customers, nothing, nothing)
    server.add(add_CustomersServiceServicer_to_server, customers, CUSTOMERS)
    server.add(add_CallsServiceServicer_to_server, CallsServicer(record.calls, record.customers, nothing), CALLS)
    address = f"127.0.0.1:{await server.start()}"

    async def statuses(call_id: str) -> list[tuple[str, str]]:
        history = (await record.calls.get(call_id)).history
        known = {str(status) for status in Status}
        told = [update for update in history if update.applied and update.source == "bot"]
        return [(str(update.status), update.reason) for update in told if str(update.status) in known]

    async with channel(address, CALLS) as to_calls, channel(address, CUSTOMERS) as to_customers:
        owner = await record.add_customer(phone=PHONE)
        yield Subject(GrpcCustomers(to_calls, to_customers), owner, statuses, lambda: server.drain(0))
    await server.drain(0)


@pytest.fixture(params=[fake, real], ids=["fake", "grpc"])
async def subject(request: pytest.FixtureRequest, postgres_record: Record) -> AsyncIterator[Subject]:
    async with request.param(postgres_record) as made:
        yield made


async def test_a_borrower_is_known_by_the_number(subject: Subject) -> None:
    assert await subject.customers.find_by_phone(PHONE) == subject.owner
    with pytest.raises(NotFound):
        await subject.customers.find_by_phone("+919999900999")


async def test_the_same_ring_is_the_same_attempt(subject: Subject) -> None:
    brief = await subject.customers.begin_inbound("sid-1", subject.owner)
    assert await subject.customers.begin_inbound("sid-1", subject.owner) == brief
    assert (brief.customer_id, brief.inbound) == (subject.owner, True)
    assert brief.call_id
    assert brief.customer_name
    assert brief.lender_name


async def test_nobody_s_attempt_cannot_begin(subject: Subject) -> None:
    with pytest.raises(NotFound):
        await subject.customers.begin_inbound("sid-1", 10**6)


async def test_what_is_told_twice_is_kept_once(subject: Subject) -> None:
    call_id = (await subject.customers.begin_inbound("sid-1", subject.owner)).call_id
    answered = StatusEvent("answered", AT, Status.IN_PROGRESS)
    events: list[RecordEvent] = [
        answered,
        TurnEvent("turn-1", AT, 1, True, "INITIAL_GREETING", "hello", "kn-IN", 0, 900),
        FactsEvent("facts-1", AT, Facts(language="kn-IN", verified=True), call_sid="sid-1"),
        StatusEvent("end", AT, Status.COMPLETED, "hung_up", details={"leg": "1"}),
    ]
    await subject.customers.record(call_id, [answered])
    await subject.customers.record(call_id, events)
    await subject.customers.record(call_id, events)
    assert await subject.statuses(call_id) == [("in_progress", ""), ("completed", "hung_up")]


async def test_a_record_that_is_away_is_an_error_of_ours(subject: Subject) -> None:
    call_id = (await subject.customers.begin_inbound("sid-1", subject.owner)).call_id
    await subject.goes_away()
    with pytest.raises(ProviderDown):
        await subject.customers.record(call_id, [StatusEvent("answered", AT, Status.IN_PROGRESS)])
    with pytest.raises(ProviderDown):
        await subject.customers.find_by_phone(PHONE)
    with pytest.raises(ProviderDown):
        await subject.customers.begin_inbound("sid-2", subject.owner)
