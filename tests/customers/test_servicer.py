from collections.abc import AsyncIterator, Awaitable, Iterable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from services.customers.servicer import CallsServicer, CustomersServicer
from tests.customers.record import Record
from tests.customers.test_check_file import GOOD, HEADER, RAVI
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

CUSTOMERS, CALLS = "voice.customers.v1.CustomersService", "voice.customers.v1.CallsService"


class Client:
    """Another service that uses ours."""

    def __init__(self, customers: grpc.aio.Channel, calls: grpc.aio.Channel) -> None:
        self.customers, self.calls = pb.CustomersServiceStub(customers), pb.CallsServiceStub(calls)

    async def import_file(self, *chunks: str) -> pb.ImportCustomersResponse:
        info = pb.ImportInfo(filename="borrowers.csv", lender_name="Asha Finance")
        pieces = [pb.ImportCustomersRequest(info=info)]
        pieces += [pb.ImportCustomersRequest(chunk=chunk.encode()) for chunk in chunks]
        pieces += [pb.ImportCustomersRequest(finished=pb.ImportFinished())]
        return await self.send(pieces)

    async def send(self, pieces: Iterable[pb.ImportCustomersRequest]) -> pb.ImportCustomersResponse:
        return await self.customers.ImportCustomers(iter(pieces), timeout=20)

    async def record(self, call_id: str, *events: pb.CallEvent) -> list[int]:
        request = pb.RecordEventsRequest(call_id=call_id, events=events)
        return list((await self.calls.RecordEvents(request, timeout=5)).results)


@pytest.fixture
async def client(record: Record) -> AsyncIterator[Client]:
    server = RpcServer("customers", "127.0.0.1:0")
    customers = CustomersServicer(record.customers, record.importer, record.desk)
    server.add(pb.add_CustomersServiceServicer_to_server, customers, CUSTOMERS)
    calls = CallsServicer(record.calls, record.customers, record.feed)
    server.add(pb.add_CallsServiceServicer_to_server, calls, CALLS)
    address = f"127.0.0.1:{await server.start()}"
    async with channel(address, CUSTOMERS) as to_customers, channel(address, CALLS) as to_calls:
        yield Client(to_customers, to_calls)
    record.feed.close()
    await server.drain(1)


def at(second: int) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(datetime(2026, 11, 22, 6, 30, second, tzinfo=UTC))
    return timestamp


def status(value: "pb.CallStatus.ValueType", second: int, reason: str = "") -> pb.CallEvent:
    told = pb.StatusEvent(status=value, reason=reason, details={"leg": "1"})
    return pb.CallEvent(key=f"s{second}", source="bot", timestamp=at(second), status=told)


async def read(stream: Any) -> pb.WatchChangesResponse:
    message = await stream.read()
    assert isinstance(message, pb.WatchChangesResponse)
    return message


async def refusal(call: Awaitable[object]) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code()


async def test_a_call_from_upload_to_goodbye(client: Client) -> None:
    imported = await client.import_file(HEADER, GOOD[:20], GOOD[20:], RAVI)
    assert (imported.imported_rows, imported.rejected_rows, len(imported.customer_ids)) == (2, 0, 2)
    customer_id = imported.customer_ids[0]

    begun = await client.calls.BeginCall(pb.BeginCallRequest(request_id="r", customer_id=customer_id), timeout=5)
    assert begun.phone_number == "+919999900001"
    assert begun.brief == pb.CallBrief(
        call_id=begun.brief.call_id,
        customer_id=customer_id,
        customer_name="Asha Rao",
        lender_name="Asha Finance",
        loan_id="L1",
        amount_paise=455050,
        due_date="2026-12-05",
        state="Karnataka",
        direction=pb.CALL_DIRECTION_OUTBOUND,
    )
    call_id = begun.brief.call_id
    turn = pb.CallTurn(
        sequence=1,
        speaker=pb.SPEAKER_BORROWER,
        state="INITIAL_GREETING",
        text="haan boliye",
        language="hi-IN",
        intent="yes",
        decided_by="lexicon",
        started_ms=2000,
        ended_ms=2900,
        interrupted=True,
    )
    facts = pb.FactsEvent(call_sid="sid-1", language_used="hi-IN", verified=True, disposition="RPC_INFO")
    results = await client.record(
        call_id,
        status(pb.CALL_STATUS_IN_PROGRESS, 1),
        pb.CallEvent(key="t1", source="bot", timestamp=at(2), turn=turn),
        pb.CallEvent(key="f1", source="bot", timestamp=at(3), facts=facts),
        status(pb.CALL_STATUS_COMPLETED, 4, "goodbye"),
        status(pb.CALL_STATUS_FAILED, 5),
        status(pb.CALL_STATUS_COMPLETED, 4, "goodbye"),
        status(pb.CALL_STATUS_RINGING, 6),
    )
    assert results == [
        pb.EVENT_RESULT_APPLIED,
        pb.EVENT_RESULT_APPLIED,
        pb.EVENT_RESULT_APPLIED,
        pb.EVENT_RESULT_APPLIED,
        pb.EVENT_RESULT_CONFLICT,
        pb.EVENT_RESULT_DUPLICATE,
        pb.EVENT_RESULT_ILLEGAL,
    ]
    kept = await client.calls.GetCall(pb.GetCallRequest(call_id="sid-1"), timeout=5)
    assert kept.call == pb.Call(
        call_id=call_id,
        call_sid="sid-1",
        customer_id=customer_id,
        status=pb.CALL_STATUS_COMPLETED,
        reason="goodbye",
        disposition="RPC_INFO",
        language_used="hi-IN",
        verified=True,
        direction=pb.CALL_DIRECTION_OUTBOUND,
        start_time=kept.call.start_time,
        answer_time=at(1),
        end_time=at(4),
    )
    assert list(kept.turns) == [turn]
    assert [(update.status, update.applied, update.refusal) for update in kept.history] == [
        (pb.CALL_STATUS_IN_PROGRESS, True, ""),
        (pb.CALL_STATUS_COMPLETED, True, ""),
        (pb.CALL_STATUS_FAILED, False, "conflict"),
        (pb.CALL_STATUS_RINGING, False, "illegal"),
    ]
    customer = (await client.customers.GetCustomer(pb.GetCustomerRequest(customer_id=customer_id), timeout=5)).customer
    assert (customer.call_status, customer.language_code) == (pb.CALL_STATUS_COMPLETED, "hi-IN")


async def test_a_borrower_who_rings_back_is_found_and_greeted(client: Client) -> None:
    await client.import_file(HEADER, GOOD)
    for spelling in ("09999900001", "+919999900001", "99999 00001"):
        found = await client.customers.FindCustomer(pb.FindCustomerRequest(phone_number=spelling), timeout=5)
        assert found.customer.name == "Asha Rao"
    request = pb.BeginInboundCallRequest(call_sid="sid-9", customer_id=found.customer.id)
    begun = await client.calls.BeginInboundCall(request, timeout=5)
    assert begun.brief.direction == pb.CALL_DIRECTION_INBOUND
    assert await client.calls.BeginInboundCall(request, timeout=5) == begun


async def test_pages_and_filters_of_both_lists(client: Client) -> None:
    rows = "".join(f"Asha Rao,99999{n:05d},Goa,L{n},4550,31/12/2026\n" for n in range(5))
    imported = await client.import_file(HEADER, rows)
    names, token = [], ""
    while True:
        request = pb.ListCustomersRequest(page_size=2, page_token=token, state="Goa", upload_id=imported.upload_id)
        page = await client.customers.ListCustomers(request, timeout=5)
        names += [customer.loan_id for customer in page.customers]
        token = page.next_page_token
        if not token:
            break
    assert names == [f"L{n}" for n in range(5)]
    for customer_id in imported.customer_ids[:3]:
        await client.calls.BeginCall(
            pb.BeginCallRequest(request_id=f"r{customer_id}", customer_id=customer_id), timeout=5
        )
    page_one = await client.calls.ListCalls(pb.ListCallsRequest(page_size=2), timeout=5)
    rest = pb.ListCallsRequest(page_size=2, page_token=page_one.next_page_token)
    page_two = await client.calls.ListCalls(rest, timeout=5)
    assert [call.customer_id for call in [*page_one.calls, *page_two.calls]] == imported.customer_ids[2::-1]
    assert page_two.next_page_token == ""
    live = pb.ListCustomersRequest(call_status=pb.CALL_STATUS_INITIATED)
    assert len((await client.customers.ListCustomers(live, timeout=5)).customers) == 3


async def test_a_state_is_found_by_any_of_its_spellings(client: Client) -> None:
    rows = [f"Asha Rao,99999{n:05d},{state},L{n},4550,31/12/2026\n" for n, state in enumerate(("Orissa", "OD", "Goa"))]
    await client.import_file(HEADER, "".join(rows))
    for spelling in ("Odisha", "orissa", "ଓଡ଼ିଶା"):
        request = pb.ListCustomersRequest(state=spelling, page_size=1)
        page = await client.customers.ListCustomers(request, timeout=5)
        request.page_token = page.next_page_token
        rest = await client.customers.ListCustomers(request, timeout=5)
        found = [(one.loan_id, one.state) for one in (*page.customers, *rest.customers)]
        assert found == [("L0", "Odisha"), ("L1", "Odisha")]


async def test_a_watcher_sees_a_call_happen_and_may_resume(client: Client) -> None:
    customer_id = (await client.import_file(HEADER, GOOD)).customer_ids[0]
    changes = client.calls.WatchChanges(pb.WatchChangesRequest())
    first = await read(changes)
    assert first.WhichOneof("what") == "heartbeat"
    begun = await client.calls.BeginCall(pb.BeginCallRequest(request_id="r", customer_id=customer_id), timeout=5)
    kinds = {(await read(changes)).WhichOneof("what"), (await read(changes)).WhichOneof("what")}
    assert kinds == {"customer", "call"}
    changes.cancel()
    await client.record(begun.brief.call_id, status(pb.CALL_STATUS_RINGING, 1))
    resumed = client.calls.WatchChanges(pb.WatchChangesRequest(after=first.number))
    seen = [await read(resumed), await read(resumed)]
    statuses = {change.WhichOneof("what"): change for change in seen if change.number}
    assert statuses["call"].call.status == pb.CALL_STATUS_RINGING
    assert statuses["customer"].customer.call_status == pb.CALL_STATUS_RINGING
    resumed.cancel()


async def test_a_watcher_who_comes_too_late_is_told(client: Client, record: Record) -> None:
    await record.run("UPDATE change_feed SET keep = 1")
    for number in range(3):
        await record.add_customer(loan=f"L{number}")
    await record.feed.last_number()
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await client.calls.WatchChanges(pb.WatchChangesRequest(after=1)).read()
    assert error.value.code() == grpc.StatusCode.OUT_OF_RANGE


@pytest.mark.parametrize("steps", ["cif", "icif", "ic", "f", "ii", ""])
async def test_pieces_of_a_file_in_another_order_import_nothing(client: Client, record: Record, steps: str) -> None:
    pieces = {
        "i": pb.ImportCustomersRequest(info=pb.ImportInfo(filename="a.csv", lender_name="Asha Finance")),
        "c": pb.ImportCustomersRequest(chunk=(HEADER + GOOD).encode()),
        "f": pb.ImportCustomersRequest(finished=pb.ImportFinished()),
    }
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await client.send([pieces[step] for step in steps])
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert await record.value("SELECT count(*) FROM file_uploads") == 0


async def test_a_file_that_is_too_large_is_refused_before_it_has_all_come(client: Client) -> None:
    info = pb.ImportInfo(filename="a.csv", lender_name="Asha Finance")
    chunks = [pb.ImportCustomersRequest(chunk=bytes(1024 * 1024)) for _ in range(12)]
    with pytest.raises(grpc.aio.AioRpcError, match="larger than 10 MiB"):
        await client.send([pb.ImportCustomersRequest(info=info), *chunks])


async def test_every_refusal_has_its_status(client: Client) -> None:
    customer_id = (await client.import_file(HEADER, GOOD)).customer_ids[0]
    calls, customers = client.calls, client.customers
    nobody = customer_id + 1000
    ok = await calls.BeginCall(pb.BeginCallRequest(request_id="r", customer_id=customer_id), timeout=5)
    invalid, missing, state = (
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.FAILED_PRECONDITION,
    )
    no_source = pb.CallEvent(key="k", timestamp=at(1), status=pb.StatusEvent(status=pb.CALL_STATUS_RINGING))
    no_time = pb.CallEvent(key="k", source="bot", status=pb.StatusEvent(status=pb.CALL_STATUS_RINGING))
    no_what = pb.CallEvent(key="k", source="bot", timestamp=at(1))
    bad_language = pb.CallEvent(key="k", source="bot", timestamp=at(1), facts=pb.FactsEvent(language_used="xx"))
    bad_code = pb.CallEvent(key="k", source="bot", timestamp=at(1), facts=pb.FactsEvent(disposition="HAPPY"))
    bad_turn = pb.CallEvent(key="k", source="bot", timestamp=at(1), turn=pb.CallTurn(sequence=1))
    no_number = pb.CallEvent(key="k", source="bot", timestamp=at(1), turn=pb.CallTurn(speaker=pb.SPEAKER_BOT))

    def events(*told: pb.CallEvent, call_id: str = ok.brief.call_id) -> pb.RecordEventsRequest:
        return pb.RecordEventsRequest(call_id=call_id, events=told)

    cases: list[tuple[Awaitable[object], grpc.StatusCode]] = [
        (customers.GetCustomer(pb.GetCustomerRequest(customer_id=nobody), timeout=5), missing),
        (customers.FindCustomer(pb.FindCustomerRequest(phone_number="+919999900009"), timeout=5), missing),
        (customers.FindCustomer(pb.FindCustomerRequest(phone_number="08041234567"), timeout=5), missing),
        (customers.FindCustomer(pb.FindCustomerRequest(phone_number="anonymous"), timeout=5), invalid),
        (customers.ListCustomers(pb.ListCustomersRequest(page_size=-1), timeout=5), invalid),
        (customers.ListCustomers(pb.ListCustomersRequest(page_token="x"), timeout=5), invalid),
        (customers.ListCustomers(pb.ListCustomersRequest(language_code="xx"), timeout=5), invalid),
        (customers.ListCustomers(pb.ListCustomersRequest(text="a\0b"), timeout=5), invalid),
        (calls.BeginCall(pb.BeginCallRequest(customer_id=customer_id), timeout=5), invalid),
        (calls.BeginCall(pb.BeginCallRequest(request_id="q", customer_id=nobody), timeout=5), missing),
        (calls.BeginCall(pb.BeginCallRequest(request_id="q", customer_id=customer_id), timeout=5), state),
        (calls.RetryCustomer(pb.RetryCustomerRequest(customer_id=customer_id), timeout=5), state),
        (calls.GetCall(pb.GetCallRequest(call_id="none"), timeout=5), missing),
        (calls.RecordEvents(events(), timeout=5), invalid),
        (calls.RecordEvents(events(*[status(pb.CALL_STATUS_RINGING, 1)] * 101), timeout=5), invalid),
        (calls.RecordEvents(events(status(pb.CALL_STATUS_RINGING, 1), call_id="none"), timeout=5), missing),
        (calls.RecordEvents(events(status(pb.CALL_STATUS_UNSPECIFIED, 1)), timeout=5), invalid),
        (calls.RecordEvents(events(status(pb.CALL_STATUS_FAILED, 1, "Not A Word")), timeout=5), invalid),
        *((calls.RecordEvents(events(bad), timeout=5), invalid) for bad in (no_source, no_time, no_what, bad_language)),
        *((calls.RecordEvents(events(bad), timeout=5), invalid) for bad in (bad_code, bad_turn, no_number)),
    ]
    for place, (call, expected) in enumerate(cases):
        assert await refusal(call) == expected, place
    kept = await calls.GetCall(pb.GetCallRequest(call_id=ok.brief.call_id), timeout=5)
    assert not kept.history


async def test_a_retry_makes_a_borrower_ready(client: Client) -> None:
    customer_id = (await client.import_file(HEADER, GOOD)).customer_ids[0]
    begun = await client.calls.BeginCall(pb.BeginCallRequest(request_id="r", customer_id=customer_id), timeout=5)
    await client.record(begun.brief.call_id, status(pb.CALL_STATUS_NOT_PICKED, 1, "busy"))
    ready = await client.calls.RetryCustomer(pb.RetryCustomerRequest(customer_id=customer_id), timeout=5)
    assert ready.customer.call_status == pb.CALL_STATUS_READY
