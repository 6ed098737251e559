"""Dialog over gRPC: the answer to the `Dialog` port."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, timedelta
from typing import Final

import grpc.aio

from services.telephony import model
from services.telephony.briefs import brief_to_proto
from services.telephony.grpc_errors import in_our_words
from services.telephony.model import Answer, Brief, DialogEvent, Facts, Next, Plan, Told, Turn, Understanding
from voice.dialog.v1 import (
    AnswerKind,
    Begin,
    ConverseFinished,
    ConverseRequest,
    ConverseResponse,
    DialogServiceStub,
    Flow,
    Heard,
    KeyPressed,
    NoInput,
    PlanCallRequest,
    Played,
)
from voice.dialog.v1 import Facts as FactsProto
from voice.dialog.v1 import Line as LineProto
from voice.dialog.v1 import Next as NextProto
from voice.dialog.v1 import Turn as TurnProto
from voicekit.errors import ProviderDown
from voicekit.telemetry import trace_headers

SERVICE: Final = "voice.dialog.v1.DialogService"
RETRYABLE: Final = ("PlanCall",)
PLAN_WITHIN: Final = 3.0
_NEXT: Final = {
    NextProto.NEXT_LISTEN: Next.LISTEN,
    NextProto.NEXT_CONTINUE: Next.CONTINUE,
    NextProto.NEXT_TRANSFER: Next.TRANSFER,
    NextProto.NEXT_HANG_UP: Next.HANG_UP,
}
_USUAL_PATIENCE: Final = 8.0


class GrpcConversation:
    """One `Converse` stream."""

    def __init__(self, brief: Brief, snapshot: bytes) -> None:
        self._requests: asyncio.Queue[ConverseRequest | None] = asyncio.Queue()
        flow = Flow.FLOW_SIMPLE if brief.simple_flow else Flow.FLOW_FULL
        begin = Begin(brief=brief_to_proto(brief), snapshot=snapshot, flow=flow)
        self._requests.put_nowait(ConverseRequest(begin=begin))
        self._responses: AsyncIterator[ConverseResponse]
        self.facts: Facts | None = None
        """What the whole conversation came to; see the port."""

    def tell(self, event: Told) -> None:
        """Tell what happened; see the port."""
        self._requests.put_nowait(_told(event))

    def finish(self, reason: str) -> None:
        """Say that the call has ended."""
        self._requests.put_nowait(ConverseRequest(finished=ConverseFinished(reason=reason)))
        self._requests.put_nowait(None)

    def hang_up(self) -> None:
        """Let `requests` end, which gRPC would otherwise leave waiting for ever after a cancel."""
        self._requests.put_nowait(None)

    async def turns(self) -> AsyncIterator[Turn]:
        """Yield our turns; see the port."""
        with in_our_words():
            async for response in self._responses:
                if response.HasField("finished"):
                    self.facts = _facts(response.finished.facts)
                    return
                yield turn_from_proto(response.turn)
        raise ProviderDown("the stream to dialog ended without a word")

    async def requests(self) -> AsyncIterator[ConverseRequest]:
        """Yield what is to be sent; grpc reads this."""
        while (request := await self._requests.get()) is not None:
            yield request

    def read_from(self, responses: AsyncIterator[ConverseResponse]) -> None:
        """Read our turns from `responses`."""
        self._responses = responses


class GrpcDialog:
    """Speaks to the dialog service."""

    def __init__(self, channel: grpc.aio.Channel, *, longest_call: float) -> None:
        """Prepare; no stream outlives `longest_call` seconds."""
        self._stub, self._longest_call = DialogServiceStub(channel), longest_call

    async def plan(self, brief: Brief) -> Plan:
        """Return what a call will need; see the port."""
        with in_our_words():
            plan = await self._stub.PlanCall(PlanCallRequest(brief=brief_to_proto(brief)), timeout=PLAN_WITHIN)
        return Plan(
            plan.language,
            _lines(plan.greeting),
            _lines(plan.likely),
            hold=_lines(plan.fallback.hold),
            goodbye=_lines(plan.fallback.goodbye),
        )

    @asynccontextmanager
    async def converse(self, brief: Brief, snapshot: bytes) -> AsyncIterator[GrpcConversation]:
        """Open a conversation; see the port."""
        conversation = GrpcConversation(brief, snapshot)
        call = self._stub.Converse(conversation.requests(), timeout=self._longest_call, metadata=trace_headers())
        conversation.read_from(aiter(call))
        try:
            yield conversation
        finally:
            call.cancel()
            conversation.hang_up()


def turn_from_proto(turn: TurnProto) -> Turn:
    """Read a turn; what follows it is LISTEN when it does not say, since that traps nobody."""
    understanding = turn.understanding
    return Turn(
        number=turn.number,
        next=_NEXT.get(turn.next, Next.LISTEN),
        state=turn.state,
        language=turn.language,
        lines=_lines(turn.lines),
        interruptible=turn.interruptible,
        answer=Answer.SHORT if turn.answer == AnswerKind.ANSWER_KIND_SHORT else Answer.OPEN,
        listen_for=turn.listen_for.ToTimedelta().total_seconds() or _USUAL_PATIENCE,
        detect_language=turn.detect_language,
        understanding=Understanding(understanding.intent, understanding.language, understanding.decided_by)
        if turn.HasField("understanding")
        else None,
        facts=_facts(turn.facts),
        snapshot=turn.snapshot,
        prepare=_lines(turn.prepare),
        events=tuple(DialogEvent(event.name, dict(event.details)) for event in turn.events),
    )


def _facts(facts: FactsProto) -> Facts:
    named = facts.callback_time.ToDatetime(UTC) if facts.HasField("callback_time") else None
    return Facts(facts.language, facts.verified, facts.disposition, facts.callback_words, named)


def _lines(lines: Iterable[LineProto]) -> tuple[model.Line, ...]:
    return tuple(model.Line(line.text, line.personal) for line in lines)


def _told(event: Told) -> ConverseRequest:
    match event:
        case model.Heard(text, language, confidence, lost):
            heard = Heard(text=text, language=language, language_confidence=confidence, lost=lost)
            return ConverseRequest(heard=heard)
        case model.KeyPressed(digit):
            return ConverseRequest(key_pressed=KeyPressed(digit=digit))
        case model.NoInput():
            return ConverseRequest(no_input=NoInput())
        case model.Played(turn, ms, lines, interrupted, failed):
            played = Played(turn=turn, lines_heard=lines, interrupted=interrupted, failed=failed)
            played.heard.FromTimedelta(timedelta(milliseconds=ms))
            return ConverseRequest(played=played)
