"""Telephony, over gRPC."""

from __future__ import annotations  # grpc's own classes take their type parameters in stubs alone

import asyncio
from typing import Final

import grpc

from services.customers import messages
from services.customers.ports import Begun
from voice.telephony import v1 as pb
from voicekit.interceptors import from_rpc_error

SERVICE: Final = "voice.telephony.v1.TelephonyService"
PLACE_WITHIN: Final = 45.0
"""Seconds: a greeting is rendered, the carrier asked, and an answer that was lost looked for."""
ROOM_LASTS: Final = 1.0
"""Seconds for which what telephony said of its room is taken to be true."""


class GrpcTelephony:
    """Whoever places calls."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = pb.TelephonyServiceStub(channel)
        self._room, self._asked_at = 0, float("-inf")

    async def place(self, begun: Begun) -> None:
        """Have the borrower rung; the same attempt never rings twice. `Overloaded`, `ProviderDown`, `WrongState`."""
        request = pb.PlaceCallRequest(brief=messages.brief(begun), phone_number=begun.call.phone_number)
        try:
            await self._stub.PlaceCall(request, timeout=PLACE_WITHIN)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from error

    async def knows(self, call_id: str) -> bool:
        """Tell whether telephony knows a call; `ProviderDown`."""
        try:
            await self._stub.GetCall(pb.GetCallRequest(call_id=call_id), timeout=5)
        except grpc.aio.AioRpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return False
            raise from_rpc_error(error) from error
        return True

    async def room(self) -> int:
        """Return how many calls all pods together have room for, live ones included; `ProviderDown`."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at >= ROOM_LASTS:
            try:
                answer = await self._stub.GetCapacity(pb.GetCapacityRequest(), timeout=5)
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error) from error
            self._room, self._asked_at = answer.slots, now
        return self._room
