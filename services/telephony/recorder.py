"""The way to the record: in order, once by key, and never in the way of a call."""

import asyncio
import time
from collections import deque
from datetime import timedelta
from itertools import islice
from typing import Final

import structlog

from services.telephony import metrics
from services.telephony.model import RecordEvent, StatusEvent
from services.telephony.ports import Customers
from services.telephony.tasks import Tasks
from voicekit.errors import Overloaded, ProviderDown, VoiceError
from voicekit.telemetry import call_span

log = structlog.get_logger(__name__)

BATCH: Final = 100
LIMIT: Final = 500
"""Events of one call that may wait; beyond, only statuses are taken."""
GIVE_UP: Final = timedelta(minutes=15)
"""How long the record may be away before a call's events are given up; whoever reaps calls then decides."""


class Recorder:
    """Writes what happens in calls to the record. A call has one writer, for as long as there is something to write."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self._waiting: dict[str, deque[RecordEvent]] = {}
        self._since: dict[str, float] = {}
        metrics.watch_outbox(self._oldest_s)
        self._tasks = Tasks()

    def tell(self, call_id: str, event: RecordEvent) -> None:
        """Have `event` written; returns at once."""
        if not (waiting := self._waiting.get(call_id)):
            waiting = self._waiting[call_id] = deque()
        if len(waiting) >= LIMIT and not isinstance(event, StatusEvent):
            log.error("An event was left out: too many wait.", call_id=call_id)
            return
        waiting.append(event)
        if len(waiting) == 1:
            self._tasks.start(self._write(call_id, waiting), "record")

    def _oldest_s(self) -> float:
        """Return how long the oldest event waits; asked by the thread that serves metrics."""
        began = min(self._since.copy().values(), default=None)
        return 0.0 if began is None else time.monotonic() - began

    async def drain(self, within: float) -> bool:
        """Wait until all is written; False when that takes longer than so many seconds."""
        done = await self._tasks.wait(within)
        await self._tasks.cancel()
        return done

    async def _write(self, call_id: str, waiting: deque[RecordEvent]) -> None:
        loop = asyncio.get_running_loop()
        pause, deadline = 0.2, loop.time() + GIVE_UP.total_seconds()
        self._since[call_id] = time.monotonic()
        try:
            while waiting and loop.time() < deadline:
                batch = list(islice(waiting, BATCH))
                try:
                    with call_span(call_id, "record"):
                        await self._customers.record(call_id, batch)
                except (ProviderDown, Overloaded):
                    await asyncio.sleep(pause)
                    pause = min(pause * 2, 5.0)
                    continue
                except VoiceError:
                    log.exception("The record refused events.", call_id=call_id)
                pause, deadline = 0.2, loop.time() + GIVE_UP.total_seconds()
                self._since[call_id] = time.monotonic()
                for _ in batch:
                    waiting.popleft()
        finally:
            del self._waiting[call_id], self._since[call_id]
            if waiting:
                log.error("Events were given up.", call_id=call_id, count=len(waiting))
