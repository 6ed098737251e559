"""Protobuf and plain values, each made of the other."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from services.customers.model import (
    Call,
    CallRecord,
    CallStatus,
    Change,
    Customer,
    CustomerOrder,
    Direction,
    Event,
    FactsTold,
    Speaker,
    StatusTold,
    StatusUpdate,
    Turn,
    Verdict,
)
from services.customers.ports import Begun
from services.customers.watch import Quiet
from voice.customers import v1 as pb
from voicekit.errors import InvalidInput
from voicekit.languages import check_language

_STATUSES: Final = {status: pb.CallStatus.Value(f"CALL_STATUS_{status.name}") for status in CallStatus}
_FROM_STATUSES: Final = {number: status for status, number in _STATUSES.items()}
_FROM_ORDERS: Final = {pb.CustomerOrder.Value(f"CUSTOMER_ORDER_{order.name}"): order for order in CustomerOrder}
_DIRECTIONS: Final = {
    Direction.OUTBOUND: pb.CALL_DIRECTION_OUTBOUND,
    Direction.INBOUND: pb.CALL_DIRECTION_INBOUND,
}
_SPEAKERS: Final = {Speaker.BOT: pb.SPEAKER_BOT, Speaker.BORROWER: pb.SPEAKER_BORROWER}
_FROM_SPEAKERS: Final = {number: speaker for speaker, number in _SPEAKERS.items()}
_RESULTS: Final = {
    Verdict.APPLIED: pb.EVENT_RESULT_APPLIED,
    Verdict.DUPLICATE: pb.EVENT_RESULT_DUPLICATE,
    Verdict.REPEATED: pb.EVENT_RESULT_DUPLICATE,  # told by somebody else before: nothing changed
    Verdict.ILLEGAL: pb.EVENT_RESULT_ILLEGAL,
    Verdict.CONFLICT: pb.EVENT_RESULT_CONFLICT,
}
_SOURCES: Final = ("bot", "carrier", "operator", "reaper")
_REASON: Final = re.compile(r"[a-z0-9_]{0,100}")


def customer(value: Customer) -> pb.Customer:
    """Make a message of a borrower."""
    return pb.Customer(
        id=value.id,
        name=value.name,
        phone_number=value.phone_number,
        state=value.state,
        loan_id=value.loan_id,
        lender_name=value.lender_name,
        amount_paise=value.amount_paise,
        due_date=value.due_date.isoformat(),
        language_code=value.language_code,
        call_status=_STATUSES[value.call_status],
        version=value.version,
        updated_at=timestamp(value.updated_at),
        alternate_phone=value.alternate_phone,
        details=value.details,
    )


def call(value: Call) -> pb.Call:
    """Make a message of a call."""
    return pb.Call(
        call_id=value.id,
        call_sid=value.call_sid,
        customer_id=value.customer_id,
        status=_STATUSES[value.status],
        reason=value.reason,
        disposition=value.disposition,
        language_used=value.language_used,
        verified=value.verified,
        direction=_DIRECTIONS[value.direction],
        start_time=timestamp(value.start_time),
        answer_time=timestamp(value.answer_time),
        end_time=timestamp(value.end_time),
        callback_at=timestamp(value.callback_at),
    )


def call_record(value: CallRecord) -> pb.GetCallResponse:
    """Make a message of a call with its turns and its history."""
    return pb.GetCallResponse(
        call=call(value.call), turns=map(turn, value.turns), history=map(_status_update, value.history)
    )


def turn(value: Turn) -> pb.CallTurn:
    """Make a message of one thing said."""
    return pb.CallTurn(
        sequence=value.sequence,
        speaker=_SPEAKERS[value.speaker],
        state=value.state,
        text=value.text,
        language=value.language,
        intent=value.intent,
        decided_by=value.decided_by,
        started_ms=value.started_ms,
        ended_ms=value.ended_ms,
        interrupted=value.interrupted,
    )


def brief(value: Begun) -> pb.CallBrief:
    """Make a message of what a call must know."""
    return pb.CallBrief(
        call_id=value.call.id,
        customer_id=value.customer.id,
        customer_name=value.customer.name,
        lender_name=value.customer.lender_name,
        loan_id=value.customer.loan_id,
        amount_paise=value.customer.amount_paise,
        due_date=value.customer.due_date.isoformat(),
        state=value.customer.state,
        language=value.customer.language_code,
        direction=_DIRECTIONS[value.call.direction],
    )


def status_counts(counts: Mapping[CallStatus, int]) -> pb.CountCustomersResponse:
    """Make a message of how many borrowers have each status, in the order of a call's life."""
    listed = [(status, counts[status]) for status in CallStatus if status in counts]
    return pb.CountCustomersResponse(
        counts=[pb.StatusCount(call_status=_STATUSES[status], count=count) for status, count in listed]
    )


def change(value: Change | Quiet) -> pb.WatchChangesResponse:
    """Make a message of one change, or of its absence."""
    if isinstance(value, Quiet):
        return pb.WatchChangesResponse(number=value.number, heartbeat=pb.Heartbeat())
    match value.what:
        case Customer() as changed:
            return pb.WatchChangesResponse(number=value.number, customer=customer(changed))
        case Call() as changed:
            return pb.WatchChangesResponse(number=value.number, call=call(changed))
        case said:
            told = pb.TurnChange(call_id=said.call_id, customer_id=said.customer_id, turn=turn(said.turn))
            return pb.WatchChangesResponse(number=value.number, turn=told)


def event_result(verdict: Verdict) -> "pb.EventResult.ValueType":
    """Make a message of what became of an event."""
    return _RESULTS[verdict]


def order(number: "pb.CustomerOrder.ValueType") -> CustomerOrder:
    """Return by what to sort; `InvalidInput` for what this version does not know."""
    if number and number not in _FROM_ORDERS:
        raise InvalidInput("an order that is known here", "order")
    return _FROM_ORDERS.get(number, CustomerOrder.ID)


def status_filter(number: "pb.CallStatus.ValueType", field: str) -> str:
    """Return the status that a list is asked for; empty for any."""
    return status(number, field) if number else ""


def status(number: "pb.CallStatus.ValueType", field: str) -> CallStatus:
    """Return a status; `InvalidInput` for one that this version does not know."""
    if number not in _FROM_STATUSES:
        raise InvalidInput("a status that is known here", field)
    return _FROM_STATUSES[number]


def event(message: pb.CallEvent, field: str) -> Event:
    """Return one thing that happened; `InvalidInput` naming the part of `field` that is wrong."""
    if not 1 <= len(message.key) <= 128:
        raise InvalidInput("1 to 128 characters", f"{field}.key")
    if message.source not in _SOURCES:
        raise InvalidInput(f"one of {', '.join(_SOURCES)}", f"{field}.source")
    if not message.HasField("timestamp"):
        raise InvalidInput("when it happened", f"{field}.timestamp")
    match message.WhichOneof("what"):
        case "status":
            what: StatusTold | FactsTold | Turn = _status_told(message.status, f"{field}.status")
        case "facts":
            what = _facts_told(message.facts, f"{field}.facts")
        case "turn":
            what = _turn_told(message.turn, f"{field}.turn")
        case _:
            raise InvalidInput("status, turn or facts", field)
    return Event(message.key, message.source, message.timestamp.ToDatetime(tzinfo=UTC), what)


def _status_told(message: pb.StatusEvent, field: str) -> StatusTold:
    if not _REASON.fullmatch(message.reason):
        raise InvalidInput("0 to 100 characters of a-z, 0-9 and _", f"{field}.reason")
    return StatusTold(status(message.status, f"{field}.status"), message.reason, dict(message.details))


def _facts_told(message: pb.FactsEvent, field: str) -> FactsTold:
    if message.language_used:
        check_language(message.language_used, f"{field}.language_used")
    if len(message.call_sid) > 64:
        raise InvalidInput("at most 64 characters", f"{field}.call_sid")
    asked = message.callback_time.ToDatetime(tzinfo=UTC) if message.HasField("callback_time") else None
    return FactsTold(
        message.call_sid, message.language_used, message.verified, message.disposition, message.callback_words, asked
    )


def _turn_told(message: pb.CallTurn, field: str) -> Turn:
    if message.sequence < 1:
        raise InvalidInput("1 or more", f"{field}.sequence")
    if message.speaker not in _FROM_SPEAKERS:
        raise InvalidInput("who spoke", f"{field}.speaker")
    return Turn(
        sequence=message.sequence,
        speaker=_FROM_SPEAKERS[message.speaker],
        state=message.state,
        text=message.text,
        language=message.language,
        intent=message.intent,
        decided_by=message.decided_by,
        started_ms=message.started_ms,
        ended_ms=message.ended_ms,
        interrupted=message.interrupted,
    )


def _status_update(value: StatusUpdate) -> pb.StatusUpdate:
    return pb.StatusUpdate(
        status=_STATUSES[value.status],
        source=value.source,
        timestamp=timestamp(value.timestamp),
        reason=value.reason,
        applied=value.applied,
        refusal=value.refusal,
    )


def timestamp(value: datetime | None) -> Timestamp | None:
    """Make a message of an instant."""
    if value is None:
        return None
    message = Timestamp()
    message.FromDatetime(value)
    return message
