"""All calls of this process that are on the line: who they are, who leads them, and how they are let go."""

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from services.telephony import metrics
from services.telephony.book import Phase
from services.telephony.callers import Callers, Known
from services.telephony.endings import Endings
from services.telephony.events import AGENT_UNREACHABLE, DRAINED, MEDIA_LOST, Ended
from services.telephony.journal import Journal
from services.telephony.line import Line
from services.telephony.media import Started
from services.telephony.model import Ending, Reason, Status
from services.telephony.notes import Notes
from services.telephony.parts import Parts
from services.telephony.ports import Leg, Sessions
from services.telephony.recorder import Recorder
from services.telephony.recording import Recordings
from services.telephony.session import CallSession
from services.telephony.tasks import Tasks
from services.telephony.transfers import Transfers
from voicekit.clock import Now
from voicekit.errors import ProviderDown
from voicekit.telemetry import call_span

log = structlog.get_logger(__name__)

LEASE: Final = 10.0
"""Seconds for which a call is ours without a sign of life."""
RENEW_EVERY: Final = 2.0
FAREWELL_BEFORE: Final = 20.0
"""Seconds before this process must be gone at which calls that still live are said goodbye to."""


@dataclass(slots=True)
class Ownership:
    """Whether a call is ours, by the session store."""

    epoch: int = 0
    """0 while the store is away."""
    lost: bool = False
    """True when another pod leads the call by now: then it is not ours to end."""


class Switchboard:
    """Leads every call whose socket this process holds."""

    def __init__(
        self,
        *,
        parts: Parts,
        callers: Callers,
        sessions: Sessions,
        recorder: Recorder,
        endings: Endings,
        transfers: Transfers,
        recordings: Recordings,
        pod: str,
        max_calls: int,
        now: Now,
    ) -> None:
        self._parts, self._callers, self._sessions = parts, callers, sessions
        self._recorder, self._endings, self._transfers, self._recordings = recorder, endings, transfers, recordings
        self._pod, self._max_calls, self._now = pod, max_calls, now
        self._lines: dict[str, Line] = {}
        self._tasks = Tasks()
        self.draining = False
        """True when no new call is taken."""

    @property
    def calls(self) -> int:
        """How many calls are on the line."""
        return len(self._lines)

    def has_room(self) -> bool:
        """Tell whether one more call may come."""
        return not self.draining and self.calls < self._max_calls

    def is_live(self, call_sid: str) -> bool:
        """Tell whether a call's socket is here, and something came through it in the last two seconds."""
        line = self._lines.get(call_sid)
        return line is not None and line.silent_for < 2.0

    def end(self, call_sid: str, ending: Ending) -> bool:
        """Cut a call off; False when it is not here."""
        line = self._lines.get(call_sid)
        if line:
            line.end(Ended(ending))
        return line is not None

    def take(
        self, start: Started, ticket: Mapping[str, str], leg: Leg, line: Line, *, simple_flow: bool = False
    ) -> asyncio.Task[None]:
        """Lead the call whose stream has begun, in a task that nobody but `drain` cancels."""
        old = self._lines.get(start.call_sid)
        if old:
            old.end(MEDIA_LOST)  # a stream gone silent makes way for a new one
        self._lines[start.call_sid] = line
        return self._tasks.start(self._lead(start, ticket, leg, line, simple_flow), "call")

    async def drain(self, within: float) -> None:
        """Take no more calls, and wait for those that live; say goodbye to the last ones in time."""
        self.draining = True
        await self._tasks.wait(within - FAREWELL_BEFORE)
        for line in list(self._lines.values()):
            line.end(DRAINED)
        await self._tasks.wait(min(within, FAREWELL_BEFORE))
        await self._tasks.cancel()

    async def _lead(self, start: Started, ticket: Mapping[str, str], leg: Leg, line: Line, simple_flow: bool) -> None:
        metrics.slots_used.add(1)
        try:
            known = await self._callers.identify(start, ticket, simple_flow=simple_flow)
            own = Ownership()
            if not await self._claim(start.call_sid, own):
                log.warning("Another pod leads this call.", call_sid=start.call_sid)
                return
            with call_span(known.brief.call_id):
                await self._converse(start, known, leg, line, own)
        except Exception:
            log.exception("A call could not be taken.", call_sid=start.call_sid)
        finally:
            leg.close()
            line.detach()
            if self._lines.get(start.call_sid) is line:
                del self._lines[start.call_sid]
            metrics.slots_used.add(-1)

    async def _claim(self, call_sid: str, own: Ownership) -> bool:
        """Become the call's owner; False when another pod is. While the store is away, nobody contests it."""
        try:
            own.epoch = await self._sessions.claim(call_sid, self._pod, LEASE)
        except ProviderDown:
            return True
        return own.epoch > 0

    async def _converse(self, start: Started, known: Known, leg: Leg, line: Line, own: Ownership) -> None:
        brief, entry = known.brief, known.entry
        structlog.contextvars.bind_contextvars(call_id=brief.call_id)
        comes_back = entry.phase in (Phase.TRANSFERRED, Phase.ENDED)
        prefix = f"{start.stream_sid[:8]}-" if entry.answered_at else ""
        journal = Journal(self._recorder, brief.call_id, self._now, known=known.known, prefix=prefix)
        recording = self._recordings.begin(brief.call_id)
        notes = Notes(lambda fields: self._callers.note(brief.call_id, own.epoch, fields))
        session = CallSession(
            brief,
            leg,
            self._parts,
            journal,
            notes,
            plan=entry.plan,
            before_transfer=lambda: self._transfers.decide(brief.call_id, brief.customer_id, epoch=own.epoch),
            snapshot=base64.b64decode(entry.snapshot),
            recording=recording,
        )
        ending = Ending(Status.FAILED, Reason.INTERNAL_ERROR)
        lease = asyncio.create_task(self._keep(start.call_sid, own, line), name="lease")
        try:
            if comes_back:
                # The carrier brings the borrower back because nobody took the call: one sentence, and no second try.
                await session.learn_goodbye()
                session.end(AGENT_UNREACHABLE)
            else:
                notes.put(phase=Phase.ANSWERED, answered_at=f"{self._now().timestamp():.3f}", owner=self._pod)
                journal.answered(start.call_sid)
            line.attach(session)
            ending = await session.run()
        except asyncio.CancelledError:
            ending = Ending(Status.FAILED, Reason.DRAIN_TIMEOUT)
            raise
        except Exception:
            log.exception("A call failed through a mistake of ours.")
        finally:
            lease.cancel()
            if own.lost:
                self._callers.let_go(brief.call_id)
            elif entry.phase != Phase.ENDED:
                self._endings.end(brief.call_id, ending, epoch=own.epoch, known=known.known)
            recording.close()

    async def _keep(self, call_sid: str, own: Ownership, line: Line) -> None:
        """Keep the call ours, and learn when its end is asked on another pod."""
        while True:
            await asyncio.sleep(RENEW_EVERY)
            try:
                if not own.epoch:
                    own.epoch = await self._sessions.claim(call_sid, self._pod, LEASE)
                asked = await self._sessions.renew(call_sid, own.epoch, LEASE)
            except ProviderDown:
                continue
            if asked is None:
                log.warning("Another pod leads this call by now.")
                own.lost = True
                line.end(MEDIA_LOST)
                return
            if asked:
                line.end(Ended(Ending(Status.COMPLETED, asked)))
