"""Leads one conversation: what happened goes in, what to say comes out. It waits for nothing and asks nobody."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from services.dialog import walk
from services.dialog.callback import named_time
from services.dialog.deciding import Verdict
from services.dialog.detect import MAX_UNASKED_SWITCHES
from services.dialog.flow import FLOW, Go
from services.dialog.flows import FLOWS
from services.dialog.intents import Intent
from services.dialog.plan import common_path
from services.dialog.ports import Doubt, Reader, Reading
from services.dialog.scenes import Disposition, Question, Saying, Stage, State
from services.dialog.script import Script
from services.dialog.snapshot import Memory, unpack
from services.dialog.telling import NOTHING_BESIDE, Reply, Teller, Told, facts_of, language_at
from services.dialog.templates import Prompt
from services.dialog.turns import (
    GREETING_REPLAYED_NEW_LANG,
    LANGUAGE_DETECTED,
    LANGUAGE_SWITCH_DETECTED,
    Brief,
    DecidedBy,
    Flow,
    Heard,
    Next,
    Note,
    Played,
    Summary,
    Turn,
    Understanding,
)
from services.dialog.walk import Position, Step
from voicekit.clock import Now
from voicekit.redaction import redact

HEARD_ENOUGH_S: Final = 0.7
"""Nobody answers a question of which they heard less."""
FIRM: Final = 0.95
"""How sure the rules must be of a yes that confirms who is speaking: "yes, speaking", not "ok".

One word beside it that they do not know is one too many: it may be the "wrong" of a wrong number.
"""
WILLING: Final = 0.75
"""How sure they must be of a "tell me" where the lender lets that pass; a mere "ji" is less."""
CALLBACK_WORDS: Final = 200
"""Characters that are kept of when to call again."""

TRANSFERRED: Final = "agent_transfer"
"""The reason with which a call ends here and goes on with a person."""

_KEYS: Final = {"1": Intent.YES, "2": Intent.NO, "9": Intent.AGENT, "0": Intent.AGENT}

_BEGUN_AGAIN: Final = frozenset({Intent.UNCLEAR, Intent.HELLO, Intent.REPEAT, Intent.CHANGE_LANGUAGE})
"""Answers in another language after which the last prompt is said again in that."""
_YES_OR_NO: Final = frozenset({Intent.YES, Intent.NO, Intent.GO_AHEAD})

_ANSWERS: Final = _YES_OR_NO | {Intent.UNCLEAR, Intent.HELLO, Intent.REPEAT, Intent.SILENCE}
"""What means nothing without a question."""

_NOTHING_SAID: Final = Verdict(Intent.UNCLEAR, 0.0, DecidedBy.NONE)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a lender may decide about a conversation."""

    accept_go_ahead: bool = False
    """True when "tell me" passes for "it is I"."""
    agents_at_work: Callable[[], bool] = lambda: True
    """Tells whether a transfer can reach anybody now."""


@dataclass(frozen=True, slots=True)
class Languages:
    """What is known of a borrower's language before they speak."""

    first: str
    """To greet in."""
    home: str
    """Of their state; mostly the same."""
    fallback: str
    """To go on in when they want another one without naming it."""


class Conversation:
    """One conversation with one borrower.

    Whatever happens on the line may be told to it in any order. It never fails, and answers with the next turn, or
    with None when there is nothing new to say. `heard` may answer with a `Doubt`; then `decided` gives the turn.
    """

    def __init__(
        self,
        brief: Brief,
        script: Script,
        read: Reader,
        languages: Languages,
        *,
        rules: Rules,
        now: Now,
        flow: Flow = Flow.FULL,
    ) -> None:
        """Take what one call needs.

        Args:
            brief: of the call.
            script: its words.
            read: understands the borrower's.
            languages: to begin in, and to choose from.
            rules: the lender's.
            now: the clock by which "tomorrow" is understood.
            flow: how its language is found out; one that goes on from a snapshot keeps its own.
        """
        self._brief, self._script, self._languages = brief, script, languages
        self._readers = {name: rules_of.reader(read, languages.home) for name, rules_of in FLOWS.items()}
        self._rules, self._now = rules, now
        self._teller = Teller(script, brief.call_id, now)
        self._memory = Memory(languages.first, flow=flow)
        self._told: Told | None = None  # the turn that `played` is awaited for
        self._question_heard = False
        self._doubt: tuple[Doubt, Reply] | None = None
        self._filler = 0  # number of the filler that is being said, 0 for none
        self._held: Verdict | None = None  # decided while the filler was being said

    def begin(self, snapshot: bytes = b"") -> Turn:
        """Return the first turn, or the last prompt once more when `snapshot` is one of this call's."""
        if memory := unpack(snapshot, self._brief.call_id):
            self._memory = memory
            return self._say(walk.resume(self._here()))
        at = self._here()
        return self._say(Step(at, at.scene.say) if self._brief.knows_whom else walk.enter(at, State.UNKNOWN_CALLER))

    def heard(self, heard: Heard) -> Turn | Doubt | None:
        """Answer the borrower's words."""
        self._forget_doubt()
        at = self._here()
        if heard.lost:
            return self._say_if_any(walk.afresh(at) if self._too_early(at) else walk.lost(at))
        self._remember(at=replace(self._memory.at, lost=0))
        if not heard.text.strip():
            return self._take(_NOTHING_SAID)
        reading = self._read(heard, at)
        self._note_callback(reading.intent, heard.text, reading.language)
        reply = Reply(_understood(reading, reading.language), self._first_detection(reading))
        turn, reply = self._in_other_language(reading, reply)
        if turn:
            return turn
        at = self._here()
        doubtful = reading.intent is Intent.UNCLEAR and reading.decided_by is DecidedBy.NONE
        if doubtful and at.listening and not self._too_early(at):
            doubt = Doubt(redact(heard.text), language_at(at, self._memory), at.scene.asks, reading.negated)
            self._doubt = doubt, reply
            return doubt
        intent = self._weighed(reading.intent, reading.confidence)
        return self._take(Verdict(intent, reading.confidence, reading.decided_by), reply, reading.language)

    def decided(self, doubt: Doubt, verdict: Verdict) -> Turn | None:
        """Answer words that were in doubt; None when others came since, or while the filler is being said."""
        if self._doubt is None or self._doubt[0] is not doubt:
            return None
        if self._filler:
            self._held = verdict
            return None
        reply = self._doubt[1]
        self._forget_doubt()
        language = reply.understanding.language if reply.understanding else doubt.language
        self._note_callback(verdict.intent, doubt.words, language)
        # A model may tell what words mean, not who is speaking: its yes is no more than "go ahead".
        if verdict.intent is Intent.YES and self._memory.at.scene.asks is Question.IDENTITY:
            verdict = replace(verdict, intent=Intent.GO_AHEAD)
        return self._take(verdict, reply, language)

    def still_deciding(self, doubt: Doubt) -> Turn | None:
        """Fill the pause while `doubt` is being decided; None when there is none to fill."""
        if self._filler or self._doubt is None or self._doubt[0] is not doubt:
            return None
        told = self._teller.fill(self._memory)
        self._memory, self._filler = told.memory, told.turn.number
        return told.turn

    def key_pressed(self, digit: str) -> Turn | None:
        """Answer a key: 1 is yes, 2 is no, 9 and 0 call an agent; any other tells nothing, and is asked back."""
        intent = _KEYS.get(digit, Intent.UNCLEAR)
        if intent is not Intent.AGENT and not self._here().listening:
            return None
        self._forget_doubt()
        return self._take(Verdict(self._weighed(intent, 1.0), 1.0, DecidedBy.RULES))

    def no_input(self) -> Turn | None:
        """Answer silence; None when nothing was being listened for."""
        at = self._here()
        if self._doubt is not None or not at.listening:
            return None
        return self._say_if_any(walk.step(at, Intent.SILENCE))

    def played(self, played: Played) -> Turn | None:
        """Take how much of a turn was heard, and follow on where its state does; a stale one changes nothing."""
        if self._filler and played.turn == self._filler:
            return self._filler_played()
        told, self._told = self._told, None
        if told is None or played.turn != told.turn.number:
            self._told = told
            return None
        at = self._here()
        if not at.listening:
            return self._after(at, told, played)
        reached = played.lines_heard >= told.question_line and played.heard_s >= HEARD_ENOUGH_S
        self._question_heard = reached if played.interrupted or played.failed else True
        return self._said_badly(at) if played.failed else None

    def finish(self, reason: str) -> Summary:
        """End the conversation and return what it came to."""
        at = self._memory.at
        if "hung_up" in reason and not at.verified and not at.disposition:
            at = replace(at, disposition=Disposition.HANGUP_EARLY)
        elif at.disposition is Disposition.XFER_OK and reason != TRANSFERRED:
            at = replace(at, disposition=Disposition.XFER_FAIL)
        self._remember(at=replace(at, state=State.END))
        self._forget_doubt()
        return Summary(self._memory.number, facts_of(self._memory))

    def _read(self, heard: Heard, at: Position) -> Reading:
        memory = self._memory
        read = self._readers[memory.flow]
        language = language_at(at, memory)
        return read(heard, language=language, last_language=memory.last_language, switches=memory.switches)

    def _note_callback(self, intent: Intent, words: str, language: str) -> None:
        """Keep when the borrower wants to be called again: their words, and the time that these name."""
        if intent is not Intent.CALL_LATER:
            return
        at = named_time(words, (language, self._memory.language), self._now())
        words = redact(words.strip())[:CALLBACK_WORDS]
        self._remember(callback_words=words, callback_at=int(at.timestamp()) if at else 0)

    def _take(self, verdict: Verdict, reply: Reply = NOTHING_BESIDE, language: str = "") -> Turn | None:
        at = self._here()
        early = verdict.intent in _ANSWERS and self._too_early(at)
        step = walk.afresh(at) if early else walk.step(at, verdict.intent)
        if step is None:
            self._remember(at=walk.noted(at, verdict.intent))
            return None
        understanding = _understood(verdict, language or self._memory.language)
        return self._say(step, replace(reply, understanding=understanding))

    def _weighed(self, intent: Intent, confidence: float) -> Intent:
        """Make of a yes what it is worth: an "ok" or a "tell me" does not say who is there."""
        if self._memory.at.scene.asks is not Question.IDENTITY or intent not in (Intent.YES, Intent.GO_AHEAD):
            return intent
        firm = intent is Intent.YES and confidence >= FIRM
        willing = self._rules.accept_go_ahead and confidence >= WILLING
        return Intent.YES if firm or willing else Intent.GO_AHEAD

    def _too_early(self, at: Position) -> bool:
        """Tell whether the question was not heard yet: what is said now answers something before it, or nothing."""
        return at.scene.asks is not None and bool(at.scene.say) and at.listening and not self._question_heard

    def _first_detection(self, reading: Reading) -> tuple[Note, ...]:
        if not self._memory.at.listening:
            return ()
        first = not self._memory.last_language
        # Who asks for a language means to speak it, whatever they ask in.
        self._remember(last_language=(reading.wanted if reading.explicit else "") or reading.language)
        if not first:
            return ()
        return (Note(LANGUAGE_DETECTED, {"language": reading.language, "reason": reading.reason}),)

    def _in_other_language(self, reading: Reading, reply: Reply) -> tuple[Turn | None, Reply]:
        """Change the language where the words ask for it or show it.

        Returns the turn that this alone makes, None when the words still want their answer; and what that must tell.
        """
        at = self._here()
        if at.scene.stage is Stage.CLOSING:
            return None, reply
        if reading.explicit and reading.unsupported:
            return self._say(walk.unsupported(at), reply), reply
        wanted, old = self._wanted(reading, at), self._memory.language
        if not wanted or wanted == old:
            return None, reply
        self._remember(language=wanted, switches=self._memory.switches + (not reading.explicit))
        switched = Note(LANGUAGE_SWITCH_DETECTED, {"from": old, "to": wanted, "reason": reading.reason})
        reply = replace(reply, notes=(*reply.notes, switched), prepare=common_path(self._script, wanted))
        if not FLOWS[self._memory.flow].replays:
            return None, reply
        step = self._first_step_in_new_language(reading, at)
        if step.at.state is State.INITIAL_GREETING:
            replayed = Note(GREETING_REPLAYED_NEW_LANG, {"language": wanted})
            reply = replace(reply, notes=(*reply.notes, replayed))
        return self._say(step, reply), reply

    def _wanted(self, reading: Reading, at: Position) -> str:
        if reading.intent is Intent.CHANGE_LANGUAGE and not reading.wanted:
            other = "en-IN" if self._memory.language == "hi-IN" else "hi-IN"
            return self._languages.fallback if self._languages.fallback != self._memory.language else other
        if not reading.explicit and (self._memory.switches >= MAX_UNASKED_SWITCHES or not at.listening):
            return ""
        return reading.wanted

    def _first_step_in_new_language(self, reading: Reading, at: Position) -> Step:
        """Answer what was said where it is clear; else say in the new language what was said in the old one."""
        move = FLOW[at.state, reading.intent]
        asks_back = reading.explicit or self._too_early(at)
        begun_again = _BEGUN_AGAIN | _YES_OR_NO if asks_back else _BEGUN_AGAIN
        # Who is there is asked anew in the new language: a yes to the question in the old one opens nothing.
        if isinstance(move, Go) and not move.confirms and reading.intent not in begun_again:
            step = walk.enter(at, move.to, move)
            # Before we know who is there, only what ends the call or waits is answered; all else gets the greeting.
            if at.verified or step.at.scene.stage is Stage.CLOSING or move.to is State.HOLDING_FOR_BORROWER:
                return step
            at = replace(at, disposition=at.disposition.or_stronger(move.means))
        first = (Saying(Prompt.LANGUAGE_SWITCHED),) if reading.explicit else ()
        return walk.in_new_language(at, *first)

    def _after(self, at: Position, told: Told, played: Played) -> Turn | None:
        """Follow a turn to which no answer was awaited."""
        if played.interrupted or played.failed:
            heard = self._memory.line + max(0, played.lines_heard - told.lead_in)
            self._remember(line=min(heard, self._teller.own_lines(at, self._memory)))
        if played.failed:
            return self._said_badly(at)
        if at.scene.next is not Next.CONTINUE:
            return None
        return self._say(walk.cut_off(at) if played.interrupted else walk.advance(at))

    def _said_badly(self, at: Position) -> Turn | None:
        return self._say_if_any(walk.failed(at))

    def _filler_played(self) -> Turn | None:
        self._filler = 0
        held, self._held = self._held, None
        return self.decided(self._doubt[0], held) if held and self._doubt else None

    def _forget_doubt(self) -> None:
        self._doubt, self._held, self._filler = None, None, 0

    def _say(self, step: Step, reply: Reply = NOTHING_BESIDE) -> Turn:
        self._told = self._teller.tell(step, self._memory, reply)
        self._memory = self._told.memory
        self._question_heard = False
        return self._told.turn

    def _say_if_any(self, step: Step | None) -> Turn | None:
        return self._say(step) if step else None

    def _here(self) -> Position:
        return replace(self._memory.at, agents=self._rules.agents_at_work())

    def _remember(self, **changes: Any) -> None:
        self._memory = replace(self._memory, **changes)


def _understood(found: Reading | Verdict, language: str) -> Understanding:
    return Understanding(found.intent.lower(), language, found.confidence, found.decided_by)
