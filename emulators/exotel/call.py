"""One phone call, from the request to the hang-up, and all that is known of it."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import structlog

from emulators.audio import SAMPLE_RATE, resample
from emulators.exotel.ear import Ear, Span
from emulators.exotel.judge import Findings
from emulators.exotel.mouth import Mouth
from emulators.exotel.pulse import Pulse

if TYPE_CHECKING:
    from emulators.exotel.caller import Caller
    from emulators.exotel.stream import Stream

log = structlog.get_logger(__name__)

TERMINAL: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})

Direction = Literal["outbound-api", "incoming"]
EndedBy = Literal["user", "system", "carrier"]


@dataclass(frozen=True, slots=True)
class CallRequest:
    """What was asked for when the call was placed; phone numbers are `+91` and ten digits."""

    customer: str
    exophone: str
    app_id: str
    direction: Direction = "outbound-api"
    custom_field: str = ""
    ring_s: float = 30.0
    time_limit_s: float = 14400.0
    status_callback: str = ""
    callback_events: tuple[str, ...] = ()
    callback_content_type: str = ""
    record: bool = False


class Event(NamedTuple):
    """Something that happened, in seconds since the request."""

    at_s: float
    name: str
    details: Mapping[str, object]


@dataclass(slots=True)
class AgentLeg:
    """One attempt to reach a human agent."""

    number: str
    status: str = "ringing"
    dialled_at: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    ended_by: str = ""


@dataclass(slots=True)
class Transfer:
    """What came of the Connect applet."""

    legs: list[AgentLeg] = field(default_factory=list)
    call_type: str = "call-attempt"
    """`call-attempt`, `completed`, `client-hangup` or `incomplete`."""


class Call:
    """The record of one call; whoever changes it says so with `note`, which wakes all who wait."""

    caller: "Caller"
    """The person on the phone; set when the call is created."""

    def __init__(self, sid: str, account: str, request: CallRequest, *, seed: int) -> None:
        self.sid = sid
        self.account = account
        self.request = request
        self.began = asyncio.get_running_loop().time()
        self.answered_at: float | None = None
        self.ended_at: float | None = None
        self.status = "queued"
        """queued, ringing, in-progress, then one of `TERMINAL`. The API says `in-progress` from the start."""
        self.ended_by: EndedBy | None = None
        self.events: list[Event] = []
        self.findings = Findings()
        self.pulse = Pulse()
        self.mouth = Mouth(seed)
        self.said: list[tuple[float, bytearray]] = []
        """What the caller's phone sent: when each stretch began by the loop's clock, and its 8 kHz PCM."""
        self.ears: list[Ear] = []
        self.streams: list[Stream] = []
        self.drop_next_stream = False
        """Whether the network breaks as soon as the next stream is open, before `start`."""
        self.transfer = Transfer()
        self.hung_up = asyncio.Event()
        """Set when the customer's leg is down, whoever ended it."""
        self.over = asyncio.Event()
        """Set when the flow is done and the status is final."""

    def note(self, name: str, **details: object) -> None:
        """Add an event, log it, and wake everybody who waits for one."""
        at_s = round(asyncio.get_running_loop().time() - self.began, 3)
        self.events.append(Event(at_s, name, details))
        log.info(name.replace("_", " ").capitalize() + ".", call=self.sid[:8], at=at_s, **details)
        self.pulse.beat()

    def hang_up(self, by: EndedBy, reason: str = "") -> None:
        """End the customer's leg; the flow notices. A second time does nothing."""
        if not self.hung_up.is_set():
            self.ended_by = by
            self.note("hung_up", by=by, reason=reason)
            self.hung_up.set()
            self.pulse.beat()

    async def happens(self, name: str, *, timeout_s: float = 60.0, count: int = 1) -> Event:
        """Wait for the `count`th event of that name; `AssertionError` when it does not come in time."""
        until = asyncio.get_running_loop().time() + timeout_s
        while len(found := [event for event in self.events if event.name == name]) < count:
            if asyncio.get_running_loop().time() >= until:
                raise AssertionError(f"no {name!r} within {timeout_s} s, only {[event.name for event in self.events]}")
            await self.pulse.wait(until)
        return found[count - 1]

    async def ends(self, *, timeout_s: float = 600.0) -> str:
        """Wait for the end of the call and return its final status."""
        async with asyncio.timeout(timeout_s):
            await self.over.wait()
        return self.status

    def forget(self) -> None:
        """Let go of audio and messages; what `view` tells stays."""
        self.said.clear()
        self.ears.clear()
        for stream in self.streams:
            stream.log.clear()

    @property
    def stream(self) -> "Stream | None":
        """The stream that is live now."""
        return next((stream for stream in reversed(self.streams) if stream.live), None)

    @property
    def spans(self) -> list[Span]:
        """When the bot's voice was or will be heard, in seconds of the loop's clock."""
        return [span for ear in self.ears for span in ear.spans]

    @property
    def heard(self) -> bytes:
        """What the ear has heard since the phone was answered, 8 kHz PCM."""
        now = asyncio.get_running_loop().time() if self.ended_at is None else self.ended_at
        return self._timeline([(ear.opened, resample(ear.played(now), ear.rate_hz, SAMPLE_RATE)) for ear in self.ears])

    @property
    def spoken(self) -> bytes:
        """What the caller's phone has sent since it was answered, 8 kHz PCM."""
        return self._timeline([(began, bytes(pcm)) for began, pcm in self.said])

    def _timeline(self, parts: list[tuple[float, bytes]]) -> bytes:
        sound = bytearray()
        for began, pcm in parts:
            start = 2 * round((began - (self.answered_at or began)) * SAMPLE_RATE)
            sound += bytes(max(0, start - len(sound)))
            sound[start : start + len(pcm)] = pcm
        return bytes(sound)

    def view(self) -> dict[str, object]:
        """Describe the call for the control API and the recordings."""
        return {
            "sid": self.sid,
            "customer": self.request.customer,
            "exophone": self.request.exophone,
            "direction": self.request.direction,
            "custom_field": self.request.custom_field,
            "status": self.status,
            "ended_by": self.ended_by,
            "placed_s": round(self.began, 3),
            "answered_after_s": None if self.answered_at is None else round(self.answered_at - self.began, 3),
            "duration_s": None if self.ended_at is None else round(self.ended_at - self.began, 3),
            "transfer": self.transfer.call_type,
            "agents": [{"number": leg.number, "status": leg.status} for leg in self.transfer.legs],
            "events": [{"at_s": event.at_s, "event": event.name, **event.details} for event in self.events],
            "streams": [stream.view() for stream in self.streams],
            "findings": self.findings.view(),
        }
