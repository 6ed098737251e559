import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from voice.telephony.v1 import (
    EndCallRequest,
    EndCallResponse,
    GetCallRequest,
    GetCallResponse,
    GetCapacityRequest,
    GetCapacityResponse,
    ListLiveCallsRequest,
    ListLiveCallsResponse,
    LiveCall,
    PlaceCallRequest,
    PlaceCallResponse,
    TelephonyServiceServicer,
    TelephonyServiceStub,
    add_TelephonyServiceServicer_to_server,
)
from voicekit.errors import InvalidInput, NotFound, ProviderDown, VoiceError
from voicekit.rpc import RpcServer, channel

FULL_NAME = "voice.telephony.v1.TelephonyService"


class Phone(TelephonyServiceServicer):
    """Fails in the way that the request names, or answers how much time it has left."""

    def __init__(self) -> None:
        self.tries = 0
        self.inner: TelephonyServiceStub | None = None

    async def PlaceCall(self, request: PlaceCallRequest, context: Any) -> PlaceCallResponse:
        await asyncio.sleep(3600)
        return PlaceCallResponse()

    async def GetCall(self, request: GetCallRequest, context: Any) -> GetCallResponse:
        self.tries += 1
        if request.call_id == "grouped":
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._fail(NotFound("there is no such call")))
        if request.call_id == "bug":
            raise KeyError("Asha Rao owes 4550")
        if request.call_id == "down twice" and self.tries <= 2:
            raise ProviderDown("the carrier does not answer")
        if request.call_id == "field":
            raise InvalidInput("is empty", "call_id")
        return GetCallResponse(call=LiveCall(call_id=f"{context.time_remaining():.3f}"))

    async def _fail(self, error: VoiceError) -> None:
        raise error

    async def ListLiveCalls(self, request: ListLiveCallsRequest, context: Any) -> ListLiveCallsResponse:
        assert self.inner
        inner: Any = self.inner
        response = await inner.GetCall(GetCallRequest(), timeout=20)
        return ListLiveCallsResponse(calls=[response.call])

    async def EndCall(self, request: EndCallRequest, context: Any) -> EndCallResponse:
        return EndCallResponse()

    async def GetCapacity(self, request: GetCapacityRequest, context: Any) -> GetCapacityResponse:
        return GetCapacityResponse()


@pytest.fixture
async def phone() -> AsyncIterator[tuple[Phone, Any]]:
    servicer = Phone()
    server = RpcServer("telephony", "127.0.0.1:0", reflection_on=True)
    server.add(add_TelephonyServiceServicer_to_server, servicer, FULL_NAME)
    port = await server.start()
    async with channel(f"127.0.0.1:{port}", FULL_NAME, retryable=["GetCall"]) as to_phone:
        stub = TelephonyServiceStub(to_phone)
        servicer.inner = stub
        yield servicer, stub
    await server.drain(0)


async def status_of(call: Any) -> grpc.aio.AioRpcError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    return caught.value


async def test_an_error_of_ours_becomes_its_status_even_inside_a_task_group(phone: tuple[Phone, Any]) -> None:
    error = await status_of(phone[1].GetCall(GetCallRequest(call_id="grouped"), timeout=5))
    assert (error.code(), error.details()) == (grpc.StatusCode.NOT_FOUND, "there is no such call")


async def test_a_bad_field_is_named_in_the_details(phone: tuple[Phone, Any]) -> None:
    error = await status_of(phone[1].GetCall(GetCallRequest(call_id="field"), timeout=5))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    status: Any = rpc_status.from_call(error)
    assert b"call_id" in status.details[0].value


async def test_a_mistake_of_ours_tells_a_client_nothing_of_the_borrower(
    phone: tuple[Phone, Any], caplog: pytest.LogCaptureFixture
) -> None:
    error = await status_of(phone[1].GetCall(GetCallRequest(call_id="bug"), timeout=5))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert "Asha" not in str(error.details()) and "Asha" not in caplog.text


async def test_only_what_may_run_twice_is_retried(phone: tuple[Phone, Any]) -> None:
    servicer, stub = phone
    await stub.GetCall(GetCallRequest(call_id="down twice"), timeout=5)
    assert servicer.tries == 3


async def test_a_call_without_a_timeout_is_not_made(phone: tuple[Phone, Any]) -> None:
    with pytest.raises(ValueError, match="without a timeout"):
        await phone[1].GetCall(GetCallRequest())


async def test_an_inner_call_gets_no_more_time_than_the_outer_one_has(phone: tuple[Phone, Any]) -> None:
    response = await phone[1].ListLiveCalls(ListLiveCallsRequest(), timeout=2)
    # It asked for 20 s; on the wire, gRPC rounds a deadline up by as much as 3 %.
    assert float(response.calls[0].call_id) < 2.1


async def test_a_handler_ends_with_its_deadline(phone: tuple[Phone, Any]) -> None:
    error = await status_of(phone[1].PlaceCall(PlaceCallRequest(), timeout=0.2))
    assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def test_the_three_health_names_follow_the_life_of_the_server() -> None:
    server = RpcServer("telephony", "127.0.0.1:0")
    server.add(add_TelephonyServiceServicer_to_server, Phone(), FULL_NAME)
    port = await server.start(ready=False)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as plain:
        health: Any = health_pb2_grpc.HealthStub(plain)

        async def seen() -> list[str]:
            names = ["telephony-liveness", "telephony-readiness", FULL_NAME]
            answers = [await health.Check(health_pb2.HealthCheckRequest(service=name), timeout=5) for name in names]
            return [health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status) for answer in answers]

        assert await seen() == ["SERVING", "NOT_SERVING", "NOT_SERVING"]
        await server.set_ready(True)
        assert await seen() == ["SERVING", "SERVING", "SERVING"]
    await server.drain(0)


async def test_an_address_that_is_taken_is_told_at_once() -> None:
    first = RpcServer("a", "127.0.0.1:0")
    port = await first.start()
    with pytest.raises(OSError, match=str(port)):
        await RpcServer("b", f"127.0.0.1:{port}").start()
    await first.drain(0)
