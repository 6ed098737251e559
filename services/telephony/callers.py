"""Who is on the line: a borrower whom we rang, one who rings us, or somebody whom nobody knows."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import structlog

from services.telephony.book import CallBook, Entry
from services.telephony.media import Started
from services.telephony.model import Brief
from services.telephony.phones import same_form
from services.telephony.ports import Customers
from voicekit.clock import Now
from voicekit.errors import NotFound, VoiceError

log = structlog.get_logger(__name__)

WAIT: Final = 2.0
"""Seconds in which the carrier's answer to `Calls/connect` may still come: the socket can be faster."""
_ID_PARAMETERS: Final = ("customfield", "call_id", "custom_field")


@dataclass(frozen=True, slots=True)
class Known:
    """Whose call it is."""

    brief: Brief
    entry: Entry
    known: bool = True
    """False when the record has no such call: the number that rang us is nobody's."""


class Callers:
    """Finds out who is on the line."""

    def __init__(self, book: CallBook, customers: Customers, *, lender_name: str, exophone: str, now: Now) -> None:
        self._book, self._customers = book, customers
        self._lender_name, self._exophone, self._now = lender_name, same_form(exophone), now

    async def identify(self, start: Started, ticket: Mapping[str, str], *, simple_flow: bool = False) -> Known:
        """Return whose call it is; an unknown caller gets a brief without a customer."""
        known = await self._identify(start, ticket)
        return replace(known, brief=replace(known.brief, simple_flow=simple_flow))

    async def _identify(self, start: Started, ticket: Mapping[str, str]) -> Known:
        phone = self._phone(start, ticket)
        inbound = ticket.get("direction", "").lower() in ("incoming", "inbound")
        deadline = asyncio.get_running_loop().time() + (0.0 if inbound else WAIT)
        while True:
            if entry := await self._placed(start, ticket, phone):
                return Known(entry.brief, entry, known=entry.brief.customer_id != 0)
            if asyncio.get_running_loop().time() >= deadline:
                return await self._rang_us(start.call_sid, phone)
            await asyncio.sleep(0.2)

    async def note(self, call_id: str, epoch: int, fields: Mapping[str, str]) -> bool:
        """Keep fields of a call; False when another pod owns it, `ProviderDown` when Redis is away."""
        return await self._book.write(call_id, epoch, fields)

    def let_go(self, call_id: str) -> None:
        """Another pod leads the call by now."""
        self._book.forget(call_id)

    async def _placed(self, start: Started, ticket: Mapping[str, str], phone: str) -> Entry | None:
        """Find the call among those that we placed: by the carrier's id, by ours, or by the number."""
        if entry := await self._book.by_sid(start.call_sid):
            return entry
        lower = {name.lower(): value for name, value in start.parameters.items()}
        claimed = ticket.get("custom_field") or next((lower[name] for name in _ID_PARAMETERS if name in lower), "")
        call_id = claimed or (self._book.being_placed_to(phone) if phone else "")
        if not call_id:
            return None
        entry = await self._book.by_call_id(call_id)
        if entry is None or entry.call_sid not in ("", start.call_sid):
            return None
        await self._book.name(call_id, start.call_sid)
        return await self._book.by_call_id(call_id)

    async def _rang_us(self, call_sid: str, phone: str) -> Known:
        brief, known = Brief(f"in-{call_sid}"[:64], lender_name=self._lender_name, inbound=True), False
        try:
            customer_id = await self._customers.find_by_phone(phone) if phone else 0
            if customer_id:
                brief, known = await self._customers.begin_inbound(call_sid, customer_id), True
        except NotFound:
            log.info("Somebody rang whom nobody knows.", call_sid=call_sid)
        except VoiceError:
            log.warning("The record could not say who rings.", call_sid=call_sid)
        return Known(brief, await self._book.enter_inbound(brief, call_sid), known)

    def _phone(self, start: Started, ticket: Mapping[str, str]) -> str:
        """Return the borrower's number; whichever end of the line is not ours."""
        numbers = (ticket.get("from", ""), ticket.get("to", ""), start.from_number, start.to_number)
        return next((same for number in numbers if (same := same_form(number)) and same != self._exophone), "")
