"""What an emulated account is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from emulators.exotel.callbacks import CallbackHabits
from emulators.exotel.flow import Flow
from emulators.exotel.persona import People, Persona
from emulators.exotel.variant import Variant


@dataclass(slots=True)
class ApiFault:
    """How one request to `Calls/connect` goes wrong."""

    status: int | None = None
    """Answered instead of 200: 400, 401, 402, 403, 404, 409, 429, 500, 502 or 503."""
    created: bool = False
    """Whether the call is placed all the same."""
    lost: bool = False
    """Whether the connection is cut instead of an answer."""
    latency_s: float = 0.0
    """Pause before the answer; the call has begun by then."""
    retry_after_s: int | None = None


@dataclass(slots=True)
class Options:
    """An account, its flows and its people. Phone numbers are `+91` and ten digits."""

    flows: Mapping[str, Flow]
    """By app id; `default` takes every other id, and inbound calls."""
    account_sid: str = "ashafinance1"
    api_key: str = "exotel-key"
    api_token: str = "exotel-token"  # noqa: S105  # opens nothing but this emulator
    exophones: tuple[str, ...] = ("+918045670001",)
    variant: Variant = field(default_factory=Variant)
    people: People = field(default_factory=People)
    default_persona: Persona = field(default_factory=Persona)
    """Who picks up at a number that nobody in `people` has."""
    habits: CallbackHabits = field(default_factory=CallbackHabits)
    seed: int = 0
    """Decides all sids and all noise."""
    requests_per_minute: int = 200
    latency_s: float = 0.7
    """From accepting a call to answering the request, as origination takes that long."""
    max_streams: int = 100
    settle_s: float = 120.0
    """From the end of a call until its Duration, Price and EndTime are known."""
    keep_audio: int = 200
    """How many finished calls keep their audio and messages in memory; older ones keep the rest."""
    record_dir: Path | None = None
    started: datetime | None = None
    """What the wall clock says at the start; the real time when None."""
