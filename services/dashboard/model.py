"""What the dashboard knows, in plain values that also say how they look in JSON."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, computed_field


class Value(BaseModel):
    """A value: it never changes."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


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

    @classmethod
    def _missing_(cls, value: object) -> "CallStatus | None":
        return cls.INITIATED if value == "calling" else None  # its other name

    @property
    def lives(self) -> bool:
        """Whether a call with this status goes on."""
        return self in (self.INITIATED, self.RINGING, self.IN_PROGRESS, self.AGENT_TRANSFER)


class Customer(Value):
    """A borrower with one loan."""

    id: int
    name: str
    phone_number: str
    """E.164; all but the last four digits are hidden from viewers."""
    state: str
    loan_id: str
    lender_name: str
    amount_paise: int
    due_date: date
    language_code: str
    """What the borrower is known to want; empty when not known."""
    call_status: CallStatus
    version: int
    """Rises by one with each change."""
    updated_at: datetime
    alternate_phone: str = ""
    """A second number from the file, hidden like the first; no call is placed to it. Empty when there is none."""
    details: dict[str, str] = Field(default_factory=dict)
    """What else the file said, such as product, bucket or branch; hidden from viewers."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def amount(self) -> str:
        """The instalment due in rupees, such as "4550.50"."""
        return f"{self.amount_paise // 100}.{self.amount_paise % 100:02d}"


class Call(Value):
    """One attempt to speak with a borrower."""

    call_id: str
    call_sid: str
    """The carrier's id; empty before it is known."""
    customer_id: int
    customer_name: str = ""
    status: CallStatus
    reason: str
    """Why, such as "no_answer"; empty while it lives."""
    disposition: str
    """What was achieved, such as "RPC_INFO"; empty when nothing."""
    language_used: str
    verified: bool
    """True when the borrower confirmed who they are."""
    direction: Literal["outbound", "inbound"]
    start_time: datetime
    answer_time: datetime | None
    end_time: datetime | None
    callback_at: datetime | None = None
    """For when the next call is queued that the borrower asked for."""


class Turn(Value):
    """One thing said in a call. Times are milliseconds since the borrower answered."""

    sequence: int
    speaker: Literal["bot", "borrower"]
    state: str
    """State of the conversation."""
    text: str
    language: str
    intent: str
    """What the borrower meant; empty for our own turns."""
    decided_by: str
    """What decided that: lexicon, rules, model or none."""
    started_ms: int
    ended_ms: int
    interrupted: bool
    """True when the borrower cut it off."""


class StatusUpdate(Value):
    """One entry of a call's history."""

    status: CallStatus
    source: str
    """Who told it: bot, carrier, operator or reaper."""
    timestamp: datetime
    reason: str
    applied: bool
    """True when the record took it."""
    refusal: str
    """Why not, such as "illegal" or "conflict"; empty when applied."""


class CallRecord(Value):
    """One call, whole."""

    call: Call
    turns: list[Turn]
    history: list[StatusUpdate]


class CustomerFilter(Value):
    """Which borrowers; what is empty filters nothing."""

    call_status: CallStatus | None = None
    state: str = ""
    language_code: str = ""
    text: str = ""
    upload_id: int = 0


class CallFilter(Value):
    """Which calls; what is empty filters nothing."""

    customer_id: int = 0
    status: CallStatus | None = None


class Order(StrEnum):
    """By what borrowers are sorted."""

    ID = "id"
    NAME = "name"
    AMOUNT = "amount"
    DUE_DATE = "due_date"
    UPDATED = "updated"


class Sort(Value):
    """In what order; those that are equal follow their ids."""

    by: Order = Order.ID
    descending: bool = False


class Page(Value):
    """Which part of a list."""

    size: int = 50
    token: str = ""


class CustomersPage(Value):
    """Some borrowers."""

    customers: list[Customer]
    next_page_token: str
    """Where to go on; empty when this was the last page."""


class CallsPage(Value):
    """Some calls."""

    calls: list[Call]
    next_page_token: str
    """Where to go on; empty when this was the last page."""


class Counts(Value):
    """Borrowers by status."""

    counts: dict[CallStatus, int]
    """Statuses that nobody has are left out."""


class Wanted(Value):
    """Calls that somebody asks for: to `customer_ids`, or to all that match."""

    idempotency_key: str = ""
    customer_ids: list[int] = []
    all_matching: CustomerFilter | None = None
    dry_run: bool = False
    requested_by: str


class Outcome(Value):
    """Borrowers to whom the same happened."""

    code: str
    """Why: ALLOWED, or the rule that refuses or defers, such as OUTSIDE_CALL_WINDOW, ALREADY_QUEUED, DNC, CAP_DAY."""
    message: str
    queued: bool
    """True when they are queued (or would be): now, or for `not_before`."""
    not_before: datetime | None
    """When the first of them may be called; absent when nothing is waited for."""
    count: int
    customer_ids: list[int]
    """The first 10000."""


class Queued(Value):
    """What became of a request for calls."""

    campaign_id: int
    """0 after a dry run, or when nobody could be queued."""
    outcomes: list[Outcome]
    """The queued ones first."""


class CampaignState(StrEnum):
    """What a campaign does."""

    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    CANCELLED = "cancelled"


class Action(StrEnum):
    """What to do with a campaign."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"


class Campaign(Value):
    """Calls that were queued together."""

    id: int
    state: CampaignState
    requested_by: str
    created_at: datetime
    total: int
    waiting: int
    calling: int
    """In a call at this moment."""
    done: int
    dropped: int
    """Taken out by a rule at the last moment, or by cancelling."""


class CampaignsPage(Value):
    """Some campaigns."""

    campaigns: list[Campaign]
    next_page_token: str
    """Where to go on; empty when this was the last page."""


class LiveCall(Value):
    """A call as the phone sees it."""

    call_id: str
    dialog_state: str
    language: str


class TurnSaid(Value):
    """Something was said."""

    call_id: str
    turn: Turn


class Change(Value):
    """One change of the record; with nothing changed it is a sign of life."""

    number: int
    what: Customer | Call | TurnSaid | None
