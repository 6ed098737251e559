"""The record over gRPC: the answer to the `Customers` port."""

from collections.abc import Sequence
from typing import Final

import grpc.aio

from services.telephony.briefs import brief_from_proto
from services.telephony.grpc_errors import in_our_words
from services.telephony.model import Brief, FactsEvent, RecordEvent, Status, StatusEvent, TurnEvent
from voice.customers.v1 import (
    BeginInboundCallRequest,
    CallEvent,
    CallsServiceStub,
    CallStatus,
    CallTurn,
    CustomersServiceStub,
    FindCustomerRequest,
    RecordEventsRequest,
    Speaker,
)
from voice.customers.v1 import FactsEvent as FactsProto
from voice.customers.v1 import StatusEvent as StatusProto

CALLS: Final = "voice.customers.v1.CallsService"
CUSTOMERS: Final = "voice.customers.v1.CustomersService"
RETRYABLE_CALLS: Final = ("RecordEvents", "BeginInboundCall")
RETRYABLE_CUSTOMERS: Final = ("FindCustomer",)
FIND_WITHIN: Final = 1.0
"""Seconds to find out who rings: they hear nothing meanwhile."""
RECORD_WITHIN: Final = 5.0
_STATUS: Final = {
    Status.RINGING: CallStatus.CALL_STATUS_RINGING,
    Status.IN_PROGRESS: CallStatus.CALL_STATUS_IN_PROGRESS,
    Status.AGENT_TRANSFER: CallStatus.CALL_STATUS_AGENT_TRANSFER,
    Status.COMPLETED: CallStatus.CALL_STATUS_COMPLETED,
    Status.FAILED: CallStatus.CALL_STATUS_FAILED,
    Status.NOT_PICKED: CallStatus.CALL_STATUS_NOT_PICKED,
}


class GrpcCustomers:
    """Speaks to the customers service."""

    def __init__(self, calls: grpc.aio.Channel, customers: grpc.aio.Channel) -> None:
        self._calls, self._customers = CallsServiceStub(calls), CustomersServiceStub(customers)

    async def find_by_phone(self, phone: str) -> int:
        """Return the id of who owns `phone`; see the port."""
        with in_our_words():
            found = await self._customers.FindCustomer(FindCustomerRequest(phone_number=phone), timeout=FIND_WITHIN)
        return found.customer.id

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Brief:
        """Begin an attempt for a borrower who rings us; see the port."""
        request = BeginInboundCallRequest(call_sid=call_sid, customer_id=customer_id)
        with in_our_words():
            begun = await self._calls.BeginInboundCall(request, timeout=FIND_WITHIN)
        return brief_from_proto(begun.brief)

    async def record(self, call_id: str, events: Sequence[RecordEvent]) -> None:
        """Write down what happened; see the port."""
        request = RecordEventsRequest(call_id=call_id, events=[event_to_proto(event) for event in events])
        with in_our_words():
            await self._calls.RecordEvents(request, timeout=RECORD_WITHIN)


def event_to_proto(event: RecordEvent) -> CallEvent:
    """Write one event."""
    proto = CallEvent(key=event.key, source=event.source if isinstance(event, StatusEvent) else "bot")
    proto.timestamp.FromDatetime(event.at)
    match event:
        case StatusEvent():
            status = StatusProto(status=_STATUS[event.status], reason=event.reason, details=dict(event.details))
            proto.status.CopyFrom(status)
        case TurnEvent():
            proto.turn.CopyFrom(_turn(event))
        case FactsEvent():
            facts = FactsProto(
                call_sid=event.call_sid,
                language_used=event.facts.language,
                verified=event.facts.verified,
                disposition=event.facts.disposition,
                callback_words=event.facts.callback_words,
            )
            if event.facts.callback_at:
                facts.callback_time.FromDatetime(event.facts.callback_at)
            proto.facts.CopyFrom(facts)
    return proto


def _turn(turn: TurnEvent) -> CallTurn:
    return CallTurn(
        sequence=turn.sequence,
        speaker=Speaker.SPEAKER_BOT if turn.by_bot else Speaker.SPEAKER_BORROWER,
        state=turn.state,
        text=turn.text,
        language=turn.language,
        intent=turn.intent,
        decided_by=turn.decided_by,
        started_ms=turn.started_ms,
        ended_ms=turn.ended_ms,
        interrupted=turn.interrupted,
    )
