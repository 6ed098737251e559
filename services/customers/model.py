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


@dataclass(frozen=True, slots=True)
class UploadReport:
    """A file that was uploaded, and how far it is."""

    id: int
    filename: str
    lender_name: str
    """As it was said with the file; empty when the file says it."""
    upload_time: datetime
    status: str
    """processing, completed, completed_with_errors or failed."""
    failure: str
    """Why it failed; empty otherwise."""
    total_rows: int
    processed_count: int
    imported_count: int
    updated_count: int
    duplicate_count: int
    error_count: int


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


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell."""

    row: int
    """As a person counts it in the file; the header is row 1."""
    column: str
    """The header as it stands in the file."""
    code: str
    message: str
    warning: bool = False
    """True when the row is kept all the same."""


@dataclass(frozen=True, slots=True)
class LoanRow:
    """One good row of a file."""

    row: int
    name: str
    phone_number: str
    state: str
    loan_id: str
    lender_name: str
    amount_paise: int
    due_date: date
    language_code: str


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that has been read: what to keep, and what is wrong."""

    total_rows: int
    rows: list[LoanRow]
    repeated_rows: int
    """Rows that say again, word for word, what another row says; that one is in `rows`."""
    problems: list[Problem]

    @property
    def rejected_rows(self) -> int:
        """Rows left out."""
        return self.total_rows - len(self.rows) - self.repeated_rows


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A checked file as it goes on record: its rows written out, so that nobody has to read 100 000 of them again."""

    total_rows: int
    kept_rows: int
    repeated_rows: int
    problems: list[Problem]
    lines: bytes = b""
    """The rows as CSV in UTF-8, every value quoted, in the order of the fields of `LoanRow`."""

    @property
    def rejected_rows(self) -> int:
        """Rows left out."""
        return self.total_rows - self.kept_rows - self.repeated_rows


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. Each of its rows is counted in one of the four: imported, updated, duplicate, rejected."""

    upload_id: int
    total_rows: int
    imported_rows: int
    updated_rows: int
    duplicate_rows: int
    rejected_rows: int
    problems: list[Problem]
    customer_ids: list[int]
    already_imported: bool = False
