"""What goes into a conversation and what comes out of it, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from services.dialog.templates import Line


class Next(StrEnum):
    """What follows a turn's lines."""

    LISTEN = "LISTEN"
    CONTINUE = "CONTINUE"
    TRANSFER = "TRANSFER"
    HANG_UP = "HANG_UP"


class Answer(StrEnum):
    """What kind of answer is awaited."""

    NONE = "NONE"
    SHORT = "SHORT"
    OPEN = "OPEN"


class DecidedBy(StrEnum):
    """What decided how words are understood."""

    LEXICON = "lexicon"
    RULES = "rules"
    MODEL = "model"
    NONE = "none"


class Flow(StrEnum):
    """How the language of a call is found out."""

    FULL = "FULL"
    SIMPLE = "SIMPLE"


@dataclass(frozen=True, slots=True)
class Brief:
    """What a call knows of the borrower and the loan, as the record has it."""

    call_id: str
    customer_id: int
    customer_name: str
    lender_name: str
    loan_id: str
    amount_paise: int
    due_date: str
    state: str
    language: str = ""
    """The language that the borrower is known to want; empty when not known."""
    inbound: bool = False
    """True when the borrower rang us."""

    @property
    def knows_whom(self) -> bool:
        """Tell whether there is a borrower at all; somebody unknown may ring us."""
        return self.customer_id > 0 and bool(self.customer_name.strip())


@dataclass(frozen=True, slots=True)
class Heard:
    """What the borrower said."""

    text: str
    language: str = ""
    """What the recogniser heard; empty when it does not say."""
    confidence: float = 0.0
    """How sure it is of the language, 0 to 1."""
    lost: bool = False
    """True when the words were lost on the way."""


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """A key of the phone: one of 0-9, * and #."""

    digit: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """The borrower said nothing for as long as the turn said."""


@dataclass(frozen=True, slots=True)
class Played:
    """How much of a turn the borrower heard."""

    turn: int
    heard_s: float = 0.0
    lines_heard: int = 0
    """Lines heard to their end."""
    interrupted: bool = False
    """Cut off by the borrower."""
    failed: bool = False
    """Not said, or not to its end, through no act of the borrower."""


@dataclass(frozen=True, slots=True)
class Finished:
    """The call has ended."""

    reason: str = ""


Happening = Heard | KeyPressed | NoInput | Played | Finished
"""What can happen on the line once a call has begun."""


@dataclass(frozen=True, slots=True)
class Understanding:
    """How words were understood."""

    intent: str
    language: str
    confidence: float
    decided_by: DecidedBy


@dataclass(frozen=True, slots=True)
class Facts:
    """What a call has established."""

    language: str
    verified: bool = False
    disposition: str = ""
    callback_words: str = ""
    callback_at: datetime | None = None
    """The time that those words name; None when they name none."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling the record, by the name that users know."""

    name: str
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of ours; the fields are those of `voice.dialog.v1.Turn`."""

    number: int
    state: str
    language: str
    lines: tuple[Line, ...]
    interruptible: bool
    next: Next
    answer: Answer
    listen_for_s: float
    detect_language: bool
    understanding: Understanding | None
    facts: Facts
    snapshot: bytes
    prepare: tuple[Line, ...] = ()
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a conversation came to."""

    turns: int
    facts: Facts


LANGUAGE_DETECTED: Final = "LANGUAGE_DETECTED"
LANGUAGE_SWITCH_DETECTED: Final = "LANGUAGE_SWITCH_DETECTED"
GREETING_REPLAYED_NEW_LANG: Final = "GREETING_REPLAYED_NEW_LANG"
