"""All that a conversation can do, as one table: where we are and what was meant; where we go.

What a state says stands in `scenes.py`; how patience runs out, in `walk.py`. Three rules hold whatever is said, and
`tests/dialog/test_flow.py` walks the whole table to show them:

- Private scenes open only by a yes to the question who is there; only `Go.confirms` opens them.
- Every turn that awaits an answer ends with the question, so that a "yes" is an answer to that and nothing else.
- Each question is put a bounded number of times, and stages lead only forward: nobody is trapped.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from services.dialog.intents import Intent
from services.dialog.scenes import SCENES, Disposition, Stage, State


@dataclass(frozen=True, slots=True)
class Go:
    """Leave for another state."""

    to: State
    means: Disposition = Disposition.NONE
    """What the answer itself tells, where that is more than the state it leads to."""
    confirms: bool = False
    """True for the one answer that says who is there."""


@dataclass(frozen=True, slots=True)
class Noted:
    """Nothing is said, but the call has come to something."""

    means: Disposition


class Stay(StrEnum):
    """What we do where we are."""

    SILENTLY = "SILENTLY"
    """Nothing new is said."""
    REPEATING = "REPEATING"
    """The same words again."""
    EXPLAINING = "EXPLAINING"
    """Who calls; then the question again, or the rest of what was cut off."""
    APOLOGISING = "APOLOGISING"
    """Not understood: a word of excuse, and the question again."""
    NUDGING = "NUDGING"
    """Nothing heard: are you there, and the question again."""
    WAITING = "WAITING"
    """Silence of ours, and a longer patience."""
    GOING_ON = "GOING_ON"
    """The rest of what was cut off."""


Row = Mapping[Intent, Go | Noted | Stay]

_ANYWHERE: Final[Row] = {
    # Honoured wherever the borrower can speak, whoever it is: none of it tells anything private.
    Intent.AGENT: Go(State.TRANSFERRING_TO_AGENT),
    Intent.OPT_OUT: Go(State.OPTING_OUT),
    Intent.WRONG_NUMBER: Go(State.WRONG_PARTY),
    Intent.NOT_HERE: Go(State.THIRD_PARTY),
    Intent.CALL_LATER: Go(State.CONFIRMING_CALLBACK),
    Intent.DECEASED: Go(State.CONDOLING),
    Intent.RECORDING_OBJECTION: Go(State.RECORDING_REFUSED),
    Intent.ANNOUNCEMENT: Go(State.VOICEMAIL),
    Intent.DISTRESS: Go(State.TRANSFERRING_TO_AGENT, Disposition.VULN),
}

_ASKED: Final[Row] = {
    Intent.REPEAT: Stay.REPEATING,
    Intent.HELLO: Stay.REPEATING,
    # Which language is wanted is settled before the table is asked; what comes here wants the one we speak.
    Intent.CHANGE_LANGUAGE: Stay.REPEATING,
    Intent.WHO_IS_THIS: Stay.EXPLAINING,
    Intent.UNCLEAR: Stay.APOLOGISING,
    Intent.SILENCE: Stay.NUDGING,
}


def _who_is_there(on_yes: State) -> Row:
    return {
        **_ANYWHERE,
        **_ASKED,
        Intent.YES: Go(on_yes, confirms=True),
        Intent.GO_AHEAD: Stay.APOLOGISING,
        # "No" may mean "not I" as well as "not now": the number is not struck off, we try another day.
        Intent.NO: Go(State.THIRD_PARTY),
        Intent.WAIT: Go(State.HOLDING_FOR_BORROWER),
        Intent.ALREADY_PAID: Go(State.CONFIRMING_PAYER, Disposition.PAID),
        Intent.DISPUTE: Go(State.CONFIRMING_DISPUTER, Disposition.DISP),
        Intent.HARDSHIP: Go(State.CONFIRMING_HARDSHIP, Disposition.HARD),
    }


_NOTICE: Final[Row] = {
    # What is said over the notice, before anything was asked, answers nothing.
    **dict.fromkeys(Intent, Stay.SILENTLY),
    **_ANYWHERE,
}

_FIRST_ASKED: Final[Row] = {
    **_who_is_there(State.PLAYING_EMI_PART1),
    # "Tell me" is no name: the question is put once more.
    Intent.GO_AHEAD: Go(State.CONFIRMING_IDENTITY),
}

_HOLDING: Final[Row] = {
    **_FIRST_ASKED,
    # Whoever speaks now may be somebody else, who has heard neither the notice nor the question.
    **dict.fromkeys((*_ASKED, Intent.YES, Intent.GO_AHEAD), Go(State.INITIAL_GREETING)),
    Intent.WAIT: Stay.WAITING,
    Intent.SILENCE: Stay.NUDGING,
}

_UNSUPPORTED: Final[Row] = {
    **_ANYWHERE,
    **_ASKED,
    Intent.YES: Go(State.TRANSFERRING_TO_AGENT),
    Intent.GO_AHEAD: Go(State.TRANSFERRING_TO_AGENT),
    Intent.NO: Go(State.GOODBYE_DECLINE),
    Intent.WAIT: Stay.WAITING,
    **dict.fromkeys((Intent.ALREADY_PAID, Intent.DISPUTE, Intent.HARDSHIP), Stay.APOLOGISING),
}

_DETAILS: Final[Row] = {
    **_ANYWHERE,
    # A mere "haan", a cough or a word to somebody else in the room: the details go on where they were cut off.
    **dict.fromkeys((Intent.YES, Intent.GO_AHEAD, Intent.UNCLEAR, Intent.SILENCE, Intent.HELLO), Stay.GOING_ON),
    Intent.REPEAT: Stay.REPEATING,
    Intent.CHANGE_LANGUAGE: Stay.REPEATING,
    Intent.WHO_IS_THIS: Stay.EXPLAINING,
    Intent.WAIT: Stay.WAITING,
    # Does not want to hear more: a person is offered at once.
    Intent.NO: Go(State.ASKING_AGENT_CONNECT),
    Intent.ALREADY_PAID: Go(State.THANKING_FOR_PAYMENT),
    Intent.DISPUTE: Go(State.NOTING_DISPUTE),
    Intent.HARDSHIP: Go(State.NOTING_HARDSHIP),
    Intent.DISTRESS: Go(State.ASKING_AGENT_CONNECT, Disposition.VULN),
}

_OFFERED: Final[Row] = {
    **_ANYWHERE,
    **_ASKED,
    Intent.YES: Go(State.TRANSFERRING_TO_AGENT),
    # "Ji" acknowledges; it asks for nobody.
    Intent.GO_AHEAD: Stay.APOLOGISING,
    Intent.NO: Go(State.GOODBYE_DECLINE),
    Intent.WAIT: Stay.WAITING,
    Intent.ALREADY_PAID: Go(State.THANKING_FOR_PAYMENT),
    Intent.DISPUTE: Go(State.NOTING_DISPUTE),
    Intent.HARDSHIP: Go(State.NOTING_HARDSHIP),
}

_CLOSED: Final[Row] = {
    **dict.fromkeys(Intent, Stay.SILENTLY),
    Intent.AGENT: Go(State.TRANSFERRING_TO_AGENT),
    Intent.OPT_OUT: Go(State.OPTING_OUT),
    # Too late for an answer, not for the record.
    Intent.DECEASED: Noted(Disposition.DECD),
    Intent.WRONG_NUMBER: Noted(Disposition.WN),
    Intent.DISTRESS: Noted(Disposition.VULN),
}

_DECIDED: Final[Row] = {**_CLOSED, Intent.AGENT: Stay.SILENTLY, Intent.OPT_OUT: Noted(Disposition.DNC)}

_ROWS: Final[Mapping[State, Row]] = {
    **dict.fromkeys((state for state, scene in SCENES.items() if scene.stage is Stage.CLOSING), _CLOSED),
    **dict.fromkeys((State.TRANSFERRING_TO_AGENT, State.AGENT_UNAVAILABLE, State.VOICEMAIL, State.END), _DECIDED),
    State.OPTING_OUT: {**_CLOSED, Intent.OPT_OUT: Stay.SILENTLY},
    State.INITIAL_GREETING: _NOTICE,
    State.WAITING_FOR_LANG_DETECT: _FIRST_ASKED,
    State.CONFIRMING_IDENTITY: _who_is_there(State.PLAYING_EMI_PART1),
    State.CONFIRMING_PAYER: _who_is_there(State.THANKING_FOR_PAYMENT),
    State.CONFIRMING_DISPUTER: _who_is_there(State.NOTING_DISPUTE),
    State.CONFIRMING_HARDSHIP: _who_is_there(State.NOTING_HARDSHIP),
    State.HOLDING_FOR_BORROWER: _HOLDING,
    State.LANGUAGE_UNSUPPORTED: _NOTICE,
    State.LANGUAGE_UNSUPPORTED_HINDI: _UNSUPPORTED,
    State.PLAYING_EMI_PART1: _DETAILS,
    State.PLAYING_EMI_PART2: _DETAILS,
    State.ASKING_AGENT_CONNECT: _OFFERED,
    State.WAITING_AGENT_RESPONSE: _OFFERED,
    State.NOTING_DISPUTE: {**_OFFERED, Intent.DISPUTE: Stay.REPEATING, Intent.HARDSHIP: Stay.REPEATING},
    State.NOTING_HARDSHIP: {**_OFFERED, Intent.HARDSHIP: Stay.REPEATING},
}

FLOW: Final[Mapping[tuple[State, Intent], Go | Noted | Stay]] = {
    (state, intent): row[intent] for state, row in _ROWS.items() for intent in Intent
}
"""Where we are and what was meant: where we go. Total: every state knows every intent."""
