"""Puts steps into words: renders a turn, and keeps count of what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from services.dialog import walk
from services.dialog.scenes import Saying, Stage, State
from services.dialog.script import Script
from services.dialog.snapshot import Memory, pack
from services.dialog.spoken.clock import not_before
from services.dialog.templates import Line, Prompt
from services.dialog.turns import Answer, Facts, Next, Note, Turn, Understanding
from services.dialog.walk import Position, Step
from voicekit.clock import Now

LISTEN_S: Final = 6.0
"""How long an answer is waited for."""
FLOOR_S: Final = 3.0
"""How long we wait for the words of a borrower who cut us off; it may have been a cough."""
PATIENCE_S: Final = 20.0
"""How long we wait when asked to."""
HOLDING_S: Final = 30.0
"""How long we wait for somebody to fetch the borrower."""

_SPOKEN_IN: Final[Mapping[State, str]] = {
    State.LANGUAGE_UNSUPPORTED: "en-IN",
    State.LANGUAGE_UNSUPPORTED_HINDI: "hi-IN",
}
"""States that have a language of their own."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a turn tells besides its words."""

    understanding: Understanding | None = None
    notes: tuple[Note, ...] = ()
    prepare: tuple[Line, ...] = ()


NOTHING_BESIDE: Final = Reply()


@dataclass(frozen=True, slots=True)
class Told:
    """A turn, and what has to be known when it was played."""

    turn: Turn
    memory: Memory
    lead_in: int = 0
    """How many of its lines come before the scene's own."""
    question_line: int = 0
    """Which line asks by name who is there; the first, where none does."""


class Teller:
    """Says steps in the words of one call."""

    def __init__(self, script: Script, call_id: str, now: Now) -> None:
        """Take the call's words, its id, which its snapshots bear, and the clock by which "tomorrow" is said."""
        self._script, self._call_id, self._now = script, call_id, now

    def tell(self, step: Step, memory: Memory, reply: Reply = NOTHING_BESIDE) -> Told:
        """Return the next turn."""
        if step.goes_on and memory.line >= self.own_lines(step.at, memory):
            # Cut off after its last word: nothing is left of it.
            onward = walk.advance(step.at)
            step = replace(onward, say=(*step.say, *onward.say))
        at, language = step.at, language_at(step.at, memory)
        lines = self._lines(language, memory, *step.say)
        memory = replace(memory, at=at, number=memory.number + 1)
        lead_in = len(lines)
        if step.goes_on:
            lines += self._lines(language, memory, *at.scene.say)[memory.line :]
        elif not (step.waits or at.floor):
            lead_in -= self.own_lines(at, memory)
            memory = replace(memory, line=0)
        asks_by_name = [number for number, line in enumerate(lines) if line.personal]
        turn = self._turn(memory, lines, reply, listen_for_s=_patience(step))
        return Told(turn, memory, max(0, lead_in), asks_by_name[-1] if asks_by_name else 0)

    def fill(self, memory: Memory) -> Told:
        """Return a turn that fills a pause while the next one is being decided."""
        memory = replace(memory, number=memory.number + 1)
        turn = self._turn(memory, self._lines(memory.language, memory, Saying(Prompt.FILLER)), NOTHING_BESIDE)
        return Told(replace(turn, next=Next.CONTINUE, interruptible=False, answer=Answer.NONE), memory)

    def own_lines(self, at: Position, memory: Memory) -> int:
        """Count the lines of a state's own words."""
        return len(self._lines(language_at(at, memory), memory, *at.scene.say))

    def _lines(self, language: str, memory: Memory, *sayings: Saying) -> tuple[Line, ...]:
        callback_at = _callback_at(memory)
        callback = not_before(callback_at, language, now=self._now()) if callback_at else ""
        return self._script.lines(language, *sayings, callback=callback)

    def _turn(self, memory: Memory, lines: tuple[Line, ...], reply: Reply, listen_for_s: float = 0.0) -> Turn:
        at = memory.at
        return Turn(
            number=memory.number,
            state=at.state,
            language=language_at(at, memory),
            lines=lines,
            interruptible=at.may_be_cut and bool(lines),
            next=Next.LISTEN if listen_for_s else at.scene.next,
            answer=_answer_kind(at) if listen_for_s else Answer.NONE,
            listen_for_s=listen_for_s,
            # Until we know who is there, and again when we did not understand.
            detect_language=at.scene.stage is Stage.WHO or at.unclear > 0,
            understanding=reply.understanding,
            facts=facts_of(memory),
            snapshot=pack(memory, self._call_id),
            prepare=reply.prepare,
            notes=reply.notes,
        )


def facts_of(memory: Memory) -> Facts:
    """Return what the record should know by now."""
    at = memory.at
    return Facts(memory.language, at.verified, at.disposition, memory.callback_words, _callback_at(memory))


def _callback_at(memory: Memory) -> datetime | None:
    return datetime.fromtimestamp(memory.callback_at, UTC) if memory.callback_at else None


def language_at(at: Position, memory: Memory) -> str:
    """Return the language in which a state speaks, and is answered."""
    return _SPOKEN_IN.get(at.state, memory.language)


def _patience(step: Step) -> float:
    """Return how long to listen, in seconds; 0 for not at all."""
    if step.at.state is State.HOLDING_FOR_BORROWER:
        return HOLDING_S
    if step.waits:
        return PATIENCE_S
    if step.at.floor:
        return FLOOR_S
    return LISTEN_S if step.at.listening else 0.0


def _answer_kind(at: Position) -> Answer:
    # Whether it is they is a yes or a no, also where it tells the language: who says more is given time for it.
    return Answer.OPEN if at.floor or at.state is State.HOLDING_FOR_BORROWER else Answer.SHORT
