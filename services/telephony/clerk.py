"""What turns establish, told to whoever keeps it; and what may be needed soon, rendered early."""

import asyncio
import base64
from dataclasses import replace
from typing import Final

import structlog

from services.telephony.journal import Journal
from services.telephony.model import Brief, Plan, Turn
from services.telephony.notes import Notes
from services.telephony.parts import Parts
from voicekit.errors import VoiceError
from voicekit.logs import mask_words

log = structlog.get_logger(__name__)
calls = structlog.get_logger("calls")

PREPARE_WITHIN: Final = 10.0


class Clerk:
    """Keeps one call's books."""

    def __init__(self, brief: Brief, parts: Parts, journal: Journal, notes: Notes, plan: Plan) -> None:
        self._brief, self._parts, self._journal, self._notes, self._plan = brief, parts, journal, notes, plan

    @property
    def hold(self) -> bytes:
        """Sound that asks the borrower to hold; empty when it is not there."""
        return self._parts.fallbacks.sound(self._plan.language, self._plan.hold)

    @property
    def goodbye(self) -> bytes:
        """Sound that ends a call which cannot go on; empty when it is not there."""
        return self._parts.fallbacks.sound(self._plan.language, self._plan.goodbye)

    def take(self, turn: Turn, tasks: asyncio.TaskGroup) -> None:
        """Keep, and tell, what a turn establishes; have rendered what it says may come."""
        self._notes.put(
            state=turn.state,
            language=turn.language,
            verified=str(int(turn.facts.verified)),
            snapshot=base64.b64encode(turn.snapshot).decode("ascii"),
        )
        words = self._journal.words
        if turn.understanding:
            self._journal.understood(turn.understanding)
        self._journal.facts(turn.facts)
        for event in turn.events:
            known: dict[str, object] = {"call_id": self._brief.call_id, "customer_id": self._brief.customer_id}
            if event.name == "LANGUAGE_DETECTED":
                known["transcript"] = mask_words(words)
            calls.info(event.name, **{**event.details, **known})
        if turn.prepare:
            tasks.create_task(self._prepare(turn), name="prepare")
        if turn.language != self._plan.language:
            tasks.create_task(self.fetch_fallbacks(turn.language), name="fallbacks")

    async def fetch_fallbacks(self, language: str = "") -> None:
        """Have ready what is said when nobody can be asked, in `language` or the one that the call begins in."""
        plan = self._plan
        try:
            if language or not plan.goodbye:
                plan = await self._parts.dialog.plan(replace(self._brief, language=language or self._brief.language))
            await self._parts.fallbacks.fetch(plan)
        except VoiceError:
            log.warning("The fallback lines could not be asked for.", call_id=self._brief.call_id)
        else:
            self._plan = plan

    async def _prepare(self, turn: Turn) -> None:
        try:
            await self._parts.speech.prepare(self._brief.call_id, turn.language, turn.prepare, within=PREPARE_WITHIN)
        except VoiceError:
            log.warning("Lines could not be rendered early.", call_id=self._brief.call_id)
