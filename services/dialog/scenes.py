"""The states of a conversation, and what each of them says."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from services.dialog.templates import Prompt
from services.dialog.turns import Next


class State(StrEnum):
    """Where a conversation is. The first eight and the last are the names that users know."""

    INITIAL_GREETING = "INITIAL_GREETING"
    """Who calls, and that the call is recorded; heard to its end before anybody can say yes to anything."""
    WAITING_FOR_LANG_DETECT = "WAITING_FOR_LANG_DETECT"
    """Asks for the borrower by name; the answer tells the language too."""
    PLAYING_EMI_PART1 = "PLAYING_EMI_PART1"
    PLAYING_EMI_PART2 = "PLAYING_EMI_PART2"
    ASKING_AGENT_CONNECT = "ASKING_AGENT_CONNECT"
    WAITING_AGENT_RESPONSE = "WAITING_AGENT_RESPONSE"
    """The offer of an agent was put again."""
    TRANSFERRING_TO_AGENT = "TRANSFERRING_TO_AGENT"
    GOODBYE_DECLINE = "GOODBYE_DECLINE"

    CONFIRMING_IDENTITY = "CONFIRMING_IDENTITY"
    """Whoever answered has not said clearly who they are."""
    CONFIRMING_PAYER = "CONFIRMING_PAYER"
    """Said "I have paid" before saying who they are; the next three are like it."""
    CONFIRMING_DISPUTER = "CONFIRMING_DISPUTER"
    CONFIRMING_HARDSHIP = "CONFIRMING_HARDSHIP"
    HOLDING_FOR_BORROWER = "HOLDING_FOR_BORROWER"
    """Asked us to wait before saying who they are: somebody else may come to the phone."""
    LANGUAGE_UNSUPPORTED = "LANGUAGE_UNSUPPORTED"
    """Wants a language that we do not speak: an agent is offered in English, and in the next state in Hindi."""
    LANGUAGE_UNSUPPORTED_HINDI = "LANGUAGE_UNSUPPORTED_HINDI"
    NOTING_DISPUTE = "NOTING_DISPUTE"
    NOTING_HARDSHIP = "NOTING_HARDSHIP"

    THANKING_FOR_PAYMENT = "THANKING_FOR_PAYMENT"
    CONFIRMING_CALLBACK = "CONFIRMING_CALLBACK"
    WRONG_PARTY = "WRONG_PARTY"
    THIRD_PARTY = "THIRD_PARTY"
    OPTING_OUT = "OPTING_OUT"
    CONDOLING = "CONDOLING"
    RECORDING_REFUSED = "RECORDING_REFUSED"
    AGENT_UNAVAILABLE = "AGENT_UNAVAILABLE"
    GOODBYE_UNCONFIRMED = "GOODBYE_UNCONFIRMED"
    NO_INPUT_GOODBYE = "NO_INPUT_GOODBYE"
    VOICEMAIL = "VOICEMAIL"
    UNKNOWN_CALLER = "UNKNOWN_CALLER"
    TECHNICAL_GOODBYE = "TECHNICAL_GOODBYE"
    END = "END"


class Disposition(StrEnum):
    """What a call achieved, by the codes of collections, from the weakest to the strongest.

    A call keeps the strongest it has come to: who disputes and is then put through stays a dispute.
    """

    NONE = ""
    SILENT = "SILENT"
    MACHINE = "MACHINE"
    HANGUP_EARLY = "HANGUP_EARLY"
    RPC_PART = "RPC_PART"
    RPC_INFO = "RPC_INFO"
    XFER_OK = "XFER_OK"
    XFER_FAIL = "XFER_FAIL"
    TPC = "TPC"
    LANG = "LANG"
    CB = "CB"
    PAID = "PAID"
    HARD = "HARD"
    REC_OBJECT = "REC_OBJECT"
    DISP = "DISP"
    WN = "WN"
    DNC = "DNC"
    VULN = "VULN"
    DECD = "DECD"

    def or_stronger(self, other: "Disposition") -> "Disposition":
        """Return whichever of the two tells more."""
        order = list(Disposition)
        return max(self, other, key=order.index)


class Part(StrEnum):
    """How much of a prompt is said."""

    WHOLE = "WHOLE"
    NOTICE = "NOTICE"
    """All but the last sentence of a greeting: who calls, and that it is recorded."""
    QUESTION = "QUESTION"
    """The last sentence of a greeting: is it you?"""


@dataclass(frozen=True, slots=True)
class Saying:
    """One prompt, or a part of it."""

    prompt: Prompt
    part: Part = Part.WHOLE


class Question(StrEnum):
    """What is being asked. A question may be put in several states; its patience is one."""

    IDENTITY = "IDENTITY"
    LANGUAGE = "LANGUAGE"
    AGENT = "AGENT"


class Stage(IntEnum):
    """How far a call has come. Moves to a later stage begin with fresh patience, all others use it up."""

    WHO = 0
    PART1 = 1
    PART2 = 2
    OFFER = 3
    CLOSING = 4


@dataclass(frozen=True, slots=True)
class Scene:
    """What a state says when it is entered, and what follows."""

    stage: Stage
    say: tuple[Saying, ...] = ()
    next: Next = Next.LISTEN
    onward: State | None = None
    """Where it goes by itself, after CONTINUE."""
    asks: Question | None = None
    private: bool = False
    """True when only the borrower may hear it."""
    interruptible: bool = False
    means: Disposition = Disposition.NONE
    """What the call has come to when it gets here."""
    told: Disposition = Disposition.NONE
    """What it has come to when all was said."""
    repeat: tuple[Saying, ...] = ()
    """What is said on "please repeat", where that is more than `say`."""
    asked_again: State | None = None
    """Where the question stands once it was put again; None for the same state."""
    without_agents: State | None = None
    """Where to go instead while no agent is at work."""


def _identity(prompt: Prompt) -> Scene:
    return Scene(Stage.WHO, (Saying(prompt),), asks=Question.IDENTITY, interruptible=True)


def _details(prompt: Prompt, stage: Stage, onward: State, told: Disposition) -> Scene:
    return Scene(
        stage,
        (Saying(prompt),),
        Next.CONTINUE,
        onward=onward,
        private=True,
        interruptible=True,
        means=Disposition.RPC_PART,
        told=told,
    )


def _offer(
    prompt: Prompt,
    means: Disposition = Disposition.NONE,
    *,
    asked_again: State | None = None,
    without_agents: State = State.AGENT_UNAVAILABLE,
) -> Scene:
    return Scene(
        Stage.OFFER,
        (Saying(prompt),),
        asks=Question.AGENT,
        private=True,
        interruptible=True,
        means=means,
        asked_again=asked_again,
        without_agents=without_agents,
    )


def _closing(*prompts: Prompt, means: Disposition = Disposition.NONE, private: bool = False) -> Scene:
    return Scene(Stage.CLOSING, tuple(map(Saying, prompts)), Next.HANG_UP, means=means, private=private)


SCENES: Final[Mapping[State, Scene]] = {
    State.INITIAL_GREETING: Scene(
        Stage.WHO,
        (Saying(Prompt.GREETING, Part.NOTICE),),
        Next.CONTINUE,
        onward=State.WAITING_FOR_LANG_DETECT,
        asks=Question.IDENTITY,
    ),
    State.WAITING_FOR_LANG_DETECT: Scene(
        Stage.WHO,
        (Saying(Prompt.GREETING, Part.QUESTION),),
        asks=Question.IDENTITY,
        interruptible=True,
        repeat=(Saying(Prompt.GREETING),),
    ),
    State.CONFIRMING_IDENTITY: _identity(Prompt.IDENTITY_AGAIN),
    State.CONFIRMING_PAYER: _identity(Prompt.IDENTITY_AGAIN),
    State.CONFIRMING_DISPUTER: _identity(Prompt.IDENTITY_AGAIN),
    State.CONFIRMING_HARDSHIP: _identity(Prompt.IDENTITY_AGAIN),
    State.HOLDING_FOR_BORROWER: Scene(Stage.WHO, asks=Question.IDENTITY, repeat=(Saying(Prompt.IDENTITY_AGAIN),)),
    State.LANGUAGE_UNSUPPORTED: Scene(
        Stage.WHO,
        (Saying(Prompt.LANGUAGE_UNSUPPORTED),),
        Next.CONTINUE,
        onward=State.LANGUAGE_UNSUPPORTED_HINDI,
        asks=Question.LANGUAGE,
        means=Disposition.LANG,
    ),
    State.LANGUAGE_UNSUPPORTED_HINDI: Scene(
        Stage.WHO,
        (Saying(Prompt.LANGUAGE_UNSUPPORTED),),
        asks=Question.LANGUAGE,
        interruptible=True,
        means=Disposition.LANG,
    ),
    State.PLAYING_EMI_PART1: _details(
        Prompt.EMI_DETAILS_PART1, Stage.PART1, State.PLAYING_EMI_PART2, Disposition.RPC_PART
    ),
    State.PLAYING_EMI_PART2: _details(
        Prompt.EMI_DETAILS_PART2, Stage.PART2, State.ASKING_AGENT_CONNECT, Disposition.RPC_INFO
    ),
    State.ASKING_AGENT_CONNECT: _offer(
        Prompt.AGENT_CONNECT, asked_again=State.WAITING_AGENT_RESPONSE, without_agents=State.GOODBYE_DECLINE
    ),
    State.WAITING_AGENT_RESPONSE: _offer(Prompt.AGENT_CONNECT, without_agents=State.GOODBYE_DECLINE),
    State.NOTING_DISPUTE: _offer(Prompt.DISPUTE, Disposition.DISP),
    State.NOTING_HARDSHIP: _offer(Prompt.HARDSHIP, Disposition.HARD),
    State.TRANSFERRING_TO_AGENT: Scene(
        Stage.CLOSING,
        (Saying(Prompt.TRANSFERRING),),
        Next.TRANSFER,
        means=Disposition.XFER_OK,
        without_agents=State.AGENT_UNAVAILABLE,
    ),
    State.AGENT_UNAVAILABLE: _closing(Prompt.AGENT_UNAVAILABLE, means=Disposition.XFER_FAIL),
    State.GOODBYE_DECLINE: _closing(Prompt.GOODBYE),
    State.GOODBYE_UNCONFIRMED: _closing(Prompt.GOODBYE, means=Disposition.HANGUP_EARLY),
    State.NO_INPUT_GOODBYE: _closing(Prompt.NO_INPUT_GOODBYE, means=Disposition.SILENT),
    State.THANKING_FOR_PAYMENT: _closing(Prompt.ALREADY_PAID, Prompt.GOODBYE, means=Disposition.PAID, private=True),
    State.CONFIRMING_CALLBACK: _closing(Prompt.CALLBACK_CONFIRM, means=Disposition.CB),
    State.WRONG_PARTY: _closing(Prompt.WRONG_PARTY, means=Disposition.WN),
    State.THIRD_PARTY: _closing(Prompt.THIRD_PARTY, means=Disposition.TPC),
    State.OPTING_OUT: _closing(Prompt.OPT_OUT, means=Disposition.DNC),
    State.CONDOLING: _closing(Prompt.CONDOLENCE, means=Disposition.DECD),
    State.RECORDING_REFUSED: _closing(Prompt.RECORDING_OBJECTION, means=Disposition.REC_OBJECT),
    State.VOICEMAIL: _closing(means=Disposition.MACHINE),
    State.UNKNOWN_CALLER: _closing(Prompt.UNKNOWN_CALLER),
    State.TECHNICAL_GOODBYE: _closing(Prompt.TECHNICAL_GOODBYE),
    State.END: _closing(),
}

PUT_AGAIN: Final[Mapping[Question, Prompt]] = {
    Question.IDENTITY: Prompt.IDENTITY_AGAIN,
    Question.LANGUAGE: Prompt.LANGUAGE_UNSUPPORTED,
    Question.AGENT: Prompt.AGENT_CONNECT,
}
"""The words in which a question is put again."""

GIVE_UP: Final[Mapping[Question, State]] = {
    Question.IDENTITY: State.GOODBYE_UNCONFIRMED,
    Question.LANGUAGE: State.GOODBYE_DECLINE,
    # Not to an agent: the borrower has heard all and asked for nobody, and an agent would find a line of noise.
    Question.AGENT: State.GOODBYE_DECLINE,
}
"""Where a question ends that gets no clear answer."""

MAX_UNCLEAR: Final = 2
"""How often a question is put again after answers that say nothing clear."""
MAX_SILENT: Final = 2
"""How often in a row it is put again after silence."""
MAX_ASKED: Final = 6
"""How often it is put again in all: repeated, explained, in another language."""
MAX_CUTS: Final = 3
"""How often the details may be cut off and gone on with; after that they are said to their end."""
MAX_LOST: Final = 2
"""How often in a row the borrower is asked again for words that were lost on the way."""
MAX_FAILURES: Final = 2
"""How many turns of a call may fail to be said."""
