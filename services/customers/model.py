"""What this service knows, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final


class CallStatus(StrEnum):
    """What the line did."""

    READY = "ready"
    INITIATED = "initiated"
    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    AGENT_TRANSFER = "agent_transfer"
    COMPLETED = "completed"
    FAILED = "failed"
    NOT_PICKED = "not_picked"


FINAL: Final = frozenset({CallStatus.COMPLETED, CallStatus.FAILED, CallStatus.NOT_PICKED})
"""Statuses after which an attempt is over."""


class Direction(StrEnum):
    """Who rang whom."""

    OUTBOUND = "outbound"
    INBOUND = "inbound"


class Speaker(StrEnum):
    """Who speaks."""

    BOT = "bot"
    BORROWER = "borrower"


class Verdict(StrEnum):
    """What became of an event; the functions in `migrations/0003_call_functions.sql` tell each one's meaning."""

    APPLIED = "applied"
    DUPLICATE = "duplicate"
    REPEATED = "repeated"
    ILLEGAL = "illegal"
    CONFLICT = "conflict"
    NO_CALL = "no_call"


@dataclass(frozen=True, slots=True)
class Customer:
    """A borrower with one loan."""

    id: int
    name: str
    phone_number: str
    """E.164."""
    state: str
    loan_id: str
    lender_name: str
    amount_paise: int
    due_date: date
    language_code: str
    """What the borrower is known to want; empty when not known."""
    call_status: CallStatus
    version: int
    updated_at: datetime
    alternate_phone: str = ""
    """E.164; empty when there is none. Nobody is called there."""
    details: Mapping[str, str] = field(default_factory=dict)
    """What else the file said, by the names of its optional columns."""


@dataclass(frozen=True, slots=True)
class Call:
    """One attempt to speak with a borrower."""

    id: str
    call_sid: str
    """The carrier's id; empty before it is known."""
    customer_id: int
    direction: Direction
    phone_number: str
    status: CallStatus
    reason: str
    disposition: str
    language_used: str
    verified: bool
    start_time: datetime
    answer_time: datetime | None
    end_time: datetime | None
    callback_at: datetime | None = None
    """For when the next call is queued that the borrower asked for; None when none was asked."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One thing said in a call. Times are milliseconds since the borrower answered."""

    sequence: int
    speaker: Speaker
    state: str
    text: str
    language: str
    intent: str
    decided_by: str
    started_ms: int
    ended_ms: int
    interrupted: bool


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """One entry of a call's history."""

    status: CallStatus
    source: str
    timestamp: datetime
    reason: str
    applied: bool
    refusal: str
    """'repeated', 'illegal' or 'conflict'; empty when applied."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call, whole."""

    call: Call
    turns: list[Turn]
    history: list[StatusUpdate]


@dataclass(frozen=True, slots=True)
class StatusTold:
    """The line did something."""

    status: CallStatus
    reason: str = ""
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FactsTold:
    """Something became known; what is empty says nothing."""

    call_sid: str = ""
    language_used: str = ""
    verified: bool = False
    disposition: str = ""
    callback_words: str = ""
    callback_time: datetime | None = None
    """What the words name; None when they name none."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a call."""

    key: str
    """Unique in its call, and the same each time the same thing is told."""
    source: str
    timestamp: datetime
    what: StatusTold | FactsTold | Turn


@dataclass(frozen=True, slots=True)
class CustomerFilter:
    """Which borrowers to list; what is empty filters nothing."""

    call_status: str = ""
    state: str = ""
    language_code: str = ""
    text: str = ""
    upload_id: int = 0


class CustomerOrder(StrEnum):
    """By what borrowers are sorted."""

    ID = "id"
    NAME = "name"
    AMOUNT = "amount_paise"
    DUE_DATE = "due_date"
    UPDATED = "updated_at"


@dataclass(frozen=True, slots=True)
class Sorting:
    """In what order borrowers are listed; those that are equal in it follow their ids."""

    by: CustomerOrder = CustomerOrder.ID
    descending: bool = False

    def key(self, customer: Customer) -> tuple[str, int]:
        """Return where in this order a borrower stands: the value as text, and the id."""
        value = getattr(customer, self.by)
        return value.isoformat() if isinstance(value, date) else str(value), customer.id


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Which calls to list; what is empty filters nothing."""

    customer_id: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True)
class TurnChange:
    """Something was said."""

    call_id: str
    customer_id: int
    turn: Turn


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the record: what changed, as it now is."""

    number: int
    what: Customer | Call | TurnChange
