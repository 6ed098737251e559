"""`TelephonyService` over gRPC: protobuf in, protobuf out."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from grpc.aio import ServicerContext

from services.telephony.book import CallBook, Entry, Phase
from services.telephony.briefs import brief_from_proto
from services.telephony.model import Ending, Status
from services.telephony.placing import Placing
from services.telephony.ports import Sessions
from services.telephony.switchboard import Switchboard
from voice.telephony.v1 import (
    CallPhase,
    EndCallRequest,
    EndCallResponse,
    GetCallRequest,
    GetCallResponse,
    GetCapacityRequest,
    GetCapacityResponse,
    ListLiveCallsRequest,
    ListLiveCallsResponse,
    LiveCall,
    PlaceCallRequest,
    PlaceCallResponse,
    PlaceOutcome,
    TelephonyServiceServicer,
)
from voicekit.clock import Now
from voicekit.errors import InvalidInput, NotFound

SERVICE: Final = "voice.telephony.v1.TelephonyService"
USUAL_PAGE: Final = 100
LARGEST_PAGE: Final = 1000
_REASON: Final = re.compile(r"[a-z0-9_]{1,100}")
_PHASES: Final = {
    Phase.PLACING: CallPhase.CALL_PHASE_DIALLING,
    Phase.DIALLING: CallPhase.CALL_PHASE_DIALLING,
    Phase.ANSWERED: CallPhase.CALL_PHASE_ANSWERED,
    Phase.TRANSFERRED: CallPhase.CALL_PHASE_TRANSFERRED,
    Phase.ENDED: CallPhase.CALL_PHASE_ENDED,
}

Context = ServicerContext[Any, Any]


class TelephonyServicer(TelephonyServiceServicer):
    """Speaks protobuf; asks the floor below."""

    def __init__(
        self, placing: Placing, switchboard: Switchboard, book: CallBook, sessions: Sessions, now: Now
    ) -> None:
        self._placing, self._switchboard, self._book = placing, switchboard, book
        self._sessions, self._now = sessions, now

    async def PlaceCall(self, request: PlaceCallRequest, _: Context) -> PlaceCallResponse:
        """Ring the borrower."""
        placed = await self._placing.place(brief_from_proto(request.brief), request.phone_number)
        accepted, unknown = PlaceOutcome.PLACE_OUTCOME_ACCEPTED, PlaceOutcome.PLACE_OUTCOME_UNKNOWN
        return PlaceCallResponse(call_sid=placed.call_sid, outcome=accepted if placed.call_sid else unknown)

    async def GetCall(self, request: GetCallRequest, _: Context) -> GetCallResponse:
        """Tell of one call."""
        return GetCallResponse(call=self._live_call(await self._find(request.call_id)))

    async def ListLiveCalls(self, request: ListLiveCallsRequest, _: Context) -> ListLiveCallsResponse:
        """List the calls that live."""
        if not 0 <= request.page_size <= LARGEST_PAGE:
            raise InvalidInput(f"is 0 to {LARGEST_PAGE}", "page_size")
        if request.page_token and not request.page_token.isdecimal():
            raise InvalidInput("is none that we gave out", "page_token")
        offset, size = int(request.page_token or 0), request.page_size or USUAL_PAGE
        calls = await self._book.live(offset, size)
        # An entry may have ended meanwhile: the list's length alone does not tell whether more follow.
        more = bool(await self._book.live(offset + size, 1))
        token = str(offset + size) if more else ""
        return ListLiveCallsResponse(calls=[self._live_call(call) for call in calls], next_page_token=token)

    async def EndCall(self, request: EndCallRequest, _: Context) -> EndCallResponse:
        """End a call that lives."""
        if not _REASON.fullmatch(request.reason):
            raise InvalidInput("is 1 to 100 characters of a-z, 0-9 and _", "reason")
        entry = await self._find(request.call_id)
        if entry.phase == Phase.ENDED:
            raise NotFound("the call has ended")
        here = self._switchboard.end(entry.call_sid, Ending(Status.COMPLETED, request.reason))
        if not here and entry.call_sid:
            await self._sessions.ask_end(entry.call_sid, request.reason)
        return EndCallResponse()

    async def GetCapacity(self, _: GetCapacityRequest, __: Context) -> GetCapacityResponse:
        """Tell how much room there is."""
        slots, pods = await self._sessions.offered_slots()
        return GetCapacityResponse(slots=slots, live=await self._sessions.count_live(), pods=pods)

    async def _find(self, either_id: str) -> Entry:
        entry = await self._book.find(either_id) if either_id else None
        if entry is None:
            raise NotFound("no such call")
        return entry

    def _live_call(self, entry: Entry) -> LiveCall:
        """Write what is kept of a call, without a word about the borrower."""
        call = LiveCall(
            call_id=entry.call_id,
            call_sid=entry.call_sid,
            customer_id=entry.customer,
            phase=_PHASES.get(Phase(entry.phase), CallPhase.CALL_PHASE_UNSPECIFIED),
            dialog_state=entry.state,
            language=entry.language,
            owner=entry.owner,
        )
        call.created_at.FromDatetime(datetime.fromtimestamp(entry.time("created_at"), UTC))
        if answered := entry.time("answered_at"):
            call.answered_at.FromDatetime(datetime.fromtimestamp(answered, UTC))
            until = entry.time("ended_at") or self._now().timestamp()
            call.talked.FromTimedelta(timedelta(seconds=max(0.0, until - answered)))
        return call
