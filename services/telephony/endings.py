"""The end of every call: one final status, whichever way it comes, and whoever is cancelled meanwhile."""

from collections import OrderedDict
from typing import Final

import structlog
from opentelemetry import trace

from services.telephony import metrics
from services.telephony.book import CallBook, Phase
from services.telephony.model import Ending, Facts, FactsEvent, Reason, Status, StatusEvent
from services.telephony.recorder import Recorder
from services.telephony.tasks import Tasks
from voicekit.clock import Now

log = structlog.get_logger(__name__)

KEPT: Final = 10_000
_NOBODY_TOOK_OVER: Final = (Reason.AGENT_UNREACHABLE, Reason.HUNG_UP_WAITING_FOR_AGENT)
"""Reasons that refute what dialog said last: that the call is handed to a person."""


class Endings:
    """Ends calls. `end` returns at once; what it has begun runs in tasks of its own, which `drain` waits for."""

    def __init__(self, recorder: Recorder, book: CallBook, now: Now) -> None:
        self._recorder, self._book, self._now = recorder, book, now
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._tasks = Tasks()

    def has_ended(self, call_id: str) -> bool:
        """Tell whether this process has ended the call."""
        return call_id in self._ended

    def end(self, call_id: str, ending: Ending, *, source: str = "bot", epoch: int = 0, known: bool = True) -> None:
        """Write how a call ended; only the first ending of a call is written.

        Args:
            call_id: our id.
            ending: a final status, or AGENT_TRANSFER, after which a final one is still to come.
            source: who tells it: "bot", "carrier", "operator" or "reaper".
            epoch: of the call's owner; 0 when nobody owns it.
            known: False when the record has no such call.
        """
        if call_id in self._ended:
            return
        final = ending.status.final
        if final:
            self._ended[call_id] = None
            while len(self._ended) > KEPT:
                self._ended.popitem(last=False)
            told = {"status": ending.status, "reason": _label(ending)}
            metrics.calls_finished.add(1, told)
            trace.get_current_span().set_attributes(told)
        log.info("The call has ended." if final else "The call was handed over.", call_id=call_id, reason=ending.reason)
        if known:
            key = f"final-{source}" if final else f"status-{ending.status}"
            self._recorder.tell(call_id, StatusEvent(key, self._now(), ending.status, ending.reason, source))
            if ending.reason in _NOBODY_TOOK_OVER:
                facts = Facts(disposition="XFER_FAIL")
                self._recorder.tell(call_id, FactsEvent("transfer-failed", self._now(), facts))
        self._tasks.start(self._note(call_id, ending, epoch), "end")

    async def drain(self, within: float) -> None:
        """Wait until all endings are written, for at most so many seconds."""
        await self._tasks.wait(within)

    async def _note(self, call_id: str, ending: Ending, epoch: int) -> None:
        if ending.status is Status.AGENT_TRANSFER:
            await self._book.note(call_id, epoch=epoch, phase=Phase.TRANSFERRED)
        else:
            await self._book.ended(call_id, epoch=epoch, status=ending.status, reason=ending.reason)


def _label(ending: Ending) -> str:
    """Return the reason when it is one of ours: an operator's own words would make a series each."""
    return ending.reason if isinstance(ending.reason, Reason) else "asked"
