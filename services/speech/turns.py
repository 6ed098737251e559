"""Taking turns: from how probably each 32 ms hold speech, to who has the floor.

It knows no clock, only the line: 32 ms pass with each window. So it is the same in a test, a replay and a call.

A turn ends in three steps. After a short pause (`ask_ms`) its words are asked for, in case it was the end. Should
the borrower go on meanwhile, it was not, and the turn goes on. When the words have come, and the pause has grown to
`end_ms`, the turn is over; without words it is over after `at_most_ms`. So the time that a recogniser takes is spent
on listening. How long each is depends on what is awaited: after "yes" little is enough, a reason may need a breath.
An answer that was to be short and becomes long earns patience as it goes on, and so does one whose last word joins
to a next. `python -m bench turns` shows what each figure buys.

Speech over our line is told at its onset, as any other: whoever plays the line may pause it. It takes the floor when
it is sustained or its words are more than listening; "haan", a cough or our own echo take nobody's.
"""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Final

from services.speech.backchannels import is_complete, only_listens, says_more
from services.speech.echo import EchoGuard
from services.speech.hesitations import goes_on
from services.speech.vad import WINDOW_MS


class Answer(Enum):
    """What kind of answer is awaited."""

    SHORT = "short"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a pause may be, in milliseconds."""

    ask_ms: float
    """From here on the words are asked for."""
    end_ms: float
    """From here on a turn whose words are known is over."""
    at_most_ms: float
    """From here on any is."""

    def grown(self, more: "Patience", by: float) -> "Patience":
        """Return the patience that lies between this one and `more`."""
        return Patience(
            self.ask_ms + by * (more.ask_ms - self.ask_ms),
            self.end_ms + by * (more.end_ms - self.end_ms),
            self.at_most_ms + by * (more.at_most_ms - self.at_most_ms),
        )

    def longer(self, ms: float) -> "Patience":
        """Return it with so much added to each pause."""
        return Patience(self.ask_ms + ms, self.end_ms + ms, self.at_most_ms + ms)


@dataclass(frozen=True, slots=True)
class TurnRules:
    """The figures of turn-taking; times in milliseconds of the line."""

    begin_at: float = 0.5
    """Probability from which a window begins speech."""
    continue_at: float = 0.35
    """Probability from which a window continues it."""
    quiet_at: float = 0.75
    """The same of a window that is much quieter than the speech was: the model remembers speech for a while."""
    onset_ms: int = 96
    """Speech that makes an utterance; a click or a slammed door is shorter."""
    barge_in_ms: int = 480
    """Unbroken speech that takes the floor from us; people talking in the room say nothing to a recogniser."""
    short: Patience = Patience(128, 320, 450)
    """For an answer that is to be short."""
    open: Patience = Patience(320, 640, 950)
    """For any other."""
    complete: Patience = Patience(160, 352, 800)
    """For any other that is a plain yes or no so far."""
    short_until_ms: int = 1200
    """Length up to which an answer that was to be short is one; from twice this on it has all patience."""
    hesitation_ms: int = 600
    """Added after a word that joins to a next."""
    longest_ms: int = 20_000
    """An utterance is cut here; recognisers take at most 30 s."""


@dataclass(frozen=True, slots=True)
class Started:
    """Speech began."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class BargedIn:
    """The borrower has taken the floor while we spoke."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class Paused:
    """The turn may be over: its words, up to here, are wanted."""

    at_ms: int


@dataclass(frozen=True, slots=True)
class WentOn:
    """It was not over: the words that were wanted are not all."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The turn is over."""

    started_ms: int
    ended_ms: int


TurnEvent = Started | BargedIn | Paused | WentOn | Ended

_GAP_MS: Final = 32
_GAP_OVER_BOT_MS: Final = 192
"""A pause that breaks sustained speech."""
_GOES_ON_MS: Final = 64
"""Speech after a pause that is more than a click."""
_WITHOUT_WORDS: Final = 3
"""So many times as long must speech be sustained of which no words are known, or none but words of listening."""
_LEVEL_KNOWN_MS: Final = 320
"""Speech after which its loudness is known."""
_NEWEST: Final = 0.25
"""Weight of the newest window in the loudness of late, which so spans about 0.12 s."""
_MUCH_QUIETER_DB: Final = 10.0
_BACKGROUND: Final = 0.1
"""Of the speech's mean energy: 10 dB under it."""
_ECHO_ENDS_MS: Final = 192
"""What goes on longer after we have stopped is no echo."""
_ECHO_TAIL_MS: Final = 320
"""How long our voice still comes back after we have stopped."""


@dataclass(slots=True)
class _Speech:
    started_ms: int
    last_ms: int
    """End of its last voiced window."""
    voiced_ms: int = 0
    contested: bool = False
    """It is, or has been, over a line of ours."""
    sustained_ms: int = 0
    """How much of it is unbroken, since it is contested."""
    barged: bool = False
    energy: float = 0.0
    """Sum over its voiced windows."""
    of_late: float = 0.0
    """Energy of its last windows, voiced or not, the newest counting most."""
    words: str = ""
    """What is understood so far."""
    asked: bool = False
    """Its words are asked for, up to the pause that goes on."""
    known: bool = False
    """They have come."""
    again_ms: int = 0
    """Speech in that pause, which may be a click."""


class TurnTaker:
    """Who has the floor on one line."""

    def __init__(self, rules: TurnRules | None = None) -> None:
        self._rules = rules or TurnRules()
        self._echo = EchoGuard()
        self._answer = Answer.OPEN
        self._bot, self._bot_stopped_ms = False, -_ECHO_TAIL_MS
        self._candidate: _Speech | None = None
        """What may become speech, if it goes on."""
        self._speech: _Speech | None = None
        self.at_ms = 0
        """How much of the line has passed."""

    @property
    def speaking(self) -> bool:
        """True from `Started` to `Ended`."""
        return self._speech is not None

    def expect(self, answer: Answer) -> None:
        """Await this kind of answer from now on."""
        self._answer = answer

    def bot_speaks(self, speaking: bool) -> None:
        """Take in that our side begins or stops to speak."""
        if self._bot and not speaking:
            self._bot_stopped_ms = self.at_ms
        if speaking and not self._bot and self._speech and not self._speech.contested:
            self._speech.contested, self._speech.sustained_ms = True, 0
        self._bot = speaking

    def understood(self, words: str) -> list[TurnEvent]:
        """Take in what is understood of the utterance so far."""
        return self._understand(words, enough=2)

    def known(self, words: str) -> list[TurnEvent]:
        """Take in all words up to the pause, which were wanted."""
        if self._speech is None or not self._speech.asked:
            return []
        self._speech.known = True
        return self._understand(words, enough=1)

    def _understand(self, words: str, *, enough: int) -> list[TurnEvent]:
        speech = self._speech
        if speech is None:
            return []
        speech.words = words
        says_more_than_listening = speech.contested and says_more(words, words=enough)
        taken = self._take_floor(speech) if says_more_than_listening and not self._was_echo(speech) else []
        return [*taken, *self._look_at_pause(speech)] if speech.asked else taken

    def feed(self, probability: float, level_dbfs: float) -> list[TurnEvent]:
        """Take in the next 32 ms of the line."""
        self.at_ms += WINDOW_MS
        voiced = probability >= self._needed(level_dbfs)
        if self._echo_may_come():
            voiced = self._echo.passes(level_dbfs, speech_like=voiced, ms=WINDOW_MS) and voiced
        else:
            self._echo.rest(level_dbfs, speech_like=voiced, ms=WINDOW_MS)
        if self._speech:
            return self._continue(self._speech, voiced, level_dbfs)
        return self._await_speech(voiced, level_dbfs)

    def finish(self) -> list[TurnEvent]:
        """End the turn that is under way, if one is: the line has ended or has stopped coming."""
        return self._end(self._speech) if self._speech else []

    def _needed(self, level_dbfs: float) -> float:
        """Return the probability from which a window counts as speech."""
        if self._speech:
            quiet = level_dbfs < _level_dbfs(self._speech) - _MUCH_QUIETER_DB
            return self._rules.quiet_at if quiet else self._rules.continue_at
        return self._rules.continue_at if self._candidate else self._rules.begin_at

    def _echo_may_come(self) -> bool:
        return self._bot or self.at_ms - self._bot_stopped_ms <= _ECHO_TAIL_MS

    def _await_speech(self, voiced: bool, level_dbfs: float) -> list[TurnEvent]:
        candidate = self._candidate
        if not voiced:
            if candidate and self.at_ms - candidate.last_ms > _GAP_MS:
                self._candidate = None
            return []
        if candidate is None:
            began = self.at_ms - WINDOW_MS
            candidate = self._candidate = _Speech(began, began, contested=self._bot)
        self._extend(candidate, level_dbfs)
        if candidate.voiced_ms < self._rules.onset_ms:
            return []
        self._speech, self._candidate = candidate, None
        return [Started(candidate.started_ms)]

    def _extend(self, speech: _Speech, level_dbfs: float) -> None:
        broken = self.at_ms - WINDOW_MS - speech.last_ms > _GAP_OVER_BOT_MS
        speech.last_ms = self.at_ms
        speech.voiced_ms += WINDOW_MS
        speech.energy += 10 ** (level_dbfs / 10)
        if speech.voiced_ms <= _LEVEL_KNOWN_MS:
            speech.of_late = speech.energy * WINDOW_MS / speech.voiced_ms
        if speech.contested:
            speech.sustained_ms = WINDOW_MS + (0 if broken else speech.sustained_ms)

    def _continue(self, speech: _Speech, voiced: bool, level_dbfs: float) -> list[TurnEvent]:
        speech.of_late += _NEWEST * (10 ** (level_dbfs / 10) - speech.of_late)
        if not voiced or self._is_background(speech):
            speech.again_ms = 0
            return self._look_at_pause(speech)
        events: list[TurnEvent] = []
        if speech.asked:
            speech.again_ms += WINDOW_MS
            if speech.again_ms < _GOES_ON_MS:
                return []
            speech.asked, speech.known, speech.again_ms = False, False, 0
            events.append(WentOn())
        self._extend(speech, level_dbfs)
        if self.at_ms - speech.started_ms >= self._rules.longest_ms:
            return [*events, *self._end(speech)]
        return [*events, *self._take_floor_by_going_on(speech)]

    def _was_echo(self, speech: _Speech) -> bool:
        """Tell whether what was heard over our line fell silent with it, and was much quieter than the borrower."""
        with_us = speech.last_ms <= self._bot_stopped_ms + _ECHO_ENDS_MS
        return not self._bot and with_us and self._echo.is_too_quiet(_level_dbfs(speech))

    def _take_floor_by_going_on(self, speech: _Speech) -> list[TurnEvent]:
        needed = self._rules.barge_in_ms * (_WITHOUT_WORDS if only_listens(speech.words) else 1)
        return self._take_floor(speech) if speech.contested and speech.sustained_ms >= needed else []

    def _take_floor(self, speech: _Speech) -> list[TurnEvent]:
        if speech.barged:
            return []
        speech.barged = True
        return [BargedIn(speech.started_ms)]

    def _is_background(self, speech: _Speech) -> bool:
        """Tell whether what is heard now is much quieter than the speech was: a television, people in the room."""
        windows = speech.voiced_ms // WINDOW_MS
        known = speech.voiced_ms >= _LEVEL_KNOWN_MS
        return known and speech.of_late < _BACKGROUND * speech.energy / windows

    def _look_at_pause(self, speech: _Speech) -> list[TurnEvent]:
        pause_ms, patience = self.at_ms - speech.last_ms, self._patience(speech)
        if speech.again_ms:
            return []
        if pause_ms >= patience.at_most_ms or (speech.known and pause_ms >= patience.end_ms):
            return self._end(speech)
        if speech.asked or pause_ms < patience.ask_ms:
            return []
        speech.asked = True
        return [Paused(speech.last_ms)]

    def _patience(self, speech: _Speech) -> Patience:
        rules, patience = self._rules, self._rules.open
        if speech.contested and not speech.barged:
            return rules.short  # it is to be known soon whether our line may go on
        if self._answer is Answer.SHORT:
            grown = (speech.last_ms - speech.started_ms) / rules.short_until_ms - 1
            patience = rules.short.grown(rules.open, min(max(grown, 0.0), 1.0))
        elif is_complete(speech.words):
            patience = rules.complete
        return patience.longer(rules.hesitation_ms) if goes_on(speech.words) else patience

    def _end(self, speech: _Speech) -> list[TurnEvent]:
        self._speech = None
        if not speech.contested and speech.voiced_ms >= _LEVEL_KNOWN_MS:
            self._echo.learn_borrower(_level_dbfs(speech))
        elif speech.contested and not speech.barged and self._was_echo(speech):
            self._echo.learn_echo(_level_dbfs(speech))
        return [Ended(speech.started_ms, speech.last_ms)]


def _level_dbfs(speech: _Speech) -> float:
    return 10 * math.log10(speech.energy * WINDOW_MS / speech.voiced_ms + 1e-10)
