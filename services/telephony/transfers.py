"""Handing a call over to a person: decided and kept first, then asked for by the carrier, then told how it went."""

from collections.abc import Callable
from typing import Any, Final

import structlog

from services.telephony.book import CallBook, Entry, Phase
from services.telephony.endings import Endings
from services.telephony.model import Ending, Facts, FactsEvent, Reason, Status
from services.telephony.recorder import Recorder
from voicekit.clock import Now
from voicekit.logs import mask_phone

log = structlog.get_logger(__name__)
calls = structlog.get_logger("calls")

DECISION_LASTS: Final = 120.0
"""Seconds in which the carrier may come for a decision; it comes within moments, or never."""
_BY_BORROWER: Final = ("user", "caller")
_TALKED: Final = ("completed", "answered", "in-progress")
_NOT_OVER: Final = ("", "queued", "ringing", "initiated", "dial", "dialing")

TRANSFER_FAILED: Final = "XFER_FAIL"
"""What the record calls it when nobody took the call; dialog has told of a transfer that was to succeed."""
TALKED: Final = Ending(Status.COMPLETED, Reason.AGENT_TRANSFER)
UNREACHABLE: Final = Ending(Status.FAILED, Reason.AGENT_UNREACHABLE)
LEFT: Final = Ending(Status.COMPLETED, Reason.HUNG_UP_WAITING_FOR_AGENT)
"""The borrower rang off before an agent took the call."""


class Transfers:
    """Knows which calls are to be handed over. A call is handed over once, and never after the borrower rang off."""

    def __init__(
        self,
        book: CallBook,
        endings: Endings,
        recorder: Recorder,
        *,
        agent_phone: str,
        exophone: str,
        ring_seconds: int,
        now: Now,
    ) -> None:
        self._book, self._endings, self._recorder, self._now = book, endings, recorder, now
        self._agent_phone, self._exophone, self._ring_seconds = agent_phone, exophone, ring_seconds

    async def decide(self, call_id: str, customer_id: int, *, epoch: int) -> None:
        """Keep that a call is to be handed over. Must have returned before the socket is closed."""
        at = f"{self._now().timestamp():.3f}"
        await self._book.note(call_id, epoch=epoch, phase=Phase.TRANSFERRED, transfer="wanted", transfer_at=at)
        calls.info(
            "AGENT_TRANSFER_INITIATED",
            call_id=call_id,
            customer_id=customer_id,
            agent_number=mask_phone(self._agent_phone),
            reason="asked_for",
        )

    async def is_wanted(self, call_sid: str, disconnected_by: str) -> bool:
        """Answer Passthru after the bot: True sends the call on to the agent.

        The same question gets the same answer, since the carrier may ask twice.
        """
        entry = await self._book.by_sid(call_sid)
        if entry is None:
            return False
        if disconnected_by.lower() in _BY_BORROWER:
            self._over(entry, LEFT)
            return False
        return self._is_live(entry)

    async def numbers(self, call_sid: str, events_url: Callable[[str], str]) -> dict[str, Any]:
        """Answer the Connect applet: whom to dial; nobody without a live decision.

        `events_url` makes the address for dial events of a call, by its id.

        Source: Exotel, "Programmable Connect (dynamic URL)".
        """
        entry = await self._book.by_sid(call_sid)
        wanted = entry is not None and self._is_live(entry)
        return {
            "fetch_after_attempt": False,
            "destination": {"numbers": [self._agent_phone] if wanted else []},
            "outgoing_phone_number": self._exophone,
            "record": False,
            "max_ringing_duration": self._ring_seconds,
            "max_conversation_duration": 1800,
            "music_on_hold": {"type": "operator_tone"},
            "parallel_ringing": {"activate": False, "max_parallel_attempts": 1},
            "dial_passthru_event_url": events_url(entry.call_id) if entry else "",
        }

    async def dial_event(self, call_id: str, event: str, status: str) -> None:
        """Take note of the agent's leg; `event` and `status` are free text, compared in lower case."""
        entry = await self._book.by_call_id(call_id)
        if entry is None or not entry.transfer:
            log.warning("A dial event came for a call that was not handed over.", call_id=call_id)
            return
        event, status = event.lower(), status.lower()
        if event == "answered":
            await self._book.note(call_id, epoch=_epoch(entry), transfer="answered")
        elif event == "terminal" or (not event and status not in _NOT_OVER):
            await self.agent_left(entry, status)

    async def after_agent(self, call_sid: str, status: str, call_type: str) -> None:
        """Answer Passthru after the Connect applet, whose words are those of the dial events."""
        if entry := await self._book.by_sid(call_sid):
            await self.agent_left(entry, "canceled" if call_type.lower() == "client-hangup" else status.lower())

    async def agent_left(self, entry: Entry, status: str, source: str = "carrier") -> None:
        """The part with the agent is over, or never came about; `status` is that of the agent's leg."""
        if entry.transfer == "answered" or status in _TALKED:
            self._over(entry, TALKED, source)
        else:
            self._over(entry, LEFT if status in ("canceled", "cancelled") else UNREACHABLE, source)

    def _over(self, entry: Entry, ending: Ending, source: str = "carrier") -> None:
        if entry.phase != Phase.TRANSFERRED or self._endings.has_ended(entry.call_id):
            return
        if ending is UNREACHABLE:
            facts = Facts(disposition=TRANSFER_FAILED)
            self._recorder.tell(entry.call_id, FactsEvent("facts-transfer", self._now(), facts))
        self._endings.end(entry.call_id, ending, source=source, epoch=_epoch(entry))

    def _is_live(self, entry: Entry) -> bool:
        age = self._now().timestamp() - entry.time("transfer_at")
        return entry.transfer == "wanted" and age < DECISION_LASTS


def _epoch(entry: Entry) -> int:
    return int(entry.epoch or 0)
