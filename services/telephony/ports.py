"""What telephony needs from outside, as small Protocols. Every one raises `VoiceError`s and nothing else."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.telephony.model import Brief, Expectation, Facts, Hearing, Line, Plan, RecordEvent, Told, Turn


class Listening(Protocol):
    """One stream of a call's sound to speech, and of what it hears back. Nothing that is told ever waits."""

    def replay(self, pcm: bytes) -> None:
        """Send sound of before, of any length: it is never left out."""

    def audio(self, pcm: bytes, *, soon: bool) -> None:
        """Send sound of the line, `soon` where a turn hangs on it; what speech cannot take in time is told as silence,
        oldest first.
        """

    def expect(self, expectation: Expectation) -> None:
        """Tell what is awaited, from here on."""

    def bot_speaks(self, speaking: bool) -> None:
        """Tell whether our side is heard, from here on."""

    def events(self) -> AsyncIterator[Hearing]:
        """Yield what is heard; ends after `finish`, `ProviderDown` when the stream is lost."""

    def finish(self) -> None:
        """Say that nothing follows."""


class Speech(Protocol):
    """Hearing and speaking."""

    def listen(self, call_id: str, expectation: Expectation) -> AbstractAsyncContextManager[Listening]:
        """Open a stream."""

    def speak(
        self, call_id: str, language: str, lines: Sequence[Line]
    ) -> AbstractAsyncContextManager[AsyncIterator[tuple[int, bytes]]]:
        """Yield (index of the line, PCM); ends when all is said, `ProviderDown` or `Overloaded` when it breaks."""

    async def prepare(self, call_id: str, language: str, lines: Sequence[Line], within: float) -> bool:
        """Render lines; True when all are ready within so many seconds."""


class Conversation(Protocol):
    """One stream to dialog."""

    @property
    def facts(self) -> Facts | None:
        """What the whole conversation came to; known once `turns` has ended after `finish`."""

    def tell(self, event: Told) -> None:
        """Tell what happened; never waits."""

    def turns(self) -> AsyncIterator[Turn]:
        """Yield our turns; ends when dialog has finished, `ProviderDown` when the stream is lost."""

    def finish(self, reason: str) -> None:
        """Say that the call has ended."""


class Dialog(Protocol):
    """What is said next."""

    async def plan(self, brief: Brief) -> Plan:
        """Return what a call will need; `InvalidInput` when the brief cannot be spoken."""

    def converse(self, brief: Brief, snapshot: bytes) -> AbstractAsyncContextManager[Conversation]:
        """Begin a conversation, or go on from `snapshot`."""


class Customers(Protocol):
    """The record."""

    async def find_by_phone(self, phone: str) -> int:
        """Return the id of who owns `phone`; `NotFound` when nobody does."""

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Brief:
        """Begin an attempt for a borrower who rings us; the same `call_sid` gets the same attempt."""

    async def record(self, call_id: str, events: Sequence[RecordEvent]) -> None:
        """Write down what happened, once by key; `NotFound` when there is no such call."""


@dataclass(frozen=True, slots=True)
class CarrierCall:
    """A call as the carrier sees it."""

    sid: str
    status: str
    """Lower case, such as "in-progress" or "no-answer"."""
    custom_field: str = ""
    from_number: str = ""
    second_leg: str = ""
    """Status of the leg to the agent; empty when there is none."""


class CarrierRefused(Exception):
    """The carrier will not ring this number, or not for this account: the same request never succeeds.

    `fault` is "account" (credentials, balance, permission) or "request" (this number, blocked or malformed).
    """

    def __init__(self, fault: str, http_status: int) -> None:
        super().__init__(f"the carrier refused the {fault} with HTTP {http_status}")
        self.fault = fault


class OutcomeUnknown(Exception):
    """The carrier did not answer: it may or may not ring."""


class Carrier(Protocol):
    """Whoever rings the phones."""

    async def connect(self, phone: str, call_id: str, status_url: str) -> str:
        """Ring `phone` and return the carrier's id of the call.

        `CarrierRefused` or `Overloaded` or `ProviderDown`: nobody was rung. `OutcomeUnknown`: somebody may have been.
        """

    async def details(self, call_sid: str) -> CarrierCall | None:
        """Return the call; None when the carrier does not know it, `ProviderDown` when it does not say."""

    async def find(self, phone: str, call_id: str, since: datetime) -> CarrierCall | None:
        """Find a call to `phone` begun after `since` that bears our `call_id` or no id; None when there is none."""


class Sessions(Protocol):
    """Calls while they live, as all pods see them. Every method raises `ProviderDown` within half a second."""

    async def create_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> bool:
        """Keep what a call is begun with, for 30 min; False when it is kept already."""

    async def get_temp_call(self, temp_id: str) -> dict[str, str]:
        """Return it; empty when it is not kept."""

    async def update_temp_call(self, temp_id: str, fields: Mapping[str, str]) -> None:
        """Add to it, if it is kept."""

    async def delete_temp_call(self, temp_id: str) -> None:
        """Forget it."""

    async def name_call(self, call_id: str, call_sid: str) -> None:
        """Remember the carrier's id of a call."""

    async def find_call_sid(self, call_id: str) -> str:
        """Return it; empty when not known."""

    async def create_call_session(self, call_sid: str, fields: Mapping[str, str]) -> None:
        """Keep what is told of a call, for 2 h; fields that are kept already stay as they are."""

    async def get_call_session(self, call_sid: str) -> dict[str, str]:
        """Return all that is kept of a call; empty when nothing is."""

    async def update_call_session(self, call_sid: str, epoch: int, fields: Mapping[str, str]) -> bool:
        """Write as the owner of `epoch`; False when another owns the call by now. Epoch 0 writes if nobody owns it."""

    async def claim(self, call_sid: str, owner: str, lease: float) -> int:
        """Become a call's owner and return the epoch; 0 while another's lease lasts."""

    async def renew(self, call_sid: str, epoch: int, lease: float) -> str | None:
        """Keep it, and return the reason for which its end was asked, or ""; None when another owns it by now."""

    async def ask_end(self, call_sid: str, reason: str) -> None:
        """Ask the owner to end the call."""

    async def enter_live(self, call_id: str, at: float) -> None:
        """List a call among those that live, under the time at which it was begun."""

    async def leave_live(self, call_id: str) -> None:
        """Take it off the list."""

    async def list_live(self, offset: int, count: int) -> list[str]:
        """Return ids of calls that live, newest first."""

    async def count_live(self) -> int:
        """Return how many calls live."""

    async def offer_slots(self, pod: str, slots: int, lease: float) -> None:
        """Tell for `lease` seconds how many calls a pod leads at most; 0 when it takes no new ones."""

    async def offered_slots(self) -> tuple[int, int]:
        """Return how many calls all pods that take new ones lead at most, and how many pods these are."""

    async def first(self, what: str, within: float) -> bool:
        """True for the first pod that asks about `what` in so many seconds, False for all others."""

    async def put_ticket(self, token: str, fields: Mapping[str, str]) -> None:
        """Keep what a socket's token stands for, for 60 s."""

    async def use_ticket(self, token: str, uses: int) -> dict[str, str]:
        """Return it and count the use; empty after so many uses, or when it is not kept."""


class Leg(Protocol):
    """The borrower's side of the line. Sending never waits: what cannot be sent ends the call."""

    def play(self, pcm: bytes) -> None:
        """Send 8 kHz PCM, a multiple of 320 bytes; the carrier plays it after what it already has."""

    def mark(self, name: str) -> None:
        """Ask for an echo when what was sent so far has been played."""

    def clear(self) -> None:
        """Have the carrier drop what it has not played yet."""

    def close(self) -> None:
        """Close the socket in good order: the carrier's flow goes on."""
