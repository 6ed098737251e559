"""What one call tells the record: statuses, turns and facts, under keys that are the same each time."""

from dataclasses import dataclass

from services.telephony.model import Facts, FactsEvent, Status, StatusEvent, Turn, TurnEvent, Understanding
from services.telephony.recorder import Recorder
from voicekit.clock import Now
from voicekit.redaction import redact


@dataclass(slots=True)
class _Words:
    """What the borrower said, until we know how it was understood."""

    sequence: int
    state: str
    text: str
    language: str
    started_ms: int
    ended_ms: int


class Journal:
    """Keeps the record of one stream of a call; says nothing when nobody is known by the number that rang us."""

    def __init__(self, recorder: Recorder, call_id: str, now: Now, *, known: bool = True, prefix: str = "") -> None:
        self._recorder, self._call_id, self._now = recorder, call_id, now
        self._known, self._prefix = known, prefix
        self._sequence = 0
        self._words: _Words | None = None
        self._facts = Facts()
        self._facts_told = 0

    def answered(self, call_sid: str) -> None:
        """The borrower is on the line."""
        self._tell(StatusEvent(self._key("status-in_progress"), self._now(), Status.IN_PROGRESS))
        self._tell(FactsEvent(self._key("sid"), self._now(), call_sid=call_sid))

    def we_said(self, turn: Turn, started_ms: int, ended_ms: int, *, interrupted: bool) -> None:
        """A turn of ours has been heard, or cut off."""
        if not turn.lines:
            return
        self._sequence += 1
        text = " ".join(line.text for line in turn.lines)
        key = self._key(f"turn-{self._sequence}-bot")
        self._tell(
            TurnEvent(
                key,
                self._now(),
                self._sequence,
                by_bot=True,
                state=turn.state,
                text=text,
                language=turn.language,
                started_ms=started_ms,
                ended_ms=ended_ms,
                interrupted=interrupted,
            )
        )

    def they_said(self, state: str, text: str, language: str, started_ms: int, ended_ms: int) -> None:
        """The borrower said something; it is told together with how it was understood."""
        self.close()
        self._sequence += 1
        self._words = _Words(self._sequence, state, redact(text), language, started_ms, ended_ms)

    @property
    def words(self) -> str:
        """The borrower's last words, as long as it is not told how they were understood."""
        return self._words.text if self._words else ""

    def understood(self, understanding: Understanding) -> None:
        """Dialog told how the last words were understood."""
        self._tell_words(understanding)

    def close(self) -> None:
        """Tell what is still to be told."""
        self._tell_words(Understanding(""))

    def facts(self, facts: Facts) -> None:
        """Tell what became known; what was told before is not told again."""
        if facts == self._facts:
            return
        self._facts = facts
        self._facts_told += 1
        self._tell(FactsEvent(self._key(f"facts-{self._facts_told}"), self._now(), facts))

    def _tell_words(self, understanding: Understanding) -> None:
        words, self._words = self._words, None
        if words is None or not words.text:
            return
        key = self._key(f"turn-{words.sequence}-borrower")
        self._tell(
            TurnEvent(
                key,
                self._now(),
                words.sequence,
                by_bot=False,
                state=words.state,
                text=words.text,
                language=understanding.language or words.language,
                started_ms=words.started_ms,
                ended_ms=words.ended_ms,
                intent=understanding.intent,
                decided_by=understanding.decided_by,
            )
        )

    def _key(self, name: str) -> str:
        return f"{self._prefix}{name}"[:128]

    def _tell(self, event: StatusEvent | TurnEvent | FactsEvent) -> None:
        if self._known:
            self._recorder.tell(self._call_id, event)
