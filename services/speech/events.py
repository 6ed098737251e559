"""What a call's line brings to hearing, and what is heard on it.

Positions are milliseconds of the line since its beginning, counting silence.
"""

from dataclasses import dataclass

from services.speech.ports import Source
from services.speech.turns import Answer


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio of the line."""

    pcm: bytes


@dataclass(frozen=True, slots=True)
class Silence:
    """A stretch without sound."""

    ms: int


@dataclass(frozen=True, slots=True)
class Expectation:
    """What is awaited from now on."""

    answer: Answer
    language: str
    """Empty when it is to be found out."""


@dataclass(frozen=True, slots=True)
class BotSpeech:
    """Our side begins or stops to speak."""

    speaking: bool


Step = Sound | Silence | Expectation | BotSpeech


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The borrower began to speak."""

    utterance: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class BargeIn:
    """The borrower has taken the floor."""

    utterance: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class PartialWords:
    """What is understood so far."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The turn has ended."""

    utterance: int
    started_ms: int
    ended_ms: int


@dataclass(frozen=True, slots=True)
class Words:
    """The transcript of a turn."""

    utterance: int
    text: str
    language: str
    language_confidence: float
    started_ms: int
    ended_ms: int
    source: Source


@dataclass(frozen=True, slots=True)
class Summary:
    """What was heard in all; the last event."""

    line_ms: int
    recognised_ms: int
    utterances: int


Event = SpeechStarted | BargeIn | PartialWords | SpeechEnded | Words | Summary
