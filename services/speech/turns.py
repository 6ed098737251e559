"""Taking turns: from how probably each 32 ms hold speech, to who has the floor.

It knows no clock, only the line: 32 ms pass with each window. So it is the same in a test, a replay and a call.

A turn ends after a pause, and how long a pause may be depends on what is awaited: after "yes" 450 ms are enough, a
reason may need a breath. An answer that was to be short and becomes long earns patience as it goes on, and so does
one whose last word joins to a next. `python -m bench.turns` shows what each figure buys.

While we speak, a borrower's "haan", a cough or our own echo take nobody's floor: only sustained, loud speech does.
A word said into the last moments of our line is an answer all the same, and is given its turn when we fall silent.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.speech.echo import EchoGuard
from services.speech.hesitations import goes_on
from services.speech.vad import WINDOW_MS


class Answer(Enum):
    """What kind of answer is awaited."""

    SHORT = "short"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class TurnRules:
    """The figures of turn-taking; times in milliseconds of the line."""

    begin_at: float = 0.5
    """Probability from which a window begins speech."""
    continue_at: float = 0.35
    """Probability from which a window continues it."""
    onset_ms: int = 96
    """Speech that makes an utterance; a click or a slammed door is shorter."""
    barge_in_ms: int = 480
    """Unbroken speech that takes the floor from us; "haan" and "hmm" are shorter."""
    short_ms: int = 450
    """Pause that ends a short answer."""
    open_ms: int = 950
    """Pause that ends any other."""
    short_until_ms: int = 1200
    """Length up to which an answer that was to be short is one; from twice this on it has all patience."""
    hesitation_ms: int = 700
    """Added after a word that joins to a next."""
    longest_ms: int = 20_000
    """An utterance is cut here; recognisers take at most 30 s."""
    early_answer_ms: int = 700
    """How long before our line's end a word may end and still be an answer to it."""


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class BargedIn:
    """The borrower has taken the floor while we spoke."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over."""

    started_ms: int
    ended_ms: int


TurnEvent = Started | BargedIn | Ended

_GAP_MS: Final = 32
_GAP_OVER_BOT_MS: Final = 192
_LONGEST_START_MS: Final = 3000
"""How far back speech may begin; its sound must still be at hand."""
_LEVEL_KNOWN_MS: Final = 320
"""Speech after which its loudness is known."""
_NEWEST: Final = 0.25
"""Weight of the newest window in the loudness of late, which so spans about 0.12 s."""
_BACKGROUND: Final = 0.1
"""Of the speech's mean energy: 10 dB under it."""
_ECHO_TAIL_MS: Final = 320
"""How long our voice still comes back after we have stopped."""


@dataclass(slots=True)
class _Speech:
    started_ms: int
    last_ms: int
    """End of its last voiced window."""
    voiced_ms: int = 0
    over_bot_ms: int = 0
    """Of which unbroken, while we spoke."""
    energy: float = 0.0
    """Sum over its voiced windows."""
    of_late: float = 0.0
    """Energy of its last windows, voiced or not, the newest counting most."""
    clean: bool = True
    """We did not speak meanwhile."""


class TurnTaker:
    """Who has the floor on one line."""

    def __init__(self, rules: TurnRules | None = None) -> None:
        self._rules = rules or TurnRules()
        self._echo = EchoGuard()
        self._answer = Answer.OPEN
        self._bot, self._bot_stopped_ms = False, -_ECHO_TAIL_MS
        self._words = ""
        self._candidate: _Speech | None = None
        """What may become speech, if it goes on."""
        self._murmur: _Speech | None = None
        """The last that did not, while we spoke."""
        self._speech: _Speech | None = None
        self._barged = False
        self.at_ms = 0
        """How much of the line has passed."""

    @property
    def speaking(self) -> bool:
        """True from `Started` to `Ended`."""
        return self._speech is not None

    def expect(self, answer: Answer) -> None:
        """Await this kind of answer from now on."""
        self._answer = answer

    def understood(self, words: str) -> None:
        """Take in what is understood of the utterance so far."""
        self._words = words

    def bot_speaks(self, speaking: bool) -> list[TurnEvent]:
        """Take in that our side begins or stops to speak."""
        stopped = self._bot and not speaking
        if self._bot != speaking:
            self._barged = False
        self._bot = speaking
        if not stopped:
            return []
        self._bot_stopped_ms = self.at_ms
        answer = self._early_answer()
        self._murmur = None
        return self._begin(answer) if answer and not self._speech else []

    def _early_answer(self) -> _Speech | None:
        """Return what was said into the last moments of our line, if it was more than a click."""
        since = self.at_ms - self._rules.early_answer_ms
        for said in (self._candidate, self._murmur):
            if said and said.voiced_ms >= self._rules.onset_ms and said.last_ms >= since:
                return said
        return None

    def feed(self, probability: float, level_dbfs: float) -> list[TurnEvent]:
        """Take in the next 32 ms of the line."""
        self.at_ms += WINDOW_MS
        needed = self._rules.continue_at if self._speech or self._candidate else self._rules.begin_at
        voiced = probability >= needed
        if self._echo_may_come():
            voiced = self._echo.passes(level_dbfs, speech_like=voiced, ms=WINDOW_MS) and voiced
        if self._speech:
            return self._continue(self._speech, voiced, level_dbfs)
        return self._await_speech(voiced, level_dbfs)

    def finish(self) -> list[TurnEvent]:
        """End the turn that is under way, if one is: the line has ended or has stopped coming."""
        return self._end() if self._speech else []

    def _echo_may_come(self) -> bool:
        if self._bot or self.at_ms - self._bot_stopped_ms <= _ECHO_TAIL_MS:
            return True
        self._echo.rest()
        return False

    def _await_speech(self, voiced: bool, level_dbfs: float) -> list[TurnEvent]:
        if not voiced:
            self._drop_stale_candidate()
            return []
        if self._candidate is None:
            self._candidate = _Speech(self._where_it_began(self.at_ms - WINDOW_MS), self.at_ms)
        self._extend(self._candidate, level_dbfs)
        needed = self._rules.barge_in_ms if self._bot else self._rules.onset_ms
        return self._begin(self._candidate) if self._candidate.voiced_ms >= needed else []

    def _where_it_began(self, at_ms: int) -> int:
        """Return where the speech that is heard at `at_ms` began: "no, (a breath) no need" begins with its no."""
        murmur = self._murmur
        joins = murmur and at_ms - murmur.last_ms < self._rules.short_ms
        return murmur.started_ms if murmur and joins and at_ms - murmur.started_ms < _LONGEST_START_MS else at_ms

    def _drop_stale_candidate(self) -> None:
        gap = _GAP_OVER_BOT_MS if self._bot else _GAP_MS
        if self._candidate and self.at_ms - self._candidate.last_ms > gap:
            if self._candidate.voiced_ms >= self._rules.onset_ms:
                self._murmur = self._candidate
            self._candidate = None

    def _extend(self, speech: _Speech, level_dbfs: float) -> None:
        broken = self.at_ms - WINDOW_MS - speech.last_ms > _GAP_OVER_BOT_MS
        speech.last_ms = self.at_ms
        speech.voiced_ms += WINDOW_MS
        speech.energy += 10 ** (level_dbfs / 10)
        if speech.voiced_ms <= _LEVEL_KNOWN_MS:
            speech.of_late = speech.energy * WINDOW_MS / speech.voiced_ms
        if self._bot:
            speech.clean = False
            speech.over_bot_ms = WINDOW_MS + (0 if broken else speech.over_bot_ms)

    def _begin(self, speech: _Speech) -> list[TurnEvent]:
        self._speech, self._candidate, self._murmur, self._words = speech, None, None, ""
        return [Started(speech.started_ms), *self._barge_in(speech)]

    def _barge_in(self, speech: _Speech) -> list[TurnEvent]:
        if not self._bot or self._barged or speech.over_bot_ms < self._rules.barge_in_ms:
            return []
        self._barged = True
        return [BargedIn(speech.started_ms)]

    def _continue(self, speech: _Speech, voiced: bool, level_dbfs: float) -> list[TurnEvent]:
        if not self._bot:
            speech.over_bot_ms = 0
        speech.of_late += _NEWEST * (10 ** (level_dbfs / 10) - speech.of_late)
        if voiced and not self._is_background(speech):
            self._extend(speech, level_dbfs)
            if self.at_ms - speech.started_ms < self._rules.longest_ms:
                return self._barge_in(speech)
            return self._end()
        return self._end() if self.at_ms - speech.last_ms >= self._patience_ms(speech) else []

    def _is_background(self, speech: _Speech) -> bool:
        """Tell whether what is heard now is much quieter than the speech was: a television, people in the room."""
        windows = speech.voiced_ms // WINDOW_MS
        known = speech.voiced_ms >= _LEVEL_KNOWN_MS
        return known and speech.of_late < _BACKGROUND * speech.energy / windows

    def _patience_ms(self, speech: _Speech) -> float:
        rules = self._rules
        patience: float = rules.open_ms
        if self._answer is Answer.SHORT:
            spoken = speech.last_ms - speech.started_ms
            grown = min(max(spoken / rules.short_until_ms - 1, 0.0), 1.0)
            patience = rules.short_ms + grown * (rules.open_ms - rules.short_ms)
        return patience + (rules.hesitation_ms if goes_on(self._words) else 0)

    def _end(self) -> list[TurnEvent]:
        speech = self._speech
        if speech is None:
            return []
        self._speech = None
        if speech.clean and speech.voiced_ms >= _LEVEL_KNOWN_MS:
            self._echo.learn_borrower(10 * math.log10(speech.energy * WINDOW_MS / speech.voiced_ms + 1e-10))
        return [Ended(speech.started_ms, speech.last_ms)]
