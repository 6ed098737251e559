"""A dial queue, a telephony that answers over gRPC, and workers between the two."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import grpc

from local.leash import leashed
from services.customers.__main__ import make_dialing
from services.customers.dialer import DialerSettings, work
from tests.customers.record import TOMORROW, Record
from tests.customers.test_dial_queue import settings
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb

ROOT: Final = Path(__file__).parents[2]


class FakeTelephony(telephony_pb.TelephonyServiceServicer):
    """Takes calls and remembers them; `then` says what becomes of each."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.known: set[str] = set()
        self.slots = 1000
        self.was_asked = asyncio.Event()
        self.answers = asyncio.Event()
        self.answers.set()
        self.refuses: grpc.StatusCode | None = None
        self.then: Callable[[str], Awaitable[None]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def PlaceCall(
        self, request: telephony_pb.PlaceCallRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> telephony_pb.PlaceCallResponse:
        call_id = request.brief.call_id
        self.asked.append(call_id)
        self.was_asked.set()
        if self.refuses:
            await context.abort(self.refuses, "not now")
        self.known.add(call_id)
        await self.answers.wait()
        if self.then:
            self._tasks.add(asyncio.ensure_future(self.then(call_id)))
        return telephony_pb.PlaceCallResponse(call_sid=f"sid-{call_id}", outcome=telephony_pb.PLACE_OUTCOME_ACCEPTED)

    async def GetCall(
        self, request: telephony_pb.GetCallRequest, context: "grpc.aio.ServicerContext[Any, Any]"
    ) -> telephony_pb.GetCallResponse:
        if request.call_id not in self.known:
            await context.abort(grpc.StatusCode.NOT_FOUND, "there is no such call")
        return telephony_pb.GetCallResponse(call=telephony_pb.LiveCall(call_id=request.call_id))

    async def GetCapacity(self, *_: Any) -> telephony_pb.GetCapacityResponse:
        return telephony_pb.GetCapacityResponse(slots=self.slots, pods=1)

    async def ListLiveCalls(self, *_: Any) -> telephony_pb.ListLiveCallsResponse:
        raise NotImplementedError

    async def EndCall(self, *_: Any) -> telephony_pb.EndCallResponse:
        raise NotImplementedError


class Stand:
    """A queue, a telephony, and workers."""

    def __init__(self, record: Record, url: str, telephony: FakeTelephony, port: int) -> None:
        self.record, self.telephony = record, telephony
        self.variables = {
            "DATABASE_URL": url,
            "DIALER_LISTEN": "127.0.0.1:0",
            "CALL_QUIET_DAYS": "",
            "TELEPHONY_ADDRESS": f"127.0.0.1:{port}",
            "CALLING_CLOCK": TOMORROW.isoformat(),
            "EXOTEL_API_BASE": "http://127.0.0.1:1",
            "CALL_DATA_AGE_HOURS_DUE": "24000",
            "CALL_DATA_AGE_HOURS_OVERDUE": "24000",
            "DIAL_PER_MINUTE": "60000",
            "DIAL_HEARTBEAT_SECONDS": "1",
            "DIAL_UNKNOWN_SECONDS": "2",
        }

    async def queue(self, *customers: int) -> None:
        asked = pb.QueueCallsRequest(customer_ids=customers, requested_by="supervisor")
        servicer: Any = make_dialing(self.record.database, settings(TOMORROW))
        await servicer.QueueCalls(asked, None)

    @asynccontextmanager
    async def worker(self, **variables: str) -> AsyncIterator[None]:
        named = {name.lower(): value for name, value in {**self.variables, **variables}.items()}
        stop = asyncio.Event()
        working = asyncio.create_task(work(DialerSettings.model_validate(named), stop))
        yield
        stop.set()
        await working

    def process(self) -> subprocess.Popen[bytes]:
        command = leashed([sys.executable, "-m", "services.customers.dialer"])
        return subprocess.Popen(command, cwd=ROOT, env={**os.environ, **self.variables}, stdout=subprocess.DEVNULL)

    async def until(self, query: str, expected: object, *arguments: object) -> None:
        async with asyncio.timeout(30):
            async for value in self._looked_at(query, *arguments):
                if value == expected:
                    return

    async def _looked_at(self, query: str, *arguments: object) -> AsyncIterator[object]:
        while True:  # another process writes what is waited for; Postgres tells nobody
            yield await self.record.value(query, *arguments)
            await asyncio.sleep(0.05)
