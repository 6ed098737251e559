"""The gRPC server of telephony, as its clients see it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

from services.telephony.briefs import brief_to_proto
from services.telephony.model import (
    Brief,
)
from services.telephony.service import Outside, Telephony, addresses_of
from services.telephony.servicer import SERVICE
from tests.telephony.fake_sessions import FakeSessions
from tests.telephony.fakes import FakeCarrier, FakeCustomers, FakeDialog, FakeSpeech, unix_time
from tests.telephony.wire import serving
from tests.telephony.world import BRIEF, PHONE, free_port, settings_for
from voice.customers.v1 import (
    CallBrief,
)
from voice.telephony.v1 import (
    CallPhase,
    EndCallRequest,
    GetCallRequest,
    ListLiveCallsRequest,
    PlaceCallRequest,
    PlaceOutcome,
    TelephonyServiceStub,
    add_TelephonyServiceServicer_to_server,
)
from voicekit.rpc import channel

Context = grpc.aio.ServicerContext[Any, Any]

TOMORROW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


@asynccontextmanager
async def telephony() -> AsyncIterator[tuple[Any, Telephony, FakeCarrier, str]]:
    settings = settings_for(free_port(), "http://127.0.0.1:1", drain_seconds=0.1)
    carrier = FakeCarrier()
    carrier.latency = 0.0
    sessions = FakeSessions(unix_time)
    outside = Outside(FakeSpeech(), FakeDialog(), FakeCustomers(), carrier, sessions)
    async with (
        Telephony(settings, outside, addresses_of(settings)) as service,
        serving(add_TelephonyServiceServicer_to_server, service.servicer, SERVICE) as address,
    ):
        one = channel(address, SERVICE)
        yield TelephonyServiceStub(one), service, carrier, address
        await one.close()


async def test_calls_are_placed_seen_and_ended_over_grpc() -> None:
    async with telephony() as (stub, _, carrier, _):
        request = PlaceCallRequest(brief=brief_to_proto(BRIEF), phone_number="099999 00012")
        placed = await stub.PlaceCall(request, timeout=5)
        assert (placed.call_sid, placed.outcome) == ("sid-1", PlaceOutcome.PLACE_OUTCOME_ACCEPTED)
        assert carrier.rung[0][:2] == (PHONE, BRIEF.call_id)
        by_id = (await stub.GetCall(GetCallRequest(call_id=BRIEF.call_id), timeout=5)).call
        by_sid = (await stub.GetCall(GetCallRequest(call_id="sid-1"), timeout=5)).call
        assert by_id == by_sid
        assert (by_id.phase, by_id.customer_id) == (CallPhase.CALL_PHASE_DIALLING, 7)
        assert "Asha" not in str(by_id)
        listed = await stub.ListLiveCalls(ListLiveCallsRequest(), timeout=5)
        assert [call.call_id for call in listed.calls] == [BRIEF.call_id]
        assert not listed.next_page_token
        await stub.EndCall(EndCallRequest(call_id=BRIEF.call_id, reason="operator_ended"), timeout=5)


@pytest.mark.parametrize(
    ("method", "request_", "code"),
    [
        ("GetCall", GetCallRequest(call_id="nobody"), grpc.StatusCode.NOT_FOUND),
        ("GetCall", GetCallRequest(), grpc.StatusCode.NOT_FOUND),
        ("EndCall", EndCallRequest(call_id="nobody", reason="x"), grpc.StatusCode.NOT_FOUND),
        ("EndCall", EndCallRequest(call_id="c", reason="Not This!"), grpc.StatusCode.INVALID_ARGUMENT),
        ("ListLiveCalls", ListLiveCallsRequest(page_size=1001), grpc.StatusCode.INVALID_ARGUMENT),
        ("ListLiveCalls", ListLiveCallsRequest(page_token="x"), grpc.StatusCode.INVALID_ARGUMENT),
        ("PlaceCall", PlaceCallRequest(), grpc.StatusCode.INVALID_ARGUMENT),
        ("PlaceCall", PlaceCallRequest(brief=CallBrief(call_id="c")), grpc.StatusCode.INVALID_ARGUMENT),
    ],
)
async def test_bad_requests_have_their_status(method: str, request_: object, code: grpc.StatusCode) -> None:
    async with telephony() as (stub, *_):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await getattr(stub, method)(request_, timeout=5)
        assert refused.value.code() is code


async def test_live_calls_come_page_by_page() -> None:
    async with telephony() as (stub, service, *_):
        for number in range(5):
            await service.placing.place(Brief(f"c{number}", number + 1), PHONE)
            await asyncio.sleep(0.01)
        seen, token = [], ""
        while True:
            page = await stub.ListLiveCalls(ListLiveCallsRequest(page_size=2, page_token=token), timeout=5)
            seen += [call.call_id for call in page.calls]
            if not (token := page.next_page_token):
                break
        assert seen == ["c4", "c3", "c2", "c1", "c0"]


async def test_a_command_line_client_finds_the_service_through_reflection() -> None:
    async with telephony() as (*_, address):

        def ask() -> list[str]:
            with grpc.insecure_channel(address) as sync:
                database = ProtoReflectionDescriptorDatabase(sync)
                service = DescriptorPool(database).FindServiceByName(SERVICE)
                assert GetMessageClass(service.methods_by_name["PlaceCall"].input_type)
                return [str(name) for name in database.get_services()]

        assert SERVICE in await asyncio.to_thread(ask)
