"""Working off the queue: each entry is called at most once at a time, whatever dies in between.

The order is what makes it safe. The attempt is written first, with every rule asked in the same transaction; then it is
written that telephony will be asked; then telephony is asked. Whoever takes over an entry for which telephony may have
been asked never asks anew: it waits for the end, and asks telephony whether it knows the call.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from services.customers.may_dial import Decision, Policy
from services.customers.model import FINAL, Call, CallStatus
from services.customers.ports import Begun
from voicekit.clock import Now
from voicekit.errors import InvalidInput, Overloaded, ProviderDown, VoiceError, WrongState

log = structlog.get_logger(__name__)

ASK_AGAIN: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between requests to telephony while it has no room or does not answer."""
LOOK_EVERY: Final = 0.25
NO_ROOM: Final = timedelta(seconds=1)
PAUSED: Final = timedelta(seconds=2)
"""After how long to look again at what was claimed before its campaign was paused; the rest is not looked at at all."""
AT_ONCE: Final = timedelta(0)
LONGEST_CALL: Final = 3600.0
"""Seconds after which a call that telephony does not know cannot live any more."""


@dataclass(frozen=True, slots=True)
class Retries:
    """After how long to call again, by how the last attempt ended."""

    busy: timedelta = timedelta(minutes=15)
    no_answer: timedelta = timedelta(hours=2)
    unreachable: timedelta = timedelta(hours=24)
    rejected: timedelta = timedelta(hours=24)
    failed: timedelta = timedelta(hours=1)
    not_placed: timedelta = timedelta(minutes=5)
    most: int = 10
    """Attempts for one entry, also of those that count for no cap."""

    def after(self, call: Call, tries: int) -> timedelta | None:
        """Return after how long to call again; None for never. `tries` counts this attempt."""
        if call.status is CallStatus.COMPLETED or call.reason == "carrier_refused" or tries >= self.most:
            return None
        match call.reason:
            case "busy":
                return self.busy
            case "canceled":
                return self.rejected
            case "carrier_failed":
                return self.unreachable
            case "never_placed" | "not_placed":
                return self.not_placed
        return self.no_answer if call.status is CallStatus.NOT_PICKED else self.failed


@dataclass(frozen=True, slots=True)
class Entry:
    """A borrower in the queue."""

    id: int
    state: str
    """waiting, calling, done or dropped."""
    not_before: datetime
    tries: int
    call_id: str
    """The present attempt; empty before the first."""
    paused: bool
    cancelled: bool
    """Its campaign is cancelled, and it may still have to be taken out."""


class Entries(Protocol):
    """The queue's rows."""

    async def get(self, entry_id: int) -> Entry:
        """Return one entry; `NotFound`."""

    async def turn(self) -> float:
        """Take the next turn of all workers; return how many seconds it is away."""

    async def has_room(self, room: int) -> bool:
        """Tell whether a slot is free, of ours and of telephony's `room`, for as long as nobody takes it."""

    async def begin(self, entry_id: int, room: int) -> Begun | Decision | None:
        """Begin an attempt: what the call must know, or why not, or None when all slots are taken.

        `room` is how many calls telephony has room for, on all pods.
        """

    async def call(self, call_id: str) -> Call:
        """Return an attempt as it now is."""

    async def asking(self, entry_id: int, call_id: str) -> bool:
        """Note that telephony is about to be asked; False when somebody may have asked already: then do not."""

    async def fail(self, call_id: str, reason: str) -> None:
        """Note that an attempt has failed."""

    async def settle(self, entry_id: int, call: Call, again_at: datetime | None) -> None:
        """Note how an attempt ended, and when to call again; None for never."""


class Telephony(Protocol):
    """Whoever places calls."""

    async def place(self, begun: Begun) -> None:
        """Have the borrower rung; the same attempt never rings twice. `Overloaded`, `ProviderDown`, `WrongState`."""

    async def knows(self, call_id: str) -> bool:
        """Tell whether telephony knows a call; `ProviderDown`."""

    async def room(self) -> int:
        """Return how many calls all pods together have room for, live ones included; `ProviderDown`."""


class Dialler:
    """Does what is to be done for an entry."""

    def __init__(
        self,
        entries: Entries,
        telephony: Telephony,
        policy: Policy,
        retries: Retries,
        now: Now,
        *,
        unknown_after: float,
    ) -> None:
        """Prepare; `unknown_after` is for how many seconds telephony may not yet know a call it was asked to place."""
        self._entries, self._telephony, self._policy = entries, telephony, policy
        self._retries, self._now, self._unknown_after = retries, now, unknown_after
        self._stopping = False

    def stop(self) -> None:
        """Leave what lives to another worker; nothing new is begun."""
        self._stopping = True

    async def work(self, entry_id: int) -> timedelta | None:
        """Do what can be done now; return after how long to come back, None when there is nothing left to do."""
        entry = await self._entries.get(entry_id)
        if entry.state == "waiting" and not entry.cancelled:
            wait = self._wait(entry)
            return await self._begin(entry_id) if wait is None else wait
        if entry.state == "calling":
            if await self._entries.asking(entry_id, entry.call_id):
                # Nobody was asked, and now nobody can be. Hours may have passed, so a new attempt asks the rules anew.
                await self._entries.fail(entry.call_id, "not_placed")
            return await self._follow(entry_id, entry.call_id)
        return None

    async def _begin(self, entry_id: int) -> timedelta | None:
        room = await self._telephony.room()
        if not await self._entries.has_room(room):
            return NO_ROOM  # before a turn is taken, which nobody else could use then
        await asyncio.sleep(await self._entries.turn())
        begun = None if self._stopping else await self._entries.begin(entry_id, room)
        if begun is None:
            return NO_ROOM
        if isinstance(begun, Decision):
            log.info("The rules refuse a call.", entry=entry_id, code=begun.code)
            return max(begun.not_before - self._now(), NO_ROOM) if begun.not_before else None
        if await self._entries.asking(entry_id, begun.call.id):
            await self._place(begun)
        return await self._follow(entry_id, begun.call.id)

    def _wait(self, entry: Entry) -> timedelta | None:
        if self._stopping:
            return AT_ONCE
        if entry.paused:
            return PAUSED
        return entry.not_before - self._now() if entry.not_before > self._now() else None

    async def _place(self, begun: Begun) -> None:
        """Ask telephony, again while it has no room and the hours last."""
        for pause in (*ASK_AGAIN, None):
            try:
                await self._telephony.place(begun)
            except (Overloaded, ProviderDown):
                if pause is None or self._policy.next_opening(self._now()) > self._now():
                    break
                await asyncio.sleep(pause)
            except (WrongState, InvalidInput):
                await self._entries.fail(begun.call.id, "carrier_refused")
                return
            else:
                return
        if await self._is_unknown(begun.call.id):
            await self._entries.fail(begun.call.id, "not_placed")

    async def _follow(self, entry_id: int, call_id: str) -> timedelta | None:
        """Wait for the end of a call, and settle it."""
        began = loop_time()
        asked_at = began
        while (call := await self._entries.call(call_id)).status not in FINAL:
            if self._stopping:
                return AT_ONCE
            if loop_time() - asked_at >= self._unknown_after:
                asked_at = loop_time()
                await self._reconcile(call, asked_at - began)
            await asyncio.sleep(LOOK_EVERY)
        return await self._settle(entry_id, call)

    async def _reconcile(self, call: Call, followed: float) -> None:
        """Give up a call that telephony does not know: it was never placed, or its end was lost."""
        unplaced = call.status is CallStatus.INITIATED and not call.call_sid
        if (unplaced or followed > LONGEST_CALL) and await self._is_unknown(call.id):
            await self._entries.fail(call.id, "never_placed" if unplaced else "telephony_lost")

    async def _is_unknown(self, call_id: str) -> bool:
        try:
            return not await self._telephony.knows(call_id)
        except VoiceError:
            return False

    async def _settle(self, entry_id: int, call: Call) -> timedelta | None:
        entry = await self._entries.get(entry_id)
        delay = self._retries.after(call, entry.tries + 1)
        again_at = None if delay is None else self._policy.next_opening(self._now() + delay)
        await self._entries.settle(entry_id, call, again_at and self._policy.spread(again_at, entry_id))
        # The record may have moved it meanwhile, to the time that the borrower asked for.
        settled = await self._entries.get(entry_id)
        return max(settled.not_before - self._now(), AT_ONCE) if settled.state == "waiting" else None


def loop_time() -> float:
    """Return the loop's time."""
    return asyncio.get_running_loop().time()
