"""Calls that live, as the telephony service tells of them."""

from typing import Final

import grpc
import grpc.aio

from services.dashboard.grpc_errors import our_errors
from services.dashboard.model import LiveCall
from voice.telephony import v1 as pb
from voicekit.rpc import channel

TIMEOUT_S: Final = 3.0
SERVICE: Final = "voice.telephony.v1.TelephonyService"
_WHO: Final = "telephony"


def open_channel(address: str) -> grpc.aio.Channel:
    """Open a channel to telephony."""
    return channel(address, SERVICE, retryable=("ListLiveCalls",))


class GrpcTelephony:
    """The calls that live."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self._stub = pb.TelephonyServiceStub(to)

    async def list_live(self) -> list[LiveCall]:
        """Return calls that live now, newest first; at most 1000."""
        with our_errors(_WHO):
            answer = await self._stub.ListLiveCalls(pb.ListLiveCallsRequest(page_size=1000), timeout=TIMEOUT_S)
        return [
            LiveCall(call_id=call.call_id, dialog_state=call.dialog_state, language=call.language)
            for call in answer.calls
        ]

    async def end(self, call_id: str) -> None:
        """End a call that lives; `NotFound` when it does not."""
        with our_errors(_WHO):
            await self._stub.EndCall(pb.EndCallRequest(call_id=call_id, reason="operator"), timeout=TIMEOUT_S)
