"""Placing a call: the greeting is ready before the phone rings, and it rings once."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from services.telephony import metrics
from services.telephony.book import CallBook, Entry
from services.telephony.model import Brief, Plan
from services.telephony.phones import indian_mobile
from services.telephony.ports import Carrier, CarrierRefused, Dialog, OutcomeUnknown, Speech
from services.telephony.tasks import Tasks
from services.telephony.voice import Fallbacks
from voicekit.clock import Now
from voicekit.errors import InvalidInput, Overloaded, ProviderDown, VoiceError, WrongState
from voicekit.logs import mask_phone
from voicekit.telemetry import call_span

log = structlog.get_logger(__name__)
calls = structlog.get_logger("calls")

GREETING_WITHIN: Final = 8.0
"""Seconds that the greeting may take to be rendered; after that nobody is rung."""
LIKELY_WITHIN: Final = 25.0
"""Seconds that the other lines may take, while the phone rings and the greeting is heard."""
RECONCILE_AFTER: Final = (1.0, 2.0, 4.0)
"""Seconds between questions about a call of which the carrier did not tell."""
ELSEWHERE_WITHIN: Final = 20.0
"""Seconds to wait for another pod that is placing the same call."""


@dataclass(frozen=True, slots=True)
class Placed:
    """What the carrier said; an empty `call_sid` when it is not known whether it took the call."""

    call_sid: str


class Placing:
    """Places calls."""

    def __init__(
        self,
        book: CallBook,
        dialog: Dialog,
        speech: Speech,
        carrier: Carrier,
        fallbacks: Fallbacks,
        *,
        status_url: Callable[[str], str],
        has_room: Callable[[], bool],
        now: Now,
    ) -> None:
        """Prepare; `status_url` answers the address for status callbacks of a call, by its id."""
        self._book, self._dialog, self._speech, self._carrier = book, dialog, speech, carrier
        self._fallbacks, self._status_url, self._has_room, self._now = fallbacks, status_url, has_room, now
        self._placing: dict[str, asyncio.Task[Placed]] = {}
        self._tasks = Tasks()

    async def place(self, brief: Brief, phone_number: str) -> Placed:
        """Ring the borrower; the same `call_id` never rings twice, and gets the same answer.

        `InvalidInput` when the brief or the number cannot be used, `WrongState` when the carrier refuses them;
        `Overloaded` or `ProviderDown` when nobody was rung and the same request may come again, as when the carrier
        refuses the account.
        """
        if not 1 <= len(brief.call_id) <= 64:
            raise InvalidInput("is 1 to 64 characters", "brief.call_id")
        phone = indian_mobile(phone_number)
        task = self._placing.get(brief.call_id)
        if task is None:
            # A task of its own: whoever asked may give up, but a call half placed is nobody's.
            task = self._tasks.start(self._place(brief, phone), "place")
            self._placing[brief.call_id] = task
            task.add_done_callback(lambda done: self._forget(brief.call_id, done))
        return await asyncio.shield(task)

    async def drain(self, within: float) -> None:
        """Wait until what is being placed is placed, for at most so many seconds."""
        await self._tasks.wait(within)
        await self._tasks.cancel()

    async def _place(self, brief: Brief, phone: str) -> Placed:
        with call_span(brief.call_id):
            return await self._place_once(brief, phone)

    async def _place_once(self, brief: Brief, phone: str) -> Placed:
        if before := await self._book.by_call_id(brief.call_id):
            return await self._placed_before(before)
        if not self._has_room():
            raise Overloaded("no room for another call")
        if not await self._book.reserve(brief, phone):
            return await self._placed_before(await self._book.by_call_id(brief.call_id))
        try:
            plan = await self._prepare(brief)
            call_sid = await self._ring(brief, phone)
        except CarrierRefused as refusal:
            await self._book.release(brief.call_id)
            if refusal.fault == "account":  # it refuses whoever is to be rung: no borrower's fault, and mended some day
                raise ProviderDown("the carrier refuses this account") from refusal
            raise WrongState("the carrier refuses this number") from refusal
        except VoiceError:
            await self._book.release(brief.call_id)
            raise
        self._tasks.start(self._render_likely(brief, plan), "render")
        calls.info(
            "CALL_INITIATED",
            call_id=brief.call_id,
            customer_id=brief.customer_id,
            phone=mask_phone(phone),
            language=plan.language,
        )
        return Placed(call_sid)

    async def _prepare(self, brief: Brief) -> Plan:
        """Have the greeting rendered, so that the borrower hears us at once."""
        plan = await self._dialog.plan(brief)
        await self._book.planned(brief.call_id, plan)
        if not await self._speech.prepare(brief.call_id, plan.language, plan.greeting, within=GREETING_WITHIN):
            raise ProviderDown("the greeting was not ready in time")
        return plan

    async def _ring(self, brief: Brief, phone: str) -> str:
        since = self._now()
        await self._book.dialling(brief.call_id, outcome="asked")
        try:
            call_sid = await self._carrier.connect(phone, brief.call_id, self._status_url(brief.call_id))
        except OutcomeUnknown:
            metrics.dials_unknown.add(1)
            log.warning("The carrier did not tell whether it took the call.", call_id=brief.call_id)
            call_sid = await self._find(brief.call_id, phone, since)
        if call_sid:
            await self._book.name(brief.call_id, call_sid)
        return call_sid

    async def _find(self, call_id: str, phone: str, since: datetime) -> str:
        """Look for a call of which the carrier did not tell: it may have come to us, or be on the carrier's list."""
        for pause in RECONCILE_AFTER:
            await asyncio.sleep(pause)
            entry = await self._book.by_call_id(call_id)
            if entry and entry.call_sid:
                return str(entry.call_sid)
            try:
                found = await self._carrier.find(phone, call_id, since)
            except VoiceError:
                continue
            if found:
                return found.sid
        await self._book.note(call_id, outcome="unknown")
        return ""

    async def _placed_before(self, entry: Entry | None) -> Placed:
        """Answer what the first request was answered; another pod may still be at it."""
        deadline = asyncio.get_running_loop().time() + ELSEWHERE_WITHIN
        while entry and not entry.call_sid and entry.outcome != "unknown":
            if asyncio.get_running_loop().time() > deadline:
                return Placed("")
            await asyncio.sleep(0.5)
            entry = await self._book.by_call_id(entry.call_id)
        if entry is None:
            raise ProviderDown("the call was not placed")
        return Placed(entry.call_sid)

    async def _render_likely(self, brief: Brief, plan: Plan) -> None:
        try:
            if plan.likely:
                await self._speech.prepare(brief.call_id, plan.language, plan.likely, within=LIKELY_WITHIN)
        except VoiceError:
            log.warning("The likely lines were not rendered early.", call_id=brief.call_id)
        await self._fallbacks.fetch(plan)

    def _forget(self, call_id: str, done: asyncio.Task[Placed]) -> None:
        del self._placing[call_id]
        if not done.cancelled():
            done.exception()  # told to whoever waits; nobody may
