"""Protobuf messages, made into plain values."""

from datetime import UTC, date, datetime
from typing import Any, Final

from google.protobuf.timestamp_pb2 import Timestamp

from services.dashboard.model import (
    Call,
    CallRecord,
    CallStatus,
    Change,
    Counts,
    Customer,
    StatusUpdate,
    Turn,
    TurnSaid,
)
from voice.customers import v1 as pb

_STATUSES: Final = {pb.CallStatus.Value(f"CALL_STATUS_{status.name}"): status for status in CallStatus}
_NUMBERS: Final = {status: number for number, status in _STATUSES.items()}


def status_number(status: CallStatus | None) -> Any:
    """Return the number of a status; 0 for any."""
    return _NUMBERS[status] if status else pb.CALL_STATUS_UNSPECIFIED


def customer(message: pb.Customer) -> Customer:
    """Read a borrower."""
    return Customer(
        id=message.id,
        name=message.name,
        phone_number=message.phone_number,
        state=message.state,
        loan_id=message.loan_id,
        lender_name=message.lender_name,
        amount_paise=message.amount_paise,
        due_date=date.fromisoformat(message.due_date),
        language_code=message.language_code,
        call_status=_STATUSES[message.call_status],
        version=message.version,
        updated_at=time(message.updated_at),
        alternate_phone=message.alternate_phone,
        details=dict(message.details),
    )


def call(message: pb.Call) -> Call:
    """Read a call."""
    return Call(
        call_id=message.call_id,
        call_sid=message.call_sid,
        customer_id=message.customer_id,
        status=_STATUSES[message.status],
        reason=message.reason,
        disposition=message.disposition,
        language_used=message.language_used,
        verified=message.verified,
        direction="inbound" if message.direction == pb.CALL_DIRECTION_INBOUND else "outbound",
        start_time=time(message.start_time),
        answer_time=time(message.answer_time) if message.HasField("answer_time") else None,
        end_time=time(message.end_time) if message.HasField("end_time") else None,
        callback_at=time(message.callback_at) if message.HasField("callback_at") else None,
    )


def turn(message: pb.CallTurn) -> Turn:
    """Read one thing said."""
    return Turn(
        sequence=message.sequence,
        speaker="borrower" if message.speaker == pb.SPEAKER_BORROWER else "bot",
        state=message.state,
        text=message.text,
        language=message.language,
        intent=message.intent,
        decided_by=message.decided_by,
        started_ms=message.started_ms,
        ended_ms=message.ended_ms,
        interrupted=message.interrupted,
    )


def call_record(message: pb.GetCallResponse) -> CallRecord:
    """Read a call, whole."""
    return CallRecord(
        call=call(message.call),
        turns=[turn(said) for said in message.turns],
        history=[
            StatusUpdate(
                status=_STATUSES[update.status],
                source=update.source,
                timestamp=time(update.timestamp),
                reason=update.reason,
                applied=update.applied,
                refusal=update.refusal,
            )
            for update in message.history
        ],
    )


def change(message: pb.WatchChangesResponse) -> Change:
    """Read a change; what this version does not know is a sign of life."""
    what: Customer | Call | TurnSaid | None = None
    match message.WhichOneof("what"):
        case "customer":
            what = customer(message.customer)
        case "call":
            what = call(message.call)
        case "turn":
            what = TurnSaid(call_id=message.turn.call_id, turn=turn(message.turn.turn))
    return Change(number=message.number, what=what)


def counts(message: pb.CountCustomersResponse) -> Counts:
    """Read how many borrowers have which status."""
    return Counts(counts={_STATUSES[one.call_status]: one.count for one in message.counts})


def time(timestamp: Timestamp) -> datetime:
    """Read a moment."""
    return timestamp.ToDatetime(tzinfo=UTC)
