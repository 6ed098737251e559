"""People and answering machines as data: how a phone behaves, and what is done after it was answered."""

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

from emulators.voices import CALLER_VOICE, DEFAULT_RATE_WPM

DropMoment = Literal["between messages", "in a message", "half-open", "before start"]
"""When a TCP reset strikes; half-open keeps still for 30 s before it."""

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, config=_STRICT)
class Pickup:
    """What a phone does when it is called."""

    kind: Literal["answers", "busy", "no-answer", "failed"] = "answers"
    after_s: float | None = None
    """Until it is answered, or found busy or switched off; None for 3, 4 and 2 s."""

    @property
    def delay_s(self) -> float:
        """Seconds until the phone behaves so; an unanswered one rings until the caller's patience ends."""
        usual = {"answers": 3.0, "busy": 4.0, "failed": 2.0, "no-answer": float("inf")}
        return usual[self.kind] if self.after_s is None else self.after_s


@dataclass(frozen=True, slots=True, config=_STRICT)
class WaitForBot:
    """Listen until the bot has spoken and then been silent for a while, and think before the next step."""

    quiet_ms: int = 600
    patience_s: float = 30.0
    """After this long without a word of the bot, go on anyway."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Say:
    """Speak; language and voice are the persona's own where they are empty."""

    text: str
    language: str = ""
    voice: str = ""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Play:
    """Play a WAV file, such as a recorded voice."""

    wav: Path


@dataclass(frozen=True, slots=True, config=_STRICT)
class Press:
    """Press keys, one after another."""

    digits: str
    gap_ms: int = 300


@dataclass(frozen=True, slots=True, config=_STRICT)
class Interrupt:
    """Wait until the bot has spoken for so long, and do the next step over its words."""

    after_s: float


@dataclass(frozen=True, slots=True, config=_STRICT)
class StaySilent:
    """Say nothing for some seconds, or, with None, until the call is over."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Noise:
    """Change the noise of the room; None is digital silence."""

    dbfs: float | None


@dataclass(frozen=True, slots=True, config=_STRICT)
class Beep:
    """The tone of an answering machine."""

    ms: int = 500
    hz: float = 1000.0


@dataclass(frozen=True, slots=True, config=_STRICT)
class HangUp:
    """End the call."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class LoseNetwork:
    """The stream breaks without a close frame."""

    moment: DropMoment = "between messages"


Step: TypeAlias = WaitForBot | Say | Play | Press | Interrupt | StaySilent | Noise | Beep | HangUp | LoseNetwork


@dataclass(frozen=True, slots=True, config=_STRICT)
class Persona:
    """One person with a phone. Without steps it is silent until a test speaks for it."""

    name: str = "somebody"
    pickup: Pickup = field(default_factory=Pickup)
    language: str = "en-IN"
    voice: str = CALLER_VOICE
    rate_wpm: int = DEFAULT_RATE_WPM
    reaction_ms: int = 400
    """From the end of listening to the next step."""
    noise_dbfs: float | None = None
    steps: tuple[Step, ...] = ()
    dnd: Literal["", "refused", "failed"] = ""
    """On the do-not-disturb registry: the request is refused with 403, or the call ends `failed`."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class Agent:
    """A human agent's phone."""

    pickup: Pickup = field(default_factory=Pickup)
    talk_s: float = 30.0
    """Until the agent hangs up, unless the customer does first."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class People:
    """Whoever may be called, by number (`+91` and ten digits)."""

    personas: Mapping[str, tuple[Persona, ...]] = field(default_factory=dict)
    """One persona for each call in turn; the last one takes all calls after that."""
    agents: Mapping[str, Agent] = field(default_factory=dict)
