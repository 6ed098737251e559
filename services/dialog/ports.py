"""What the thinking needs from outside."""

from dataclasses import dataclass
from typing import Protocol

from services.dialog.intents import Intent
from services.dialog.scenes import Question
from services.dialog.turns import DecidedBy, Heard


@dataclass(frozen=True, slots=True)
class Reading:
    """What words say by themselves, by lexicon and rules alone."""

    intent: Intent
    confidence: float
    decided_by: DecidedBy
    """NONE: the rules cannot tell; only then is a model worth asking."""
    language: str
    """The language of the words."""
    wanted: str = ""
    """The language to go on in; empty to stay in the present one."""
    explicit: bool = False
    """True when the borrower asked for another language."""
    unsupported: bool = False
    """True when it is one that we do not speak."""
    reason: str = ""
    """Why another language, as a code such as "script" or "request"."""
    negated: bool = False
    """True when the rules cannot tell and some word denies; then no model may make a yes of it."""


class Reader(Protocol):
    """Understands words without asking anybody; never fails."""

    def __call__(self, heard: Heard, *, language: str, last_language: str, switches: int) -> Reading:
        """Read words.

        Args:
            heard: the words, and what the recogniser says of their language.
            language: of the call.
            last_language: `Reading.language` of the words before; empty at first.
            switches: how often the call has changed its language without having been asked to.
        """
        ...


@dataclass(frozen=True, slots=True)
class Doubt:
    """Words that lexicon and rules do not understand. Card numbers and codes are taken out of them."""

    words: str
    language: str
    asks: Question | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Opinion:
    """What a model takes words for."""

    intent: Intent
    confidence: str
    """One of "high", "medium" and "low"."""


class IntentModel(Protocol):
    """Somebody outside who understands language, slowly and not always."""

    async def opinion(self, doubt: Doubt) -> Opinion:
        """Return what the words mean; `ProviderDown` or `Overloaded` when it cannot say."""
        ...
