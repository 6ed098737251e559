"""Calls that end without us: never answered, or their pod is gone. What the carrier says of them is the truth."""

import asyncio
from datetime import UTC, datetime
from typing import Final

import structlog

from services.telephony.book import CallBook, Entry, Phase
from services.telephony.endings import Endings
from services.telephony.model import Ending, Reason, Status, StatusEvent
from services.telephony.ports import Carrier, CarrierCall, Sessions
from services.telephony.recorder import Recorder
from services.telephony.tasks import Tasks
from services.telephony.transfers import Transfers
from voicekit.clock import Now
from voicekit.errors import ProviderDown, VoiceError

log = structlog.get_logger(__name__)

UNANSWERED: Final = {
    "no-answer": Ending(Status.NOT_PICKED, Reason.NO_ANSWER),
    "busy": Ending(Status.NOT_PICKED, Reason.BUSY),
    "canceled": Ending(Status.NOT_PICKED, Reason.CANCELED),
    "cancelled": Ending(Status.NOT_PICKED, Reason.CANCELED),
    "failed": Ending(Status.FAILED, Reason.CARRIER_FAILED),
}
"""Terminal statuses of a call that nobody spoke in, as the carrier spells them."""
TERMINAL: Final = frozenset({*UNANSWERED, "completed"})
SOCKET_GRACE: Final = 10.0
"""Seconds after an answered call ended in which its socket's own end may still be on its way."""
SWEEP_EVERY: Final = 5.0
ASK_AGAIN: Final = 15.0
"""Seconds between two questions to the carrier about one call, by all pods together."""
RING_MARGIN: Final = 15.0
ANSWER_MARGIN: Final = 75.0
"""Seconds after the last ring in which the carrier's flow must have opened a socket."""
LEASE_MARGIN: Final = 2.0
GONE_AFTER: Final = 60.0
"""Seconds without a lease after which a call is nobody's, even if the carrier still has the borrower on the line."""
TRANSFER_LASTS: Final = 3600.0
UNPLACED_AFTER: Final = 120.0
"""Seconds after which a call of unknown outcome that the carrier does not list was never placed."""


class Settler:
    """Finds out how calls ended that no session of ours ends."""

    def __init__(
        self,
        *,
        book: CallBook,
        sessions: Sessions,
        carrier: Carrier,
        endings: Endings,
        transfers: Transfers,
        recorder: Recorder,
        pod: str,
        ring_seconds: float,
        now: Now,
    ) -> None:
        self._book, self._sessions, self._carrier = book, sessions, carrier
        self._endings, self._transfers, self._recorder = endings, transfers, recorder
        self._pod, self._ring_seconds, self._now = pod, ring_seconds, now
        self._tasks = Tasks()

    def told(self, call_id: str, call_sid: str, status: str) -> None:
        """Take note of a status callback: any order, any number of times, minimal or not. Returns at once."""
        self._tasks.start(self._take(call_id, call_sid, status.lower()), "status")

    async def drain(self, within: float) -> None:
        """Wait until the callbacks that came are taken, for at most so many seconds."""
        await self._tasks.wait(within)
        await self._tasks.cancel()

    async def sweep(self) -> None:
        """Look at every call that lives, for ever: for some, no callback will come. Cancel it to stop."""
        while True:
            await asyncio.sleep(SWEEP_EVERY)
            try:
                await self.look()
            except VoiceError:
                log.warning("A look at the live calls failed.")

    async def look(self) -> None:
        """Look once at every call that lives, on whichever pod it was placed."""
        listed = {*await self._book.live_ids(0, 1000), *self._book.local_live()}
        for call_id in listed:
            if self._book.is_led_by(self._pod, call_id):
                continue  # nothing is late in a call that is led here, and most are
            entry = await self._book.by_call_id(call_id)
            if entry and self._is_due(entry) and await self._is_our_turn(call_id):
                await self._settle(entry)

    async def _take(self, call_id: str, call_sid: str, status: str) -> None:
        entry = await self._book.by_call_id(call_id)
        if entry is None:
            log.warning("A status came for a call that is not known here.", call_id=call_id)
            return
        if call_sid and not entry.call_sid:
            await self._book.name(call_id, call_sid)
            entry.fields["call_sid"] = call_sid
        if status == "ringing":
            event = StatusEvent("status-ringing", self._now(), Status.RINGING, source="carrier")
            self._recorder.tell(call_id, event)
        elif status in TERMINAL:
            if not self._ends_here(entry):
                await self._settle(entry, told=status)
        elif status not in ("queued", "in-progress", "answered"):
            log.warning("The carrier told an unknown status.", call_id=call_id)

    def _is_due(self, entry: Entry) -> bool:
        """Tell whether a call is late. The clock of this pod is only a hint: the carrier and the lease decide."""
        now = self._now().timestamp()
        match entry.phase:
            case Phase.DIALLING:
                return now > entry.time("created_at") + self._ring_seconds + RING_MARGIN
            case Phase.ANSWERED:
                return entry.owner not in ("", self._pod) and now > entry.time("lease_until") + LEASE_MARGIN
            case Phase.TRANSFERRED:
                return True
        return False

    def _ends_here(self, entry: Entry) -> bool:
        """Tell whether a call is over, or ends by its own socket on this pod: then the carrier need not be asked."""
        led = entry.phase == Phase.ANSWERED and entry.owner in ("", self._pod)
        return led or entry.phase in (Phase.ENDED, Phase.PLACING)

    async def _is_our_turn(self, call_id: str) -> bool:
        try:
            return await self._sessions.first(call_id, ASK_AGAIN)
        except ProviderDown:
            return True

    async def _settle(self, entry: Entry, told: str = "") -> None:
        """Find out what became of a call. A callback starts this, and decides only if the carrier cannot be asked."""
        try:
            call = await self._ask(entry)
        except VoiceError:
            if not told:
                return
            call = None
        status = call.status if call and call.status in TERMINAL else told
        match entry.phase:
            case Phase.DIALLING:
                await self._settle_dialling(entry, status)
            case Phase.ANSWERED:
                await self._settle_answered(entry, status)
            case Phase.TRANSFERRED:
                await self._settle_transfer(entry, call, status)

    async def _settle_dialling(self, entry: Entry, status: str) -> None:
        age = self._now().timestamp() - entry.time("created_at")
        if status in UNANSWERED:
            ending = UNANSWERED[status]
        elif not entry.call_sid and age > UNPLACED_AFTER:
            ending = Ending(Status.FAILED, Reason.NEVER_PLACED)
        elif status == "completed" or age > self._ring_seconds + ANSWER_MARGIN:
            # It was answered. Its socket may just be opening, or its end be on the way.
            await asyncio.sleep(SOCKET_GRACE)
            ending = Ending(Status.FAILED, Reason.SOCKET_NEVER_OPENED)
        else:
            return
        later = await self._book.by_call_id(entry.call_id)
        if later and later.phase == Phase.DIALLING:
            self._end(later, ending, "carrier")

    async def _settle_answered(self, entry: Entry, status: str) -> None:
        """End a call whose pod is gone. A pod that lives keeps its lease, and ends its calls itself."""
        silent = self._now().timestamp() - entry.time("lease_until")
        if entry.owner in ("", self._pod) or (not status and silent < GONE_AFTER):
            return
        try:
            epoch = await self._sessions.claim(entry.call_sid, f"settler of {self._pod}", ASK_AGAIN)
        except ProviderDown:
            return  # whose call it is cannot be told
        if epoch:
            entry.fields["epoch"] = str(epoch)
            self._end(entry, Ending(Status.FAILED, Reason.TELEPHONY_LOST), "reaper")

    async def _settle_transfer(self, entry: Entry, call: CarrierCall | None, status: str) -> None:
        age = self._now().timestamp() - entry.time("transfer_at")
        if status in TERMINAL or age > TRANSFER_LASTS:
            await self._transfers.agent_left(entry, call.second_leg if call else "", "carrier" if call else "reaper")

    def _end(self, entry: Entry, ending: Ending, source: str) -> None:
        known = entry.customer != 0
        self._endings.end(entry.call_id, ending, source=source, epoch=int(entry.epoch or 0), known=known)

    async def _ask(self, entry: Entry) -> CarrierCall | None:
        """Ask the carrier; `ProviderDown` when it does not say."""
        if entry.call_sid:
            return await self._carrier.details(entry.call_sid)
        since = datetime.fromtimestamp(entry.time("created_at"), UTC)
        call = await self._carrier.find(entry.phone, entry.call_id, since)
        if call:
            await self._book.name(entry.call_id, call.sid)
            entry.fields["call_sid"] = call.sid
        return call
