"""What a call is made of: its brief, its turns, what is heard, and how it ends."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Brief:
    """What a call knows of the borrower and the loan; every text is as on record."""

    call_id: str
    customer_id: int = 0
    """0 when nobody is known by the number that rang us."""
    customer_name: str = ""
    lender_name: str = ""
    loan_id: str = ""
    amount_paise: int = 0
    due_date: str = ""
    state: str = ""
    language: str = ""
    inbound: bool = False
    """True when the borrower rang us."""
    simple_flow: bool = False
    """True when dialog finds out the language as for older integrations; the socket that was opened tells."""


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to be spoken."""

    text: str
    personal: bool = False
    """True when it holds a borrower's own data."""


Lines = tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a call will most likely need; all lines in `language`."""

    language: str
    greeting: Lines
    likely: Lines = ()
    hold: Lines = ()
    """Said when the dialog is long in answering."""
    goodbye: Lines = ()
    """Said before a call that cannot go on is ended."""


class Next(StrEnum):
    """What follows a turn's lines."""

    LISTEN = "listen"
    CONTINUE = "continue"
    TRANSFER = "transfer"
    HANG_UP = "hang_up"


class Answer(StrEnum):
    """What kind of answer is awaited: it decides how long a pause may be."""

    SHORT = "short"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Expectation:
    """How to hear what comes next; an empty language is to be found out."""

    answer: Answer = Answer.OPEN
    language: str = ""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How the borrower's last words were understood."""

    intent: str
    language: str = ""
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """What a call has established so far; empty means not known yet."""

    language: str = ""
    verified: bool = False
    disposition: str = ""
    callback_words: str = ""
    callback_at: datetime | None = None
    """The time that those words name; None when they name none."""


@dataclass(frozen=True, slots=True)
class DialogEvent:
    """Something that users know by name, such as LANGUAGE_DETECTED."""

    name: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of ours: what to say, and what to do when it was heard."""

    number: int
    next: Next
    state: str = ""
    language: str = ""
    lines: Lines = ()
    interruptible: bool = False
    answer: Answer = Answer.OPEN
    listen_for: float = 8.0
    """Seconds of silence after the lines, before the borrower is taken to say nothing."""
    detect_language: bool = False
    understanding: Understanding | None = None
    facts: Facts = Facts()
    snapshot: bytes = b""
    prepare: Lines = ()
    events: tuple[DialogEvent, ...] = ()


# What dialog is told.


@dataclass(frozen=True, slots=True)
class Heard:
    """The borrower's words; `lost` when they got lost on the way."""

    text: str = ""
    language: str = ""
    language_confidence: float = 0.0
    lost: bool = False


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the phone: 0-9, * or #."""

    digit: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """The borrower said nothing for as long as the turn said."""


@dataclass(frozen=True, slots=True)
class Played:
    """What the borrower heard of a turn."""

    turn: int
    heard_ms: int = 0
    lines_heard: int = 0
    interrupted: bool = False
    failed: bool = False


Told = Heard | KeyPressed | NoInput | Played


# What speech hears. Positions are milliseconds of the line since the stream was opened.


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The borrower began to speak."""

    utterance: int


@dataclass(frozen=True, slots=True)
class BargedIn:
    """The borrower has taken the floor: sustained speech while our side spoke."""

    utterance: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The turn has ended; its transcript follows."""

    utterance: int
    started_ms: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The words of one turn; `lost` when no way of recognising them worked."""

    utterance: int
    text: str = ""
    language: str = ""
    language_confidence: float = 0.0
    started_ms: int = 0
    ended_ms: int = 0
    lost: bool = False


Hearing = SpeechStarted | BargedIn | SpeechEnded | Transcribed


# How calls end, and what the record is told.


class Status(StrEnum):
    """What a line did, by the names that users know."""

    RINGING = "ringing"
    IN_PROGRESS = "in_progress"
    AGENT_TRANSFER = "agent_transfer"
    COMPLETED = "completed"
    FAILED = "failed"
    NOT_PICKED = "not_picked"

    @property
    def final(self) -> bool:
        """True when nothing can follow."""
        return self in (Status.COMPLETED, Status.FAILED, Status.NOT_PICKED)


class Reason(StrEnum):
    """Why a call ended: a closed set, which the record keeps beside the status."""

    CONVERSATION_DONE = "conversation_done"
    NO_RESPONSE = "no_response"
    WRONG_PERSON = "wrong_person"
    VOICEMAIL = "voicemail"
    HUNG_UP = "hung_up"
    HUNG_UP_EARLY = "hung_up_early"
    """The borrower rang off before saying anything."""
    TIME_LIMIT = "time_limit"
    CARRIER_STOPPED = "carrier_stopped"
    AGENT_TRANSFER = "agent_transfer"
    """Handed over to a person; with COMPLETED, to one who took the call."""
    HUNG_UP_WAITING_FOR_AGENT = "hung_up_waiting_for_agent"
    UNKNOWN_CALLER = "unknown_caller"

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CANCELED = "canceled"

    MEDIA_LOST = "media_lost"
    DIALOG_LOST = "dialog_lost"
    SPEECH_LOST = "speech_lost"
    AGENT_UNREACHABLE = "agent_unreachable"
    DRAIN_TIMEOUT = "drain_timeout"
    SOCKET_NEVER_OPENED = "socket_never_opened"
    CARRIER_FAILED = "carrier_failed"
    NEVER_PLACED = "never_placed"
    TELEPHONY_LOST = "telephony_lost"
    INTERNAL_ERROR = "internal_error"


@dataclass(frozen=True, slots=True)
class Ending:
    """How our part of a call ended: `AGENT_TRANSFER` when a person takes over, else a final status."""

    status: Status
    reason: str


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """The line did something."""

    key: str
    at: datetime
    status: Status
    reason: str = ""
    source: str = "bot"
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TurnEvent:
    """Something was said; times are milliseconds since the borrower answered."""

    key: str
    at: datetime
    sequence: int
    by_bot: bool
    state: str
    text: str
    language: str
    started_ms: int
    ended_ms: int
    intent: str = ""
    decided_by: str = ""
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class FactsEvent:
    """Something became known; empty fields leave what was known."""

    key: str
    at: datetime
    facts: Facts = Facts()
    call_sid: str = ""


RecordEvent = StatusEvent | TurnEvent | FactsEvent
