"""Speaks protobuf; what a call needs to be led, it asks the floor below."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Final

import grpc.aio
import structlog
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from services.dialog import turns
from services.dialog.leading import Leader
from services.dialog.office import Office
from services.dialog.templates import Line
from voice.customers.v1 import CALL_DIRECTION_INBOUND, CallBrief
from voice.dialog.v1 import (
    ANSWER_KIND_OPEN,
    ANSWER_KIND_SHORT,
    ANSWER_KIND_UNSPECIFIED,
    FLOW_SIMPLE,
    NEXT_CONTINUE,
    NEXT_HANG_UP,
    NEXT_LISTEN,
    NEXT_TRANSFER,
    ConverseRequest,
    ConverseResponse,
    ConverseSummary,
    DialogEvent,
    DialogServiceServicer,
    Facts,
    FallbackLines,
    PlanCallRequest,
    PlanCallResponse,
    Turn,
    Understanding,
)
from voice.dialog.v1 import Line as LineProto
from voicekit.errors import InvalidInput
from voicekit.logs import bind

log = structlog.get_logger(__name__)

SERVICE: Final = "voice.dialog.v1.DialogService"

_NEXT: Final = {
    turns.Next.LISTEN: NEXT_LISTEN,
    turns.Next.CONTINUE: NEXT_CONTINUE,
    turns.Next.TRANSFER: NEXT_TRANSFER,
    turns.Next.HANG_UP: NEXT_HANG_UP,
}
_ANSWER: Final = {
    turns.Answer.NONE: ANSWER_KIND_UNSPECIFIED,
    turns.Answer.SHORT: ANSWER_KIND_SHORT,
    turns.Answer.OPEN: ANSWER_KIND_OPEN,
}

Context = grpc.aio.ServicerContext[Any, Any]


class DialogServicer(DialogServiceServicer):
    """Plans and leads calls, one conversation a stream."""

    def __init__(self, office: Office) -> None:
        """Take what prepares conversations."""
        self._office = office

    async def PlanCall(self, request: PlanCallRequest, _: Context) -> PlanCallResponse:
        """Tell which lines a call will most likely need."""
        plan = self._office.plan(to_brief(request.brief))
        return PlanCallResponse(
            language=plan.language,
            greeting=_lines(plan.greeting),
            likely=_lines(plan.likely),
            fallback=FallbackLines(hold=_lines(plan.hold), goodbye=_lines(plan.goodbye)),
        )

    async def Converse(
        self, requests: AsyncIterator[ConverseRequest], context: Context
    ) -> AsyncIterator[ConverseResponse]:
        """Lead one call, from `begin` to `finished`."""
        first = await anext(aiter(requests), None)
        if first is None:
            return
        if first.WhichOneof("event") != "begin":
            raise InvalidInput("must come first", "begin")
        brief = to_brief(first.begin.brief)
        bind(call_id=brief.call_id)

        async def say(turn: turns.Turn) -> None:
            await context.write(ConverseResponse(turn=to_proto(turn)))

        flow = turns.Flow.SIMPLE if first.begin.flow == FLOW_SIMPLE else turns.Flow.FULL
        leader = Leader(self._office.conversation(brief, flow), self._office.decider, say)
        summary = await leader.lead(_happenings(requests), first.begin.snapshot)
        if summary is None:
            log.warning("The other side of a conversation was lost.")
            return
        yield ConverseResponse(finished=ConverseSummary(turns=summary.turns, facts=_facts(summary.facts)))


async def _happenings(requests: AsyncIterator[ConverseRequest]) -> AsyncIterator[turns.Happening]:
    async for request in requests:
        yield to_happening(request)


def to_happening(request: ConverseRequest) -> turns.Happening:
    """Return what a request tells; `InvalidInput` for a second `begin`, and for one that tells nothing."""
    match request.WhichOneof("event"):
        case "heard":
            heard = request.heard
            return turns.Heard(heard.text, heard.language, heard.language_confidence, heard.lost)
        case "key_pressed":
            return turns.KeyPressed(request.key_pressed.digit)
        case "no_input":
            return turns.NoInput()
        case "played":
            played = request.played
            heard_s = played.heard.seconds + played.heard.nanos / 1e9
            return turns.Played(played.turn, heard_s, played.lines_heard, played.interrupted, played.failed)
        case "finished":
            return turns.Finished(request.finished.reason)
        case "begin":
            raise InvalidInput("comes once, and first", "begin")
        case _:
            raise InvalidInput("must be one that this version knows", "event")


def to_brief(brief: CallBrief) -> turns.Brief:
    """Return the brief of a call; `InvalidInput` when it does not say whose call it is."""
    if not brief.call_id:
        raise InvalidInput("must not be empty", "call_id")
    return turns.Brief(
        call_id=brief.call_id,
        customer_id=brief.customer_id,
        customer_name=brief.customer_name,
        lender_name=brief.lender_name,
        loan_id=brief.loan_id,
        amount_paise=brief.amount_paise,
        due_date=brief.due_date,
        state=brief.state,
        language=brief.language,
        inbound=brief.direction == CALL_DIRECTION_INBOUND,
    )


def to_proto(turn: turns.Turn) -> Turn:
    """Return a turn as the contract has it."""
    understood = turn.understanding
    return Turn(
        number=turn.number,
        state=turn.state,
        language=turn.language,
        lines=_lines(turn.lines),
        interruptible=turn.interruptible,
        next=_NEXT[turn.next],
        answer=_ANSWER[turn.answer],
        listen_for=_duration(turn.listen_for_s) if turn.listen_for_s else None,
        detect_language=turn.detect_language,
        understanding=_understanding(understood) if understood else None,
        facts=_facts(turn.facts),
        snapshot=turn.snapshot,
        prepare=_lines(turn.prepare),
        events=[DialogEvent(name=note.name, details=note.details) for note in turn.notes],
    )


def _lines(lines: tuple[Line, ...]) -> list[LineProto]:
    return [LineProto(text=line.text, personal=line.personal) for line in lines]


def _facts(facts: turns.Facts) -> Facts:
    return Facts(
        language=facts.language,
        verified=facts.verified,
        disposition=facts.disposition,
        callback_words=facts.callback_words,
        callback_time=_timestamp(facts.callback_at) if facts.callback_at else None,
    )


def _understanding(understood: turns.Understanding) -> Understanding:
    return Understanding(
        intent=understood.intent,
        language=understood.language,
        confidence=understood.confidence,
        decided_by=understood.decided_by,
    )


def _timestamp(at: datetime) -> Timestamp:
    timestamp = Timestamp()
    timestamp.FromDatetime(at)
    return timestamp


def _duration(seconds: float) -> Duration:
    return Duration(seconds=int(seconds), nanos=round(seconds % 1 * 1e9))
