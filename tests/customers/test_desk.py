"""What people at a desk ask for: counts, moves by hand, uploads."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import grpc
import pytest

from services.customers import postgres_desk
from services.customers.servicer import CustomersServicer
from tests.customers.record import Record, tell, told
from tests.customers.test_check_file import GOOD, HEADER
from voice.customers import v1 as pb
from voicekit.errors import WrongState
from voicekit.rpc import RpcServer, channel

SERVICE = "voice.customers.v1.CustomersService"


@pytest.fixture
async def desk(record: Record) -> AsyncIterator["pb.CustomersServiceAsyncStub"]:
    server = RpcServer("customers", "127.0.0.1:0")
    servicer = CustomersServicer(record.customers, record.importer, record.desk)
    server.add(pb.add_CustomersServiceServicer_to_server, servicer, SERVICE)
    async with channel(f"127.0.0.1:{await server.start()}", SERVICE) as there:
        yield pb.CustomersServiceStub(there)
    await server.drain(1)


def move(customer_id: int, status: "pb.CallStatus.ValueType", version: int = 0) -> pb.SetCallStatusRequest:
    return pb.SetCallStatusRequest(
        customer_id=customer_id, call_status=status, version=version, requested_by="supervisor"
    )


async def test_borrowers_are_counted_by_status(record: Record, desk: "pb.CustomersServiceAsyncStub") -> None:
    for number in range(3):
        customer = await record.add_customer(loan=f"L{number}", phone=f"+91999990000{number}")
    await record.calls.begin("request", customer)
    counted = await desk.CountCustomers(pb.CountCustomersRequest(), timeout=5)
    assert {one.call_status: one.count for one in counted.counts} == {
        pb.CALL_STATUS_READY: 2,
        pb.CALL_STATUS_INITIATED: 1,
    }


async def test_counts_hold_whoever_comes_moves_and_goes(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_desk, "MANY_PARTS", 5)
    plain = "SELECT call_status, count(*) FROM customers GROUP BY 1"
    customers = [await record.add_customer(loan=f"L{n}", phone=f"+91999990000{n}") for n in range(6)]
    for customer, ends in zip(customers, ("failed", "completed", "not_picked", "failed", ""), strict=False):
        call = (await record.calls.begin(f"r{customer}", customer)).call
        if ends:
            await tell(record, call.id, told(ends))
        counted = await asyncio.gather(*(record.desk.count_customers() for _ in range(3)))
        expected = {row["call_status"]: row["count"] for row in await record.database.fetch(plain)}
        assert counted == [expected] * 3
    await record.customers.retry(customers[0])
    await record.run("UPDATE customers SET amount_paise = 7 WHERE id < 4")
    await record.run("DELETE FROM customers WHERE id = $1", customers[5])
    left = {"ready": 1, "completed": 1, "failed": 1, "initiated": 1, "not_picked": 1}
    assert await record.desk.count_customers() == left
    assert await record.value("SELECT count(*) <= 12 FROM status_counts")


async def refused(desk: "pb.CustomersServiceAsyncStub", customer: int, to: "pb.CallStatus.ValueType") -> str:
    """Try a move that must be refused; return the words."""
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await desk.SetCallStatus(move(customer, to), timeout=5)
    assert refusal.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    return refusal.value.details() or ""


LIVE = {
    "initiated": pb.CALL_STATUS_INITIATED,
    "ringing": pb.CALL_STATUS_RINGING,
    "in_progress": pb.CALL_STATUS_IN_PROGRESS,
    "agent_transfer": pb.CALL_STATUS_AGENT_TRANSFER,
}
ENDED = (pb.CALL_STATUS_COMPLETED, pb.CALL_STATUS_FAILED, pb.CALL_STATUS_NOT_PICKED)


@pytest.mark.parametrize("status", LIVE)
async def test_a_live_call_is_neither_ended_nor_left_by_hand(
    record: Record, desk: "pb.CustomersServiceAsyncStub", status: str
) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("request", customer)).call
    await tell(record, call.id, *map(told, {"agent_transfer": ("in_progress", status)}.get(status, (status,))))
    for to in {pb.CALL_STATUS_READY, *ENDED, *LIVE.values()} - {LIVE[status]}:
        assert "is in a call; it ends by itself" in await refused(desk, customer, to)
    assert (await record.customers.get(customer)).call_status == status
    assert "operator" not in {update.source for update in (await record.calls.get(call.id)).history}
    with pytest.raises(WrongState, match="is in a call"):
        await record.calls.begin("again", customer)


async def test_once_a_call_has_ended_by_itself_its_borrower_is_made_ready_by_hand(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("request", customer)).call
    await refused(desk, customer, pb.CALL_STATUS_FAILED)
    assert await tell(record, call.id, told("failed", source="reaper", reason="telephony_lost")) == ["applied"]
    ended = await record.customers.get(customer)
    ready = await desk.SetCallStatus(move(customer, pb.CALL_STATUS_READY, ended.version), timeout=5)
    assert ready.customer.call_status == pb.CALL_STATUS_READY
    told_by = [(update.status, update.source, update.applied) for update in (await record.calls.get(call.id)).history]
    assert told_by == [("failed", "reaper", True), ("ready", "operator", True)]
    who = "SELECT count(*) FROM call_status_updates WHERE details ->> 'requested_by' = 'supervisor'"
    assert await record.value(who) == 1
    assert await record.calls.begin("again", customer)


async def test_a_call_that_lives_behind_a_later_one_is_not_left_by_hand_either(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    outbound = (await record.calls.begin("request", customer)).call
    inbound = (await record.calls.begin_inbound("sid", customer)).call
    await tell(record, inbound.id, told("failed"))
    assert "is in a call" in await refused(desk, customer, pb.CALL_STATUS_READY)
    with pytest.raises(WrongState, match="is in a call"):
        await record.customers.retry(customer)
    await tell(record, outbound.id, told("not_picked"))
    assert (await record.customers.retry(customer)).call_status == "ready"


async def test_another_loan_of_a_phone_in_a_call_may_be_made_ready_and_is_not_called(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    first, second = await record.add_customer(), await record.add_customer(loan="L2")
    await tell(record, (await record.calls.begin("earlier", second)).call.id, told("failed"))
    live = (await record.calls.begin("request", first)).call
    await desk.SetCallStatus(move(second, pb.CALL_STATUS_READY), timeout=5)
    with pytest.raises(WrongState, match="is in a call"):
        await record.calls.begin("meanwhile", second)
    await tell(record, live.id, told("completed"))
    assert await record.calls.begin("after", second)


async def test_a_call_of_which_nobody_told_the_end_is_ended_by_hand_when_it_cannot_live_any_more(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin_inbound("sid", customer)).call
    began = "UPDATE call_sessions SET start_time = calling_now() - $1::interval"
    await record.run(began, timedelta(hours=5, minutes=59))
    await refused(desk, customer, pb.CALL_STATUS_FAILED)
    await record.run(began, timedelta(hours=6, minutes=1))
    failed = await desk.SetCallStatus(move(customer, pb.CALL_STATUS_FAILED), timeout=5)
    assert failed.customer.call_status == pb.CALL_STATUS_FAILED
    await desk.SetCallStatus(move(customer, pb.CALL_STATUS_READY), timeout=5)
    assert await tell(record, call.id, told("completed")) == ["conflict"]


async def test_a_move_to_where_the_borrower_is_changes_nothing(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    before = await record.customers.get(customer)
    same = await desk.SetCallStatus(move(customer, pb.CALL_STATUS_READY), timeout=5)
    assert same.customer.version == before.version


@pytest.mark.parametrize(
    ("status", "to", "legal"),
    [
        ("ready", pb.CALL_STATUS_COMPLETED, "none"),
        ("failed", pb.CALL_STATUS_COMPLETED, "ready"),
        ("completed", pb.CALL_STATUS_READY, "none"),
    ],
)
async def test_an_illegal_move_is_refused_and_the_legal_ones_named(
    record: Record, desk: "pb.CustomersServiceAsyncStub", status: str, to: "pb.CallStatus.ValueType", legal: str
) -> None:
    customer = await record.add_customer()
    if status != "ready":
        call = (await record.calls.begin("request", customer)).call
        await tell(record, call.id, told(status))
    assert await refused(desk, customer, to) == f"legal moves from here: {legal}"
    assert (await record.customers.get(customer)).call_status == status


async def test_who_looked_at_an_older_version_moves_nothing(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    looked_at = (await record.customers.get(customer)).version
    await record.calls.begin("request", customer)
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await desk.SetCallStatus(move(customer, pb.CALL_STATUS_FAILED, looked_at), timeout=5)
    assert refusal.value.code() is grpc.StatusCode.ABORTED
    assert (await record.customers.get(customer)).call_status == "initiated"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (move(404, pb.CALL_STATUS_READY), grpc.StatusCode.NOT_FOUND),
        (move(404, pb.CALL_STATUS_UNSPECIFIED), grpc.StatusCode.INVALID_ARGUMENT),
        (pb.SetCallStatusRequest(customer_id=1, call_status=pb.CALL_STATUS_READY), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_a_move_says_whose_where_to_and_who_asks(
    desk: "pb.CustomersServiceAsyncStub", request_: pb.SetCallStatusRequest, code: grpc.StatusCode
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refusal:
        await desk.SetCallStatus(request_, timeout=5)
    assert refusal.value.code() is code


async def test_uploads_are_listed_newest_first_page_by_page(
    record: Record, desk: "pb.CustomersServiceAsyncStub"
) -> None:
    for number in range(3):
        file = f"{HEADER}{GOOD}" + "\n" * number
        await record.importer.run(f"{number}.csv", "Asha Finance", file.encode())
    first = await desk.ListUploads(pb.ListUploadsRequest(page_size=2), timeout=5)
    second = await desk.ListUploads(pb.ListUploadsRequest(page_size=2, page_token=first.next_page_token), timeout=5)
    assert [upload.filename for upload in (*first.uploads, *second.uploads)] == ["2.csv", "1.csv", "0.csv"]
    assert second.next_page_token == ""
    brought = second.uploads[0]
    counts = (brought.total_rows, brought.processed_count, brought.imported_rows, brought.rejected_rows)
    assert (brought.status, brought.lender_name, counts) == ("completed", "Asha Finance", (1, 1, 1, 0))
