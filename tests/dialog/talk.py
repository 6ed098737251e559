"""Somebody to talk with: plays turns as a telephone would, and tells the conversation what came of it."""

from dataclasses import dataclass, field
from datetime import datetime

from services.dialog.conversation import Conversation, Languages, Rules
from services.dialog.deciding import Verdict
from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Reader, Reading
from services.dialog.script import Script
from services.dialog.turns import Brief, DecidedBy, Flow, Heard, Next, Note, Played, Summary, Turn
from voicekit.clock import INDIA
from voicekit.languages import LANGUAGES

BRIEF = Brief(
    call_id="call-1",
    customer_id=12,
    customer_name="Kamala Devi",
    lender_name="Asha Finance",
    loan_id="LN00204521",
    amount_paise=4_550_00,
    due_date="2026-12-05",
    state="Karnataka",
)
NOW = datetime(2026, 11, 22, 11, 0, tzinfo=INDIA)
TODAY = NOW.date()


def read_codes(heard: Heard, *, language: str, last_language: str, switches: int) -> Reading:
    """Read words that are codes: "YES"; "YES in ta-IN"; "want ta-IN"; "want as-IN". Other words are UNCLEAR."""
    words = heard.text.split()
    if words[0] == "want":
        wanted = words[1] if len(words) > 1 else ""
        known = wanted in LANGUAGES
        return Reading(
            Intent.CHANGE_LANGUAGE,
            1.0,
            DecidedBy.LEXICON,
            language,
            wanted=wanted if known else "",
            explicit=True,
            unsupported=bool(wanted) and not known,
            reason="request",
        )
    intent = Intent(words[0]) if words[0] in set(Intent) else Intent.UNCLEAR
    spoken = words[-1] if words[-1] in LANGUAGES else language
    wanted = spoken if spoken != language else ""
    by = DecidedBy.NONE if intent is Intent.UNCLEAR else DecidedBy.LEXICON
    return Reading(intent, 1.0, by, spoken, wanted, reason="script", negated="not" in words)


def conversation(
    brief: Brief = BRIEF,
    language: str = "en-IN",
    *,
    read: Reader = read_codes,
    rules: Rules | None = None,
    fallback: str = "en-IN",
    home: str = "",
    flow: Flow = Flow.FULL,
) -> Conversation:
    languages = Languages(language, home or language, fallback)
    script = Script(brief, NOW.date())
    return Conversation(brief, script, read, languages, rules=rules or Rules(), now=lambda: NOW, flow=flow)


@dataclass
class Talk:
    """One call; each of its methods returns the state that it led to."""

    conversation: Conversation
    snapshot: bytes = b""
    pause_at: str = ""
    """The state whose turns are begun, but not played to their end by themselves."""
    turns: list[Turn] = field(default_factory=list)
    doubt: Doubt | None = None

    def __post_init__(self) -> None:
        self._follow(self.conversation.begin(self.snapshot))

    @property
    def now(self) -> Turn:
        return self.turns[-1]

    @property
    def state(self) -> str:
        return self.now.state

    @property
    def ended(self) -> bool:
        return self.now.next in (Next.HANG_UP, Next.TRANSFER)

    @property
    def states(self) -> list[str]:
        """The states in their order, each once in a row."""
        states = [turn.state for turn in self.turns]
        return [state for at, state in enumerate(states) if at == 0 or states[at - 1] != state]

    @property
    def notes(self) -> list[Note]:
        return [note for turn in self.turns for note in turn.notes]

    @property
    def words(self) -> list[str]:
        return [line.text for turn in self.turns for line in turn.lines]

    def says(self, text: str, language: str = "", confidence: float = 0.0) -> str:
        return self.hears(Heard(text, language, confidence))

    def hears(self, heard: Heard) -> str:
        answer = self.conversation.heard(heard)
        self.doubt = answer if isinstance(answer, Doubt) else None
        return self._follow(None if isinstance(answer, Doubt) else answer)

    def is_decided(self, intent: Intent) -> str:
        assert self.doubt is not None
        return self._follow(self.conversation.decided(self.doubt, Verdict(intent, 0.9, DecidedBy.MODEL)))

    def presses(self, digit: str) -> str:
        return self._follow(self.conversation.key_pressed(digit))

    def says_nothing(self) -> str:
        return self._follow(self.conversation.no_input())

    def cuts_off(self, lines_heard: int, heard_s: float = 2.0) -> str:
        """Speak over the turn that is being said."""
        played = Played(self.now.number, heard_s=heard_s, lines_heard=lines_heard, interrupted=True)
        return self._follow(self.conversation.played(played))

    def loses_audio(self, lines_heard: int = 0) -> str:
        """Hear no more of the turn that is being said, through no act of the borrower."""
        return self._follow(self.conversation.played(Played(self.now.number, lines_heard=lines_heard, failed=True)))

    def listens(self) -> str:
        """Let the turn that is being said come to its end."""
        return self._follow(self.conversation.played(whole(self.now)))

    def hangs_up(self) -> Summary:
        return self.conversation.finish("hung_up")

    def _follow(self, turn: Turn | None) -> str:
        """Play turns to their end for as long as they follow one another, up to the state to pause at."""
        while turn is not None:
            self.turns.append(turn)
            turn = None if turn.state == self.pause_at else self.conversation.played(whole(turn))
        return self.state


def verified(pause_at: str = "") -> Talk:
    """A call whose borrower has said who they are."""
    talk = Talk(conversation(), pause_at=pause_at)
    talk.says("YES")
    return talk


def whole(turn: Turn) -> Played:
    return Played(turn.number, heard_s=5.0, lines_heard=len(turn.lines))
