"""The adapters to the other services, and our own service, over real gRPC."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import grpc
import grpc.aio
import pytest

from services.telephony import speech_links
from services.telephony.grpc_customers import CALLS, CUSTOMERS, GrpcCustomers
from services.telephony.grpc_dialog import SERVICE as DIALOG
from services.telephony.grpc_dialog import GrpcDialog
from services.telephony.grpc_speech import SERVICE as SPEECH
from services.telephony.grpc_speech import GrpcSpeech
from services.telephony.model import (
    Answer,
    BargedIn,
    Brief,
    Expectation,
    Facts,
    FactsEvent,
    Heard,
    KeyPressed,
    Line,
    Next,
    NoInput,
    Played,
    RecordEvent,
    SpeechEnded,
    SpeechStarted,
    Status,
    StatusEvent,
    Transcribed,
    TurnEvent,
)
from services.telephony.speech_links import LINKS, WAITING, LinkedCall
from tests.telephony.fakes import until
from tests.telephony.wire import serving
from tests.telephony.world import PHONE
from voice.customers.v1 import (
    BeginInboundCallRequest,
    BeginInboundCallResponse,
    CallBrief,
    CallDirection,
    CallsServiceServicer,
    Customer,
    CustomersServiceServicer,
    FindCustomerRequest,
    FindCustomerResponse,
    RecordEventsRequest,
    RecordEventsResponse,
    add_CallsServiceServicer_to_server,
    add_CustomersServiceServicer_to_server,
)
from voice.dialog.v1 import (
    ConverseRequest,
    ConverseResponse,
    ConverseSummary,
    DialogServiceServicer,
    FallbackLines,
    Flow,
    PlanCallRequest,
    PlanCallResponse,
    add_DialogServiceServicer_to_server,
)
from voice.dialog.v1 import Facts as DialogFacts
from voice.dialog.v1 import Line as DialogLine
from voice.dialog.v1 import Next as DialogNext
from voice.dialog.v1 import Turn as DialogTurn
from voice.speech.v1 import (
    BargeIn,
    CallEvent,
    CallStep,
    ListenFailed,
    ListenRequest,
    ListenResponse,
    ListenSummary,
    PreparedLine,
    PrepareRequest,
    PrepareResponse,
    SpeakAudio,
    SpeakFinished,
    SpeakRequest,
    SpeakResponse,
    SpeechServiceServicer,
    Transcript,
    TranscriptSource,
    add_SpeechServiceServicer_to_server,
)
from voice.speech.v1 import SpeechEnded as SpeechEndedProto
from voice.speech.v1 import SpeechStarted as SpeechStartedProto
from voicekit.errors import NotFound, ProviderDown
from voicekit.rpc import ChannelPool, channel

Context = grpc.aio.ServicerContext[Any, Any]

TOMORROW = datetime(2026, 11, 21, 11, 30, tzinfo=UTC)


class Speech(SpeechServiceServicer):
    def __init__(self) -> None:
        self.heard: list[CallStep] = []
        self.messages = self.streams = 0
        self.breaks = self.fails = False
        self.drains = asyncio.Event()

    async def Listen(self, requests: AsyncIterator[ListenRequest], _: Context) -> AsyncIterator[ListenResponse]:
        self.streams += 1
        draining = self.drains.is_set()
        async for request in requests:
            self.messages += 1
            self.heard += request.steps
            if self.breaks:
                raise ProviderDown("no ears")
            for step in request.steps:
                if events := list(self._events(step)):
                    yield ListenResponse(events=events, draining=draining)

    def _events(self, step: CallStep) -> Iterator[CallEvent]:
        call = step.call
        if self.fails:
            yield CallEvent(call=call, failed=ListenFailed(code=14, reason="deaf"))
        elif step.HasField("audio"):
            yield CallEvent(call=call, speech_started=SpeechStartedProto(utterance=1, at_ms=10))
            yield CallEvent(call=call, barge_in=BargeIn(utterance=1, at_ms=10))
            yield CallEvent(call=call, speech_ended=SpeechEndedProto(utterance=1, started_ms=10, ended_ms=60))
            source = TranscriptSource.TRANSCRIPT_SOURCE_NONE
            yield CallEvent(call=call, transcript=Transcript(utterance=1, started_ms=10, ended_ms=60, source=source))
        elif step.HasField("finished"):
            yield CallEvent(call=call, finished=ListenSummary(utterances=1))

    async def Speak(self, request: SpeakRequest, _: Context) -> AsyncIterator[SpeakResponse]:
        for index, _line in enumerate(request.lines):
            yield SpeakResponse(audio=SpeakAudio(pcm=bytes(320), line=index))
            if self.breaks:
                raise ProviderDown("no voice")
        yield SpeakResponse(finished=SpeakFinished())

    async def Prepare(self, request: PrepareRequest, _: Context) -> PrepareResponse:
        return PrepareResponse(lines=[PreparedLine(ready=line.text != "slow") for line in request.lines])


class Dialog(DialogServiceServicer):
    def __init__(self) -> None:
        self.told: list[ConverseRequest] = []

    async def PlanCall(self, request: PlanCallRequest, _: Context) -> PlanCallResponse:
        name = request.brief.customer_name
        line = DialogLine(text=f"hello {name}", personal=True)
        return PlanCallResponse(language="kn-IN", greeting=[line], fallback=FallbackLines(goodbye=[line]))

    async def Converse(self, events: AsyncIterator[ConverseRequest], _: Context) -> AsyncIterator[ConverseResponse]:
        async for event in events:
            self.told.append(event)
            if event.HasField("begin"):
                turn = DialogTurn(number=1, language="kn-IN", next=DialogNext.NEXT_CONTINUE, snapshot=b"s")
                turn.understanding.intent = "yes"
                turn.listen_for.seconds = 5
                yield ConverseResponse(turn=turn)
            if event.HasField("key_pressed"):
                return  # without a word
            if event.HasField("finished"):
                facts = DialogFacts(callback_words="kal")
                facts.callback_time.FromDatetime(TOMORROW)
                yield ConverseResponse(finished=ConverseSummary(turns=1, facts=facts))
                return


class Record(CallsServiceServicer, CustomersServiceServicer):
    def __init__(self) -> None:
        self.recorded: list[RecordEventsRequest] = []

    async def FindCustomer(self, request: FindCustomerRequest, _: Context) -> FindCustomerResponse:
        if request.phone_number != PHONE:
            raise NotFound("nobody")
        return FindCustomerResponse(customer=Customer(id=7))

    async def BeginInboundCall(self, request: BeginInboundCallRequest, _: Context) -> BeginInboundCallResponse:
        direction = CallDirection.CALL_DIRECTION_INBOUND
        return BeginInboundCallResponse(brief=CallBrief(call_id=f"in-{request.call_sid}", direction=direction))

    async def RecordEvents(self, request: RecordEventsRequest, _: Context) -> RecordEventsResponse:
        self.recorded.append(request)
        return RecordEventsResponse()


@pytest.fixture
async def speech() -> AsyncIterator[tuple[Speech, GrpcSpeech]]:
    service = Speech()
    async with serving(add_SpeechServiceServicer_to_server, service, SPEECH) as address:
        pool = ChannelPool(address, SPEECH, size=1)
        client = GrpcSpeech(pool, longest_call=60)
        yield service, client
        await client.close()
        await pool.close()


async def test_what_is_heard_comes_in_our_words(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    async with client.listen("c1", Expectation(Answer.SHORT, "ta-IN")) as listening:
        listening.replay(bytes(70_000))
        listening.bot_speaks(True)
        listening.expect(Expectation())
        events = []
        async for event in listening.events():
            events.append(event)
            if len(events) == 12:
                listening.finish()
    lost = Transcribed(1, started_ms=10, ended_ms=60, lost=True)
    assert events[:4] == [SpeechStarted(1), BargedIn(1), SpeechEnded(1, 10, 60), lost]
    kinds = [step.WhichOneof("step") for step in service.heard]
    assert kinds == ["config", "audio", "audio", "audio", "bot_speech", "expectation", "finished"]
    assert [len(step.audio) for step in service.heard[1:4]] == [32_000, 32_000, 6_000]
    assert service.heard[0].config.expectation.language == "ta-IN"


async def test_many_calls_share_a_message_and_each_hears_its_own(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    async with AsyncExitStack() as stack:
        calls = [await stack.enter_async_context(client.listen(f"c{n}", Expectation())) for n in range(40)]
        for n, call in enumerate(calls):
            for _ in range(n % 3):
                call.audio(bytes(320), soon=False)
            call.finish()
        heard = [[event async for event in call.events()] for call in calls]
    assert [len(events) for events in heard] == [4 * (n % 3) for n in range(40)]
    assert service.streams == LINKS
    assert service.messages < 40 / 4, "steps of many calls travel together"


async def test_a_lost_link_is_told_to_all_its_calls_and_new_ones_get_another(
    speech: tuple[Speech, GrpcSpeech],
) -> None:
    service, client = speech
    service.breaks = True
    async with AsyncExitStack() as stack:
        calls = [await stack.enter_async_context(client.listen(f"c{n}", Expectation())) for n in range(2 * LINKS)]
        for call in calls:
            with pytest.raises(ProviderDown):
                await anext(call.events())
        service.breaks = False
        again = await stack.enter_async_context(client.listen("c0", Expectation()))
        again.finish()
        assert [event async for event in again.events()] == []
    assert service.streams == LINKS + 1


async def test_a_call_that_fails_is_told_and_leaves_the_link_alone(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    service.fails = True
    for _ in range(LINKS + 1):
        async with client.listen("c1", Expectation()) as listening:
            with pytest.raises(ProviderDown):
                await anext(listening.events())
    assert service.streams == LINKS


async def test_a_call_that_is_left_is_given_up(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    async with client.listen("c1", Expectation()) as listening:
        listening.audio(bytes(320), soon=True)
        await anext(listening.events())
    async with client.listen("c2", Expectation()):
        pass
    await until(lambda: [step.WhichOneof("step") for step in service.heard].count("abandoned") == 2)
    assert not service.heard[-1].HasField("finished")


async def test_a_server_that_drains_gets_no_new_calls(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    service.drains.set()
    async with client.listen("old", Expectation()) as old:
        old.audio(bytes(320), soon=True)
        events = old.events()
        await anext(events)  # came with the news
        service.drains.clear()
        for _ in range(2 * LINKS):
            async with client.listen("new", Expectation()) as new:
                new.finish()
                assert [event async for event in new.events()] == []
        assert service.streams == 1 + LINKS
        old.finish()
        assert len([event async for event in events]) == 3


async def test_new_calls_go_to_a_new_link_when_the_old_one_has_had_its_time(
    speech: tuple[Speech, GrpcSpeech], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, client = speech
    async with client.listen("old", Expectation()) as old:
        monkeypatch.setattr(speech_links, "RENEW_AFTER", -1.0)
        for _ in range(LINKS):
            async with client.listen("new", Expectation()) as new:
                new.finish()
                assert [event async for event in new.events()] == []
        assert service.streams == LINKS + 1
        old.finish()
        assert [event async for event in old.events()] == [], "who was on the old one stays there to its end"
    assert client.heard == 0


async def test_sound_that_the_network_does_not_take_is_told_as_silence_the_oldest_first() -> None:
    call = LinkedCall(1, "c1", Expectation(), lambda _: None)
    for number in range(20):
        call.audio(bytes([number, 0]) * 480, soon=False)
    steps: list[CallStep] = []
    while call.has_more:
        steps += call.take()
    steps = steps[1:]
    silent = [step for step in steps if step.HasField("silence")]
    assert sum(len(step.audio) for step in steps) <= WAITING
    assert silent == steps[: len(silent)]
    assert sum(step.silence.ToTimedelta().total_seconds() for step in silent) == pytest.approx(0.06 * len(silent))
    assert steps[-1].audio[0] == 19


async def test_lines_are_spoken_and_prepared(speech: tuple[Speech, GrpcSpeech]) -> None:
    service, client = speech
    async with client.speak("c1", "hi-IN", [Line("a"), Line("b", personal=True)]) as audio:
        assert [piece async for piece in audio] == [(0, bytes(320)), (1, bytes(320))]
    assert await client.prepare("c1", "hi-IN", [Line("a")], 1.0)
    assert not await client.prepare("c1", "hi-IN", [Line("a"), Line("slow")], 1.0)
    service.breaks = True
    with pytest.raises(ProviderDown):
        async with client.speak("c1", "hi-IN", [Line("a")]) as audio:
            async for _ in audio:
                pass


@pytest.fixture
async def dialog() -> AsyncIterator[tuple[Dialog, GrpcDialog]]:
    service = Dialog()
    async with serving(add_DialogServiceServicer_to_server, service, DIALOG) as address:
        one = channel(address, DIALOG)
        yield service, GrpcDialog(one, longest_call=60)
        await one.close()


async def test_a_conversation_goes_over_the_wire(dialog: tuple[Dialog, GrpcDialog]) -> None:
    service, client = dialog
    plan = await client.plan(Brief("c1", customer_name="Asha"))
    assert (plan.language, plan.greeting, plan.goodbye) == ("kn-IN", (Line("hello Asha", True),), plan.greeting)
    async with client.converse(Brief("c1", simple_flow=True), b"before") as conversation:
        turns = conversation.turns()
        turn = await anext(turns)
        assert (turn.next, turn.language, turn.snapshot, turn.listen_for) == (Next.CONTINUE, "kn-IN", b"s", 5.0)
        assert turn.understanding is not None
        conversation.tell(Played(1, 1500, 2, interrupted=True))
        conversation.tell(Heard("haan", "hi-IN", 0.5, lost=True))
        conversation.tell(NoInput())
        conversation.finish("hung_up")
        assert [turn async for turn in turns] == []
        assert conversation.facts == Facts(callback_words="kal", callback_at=TOMORROW)
    begin, played, heard, silent, finished = service.told
    assert (begin.begin.snapshot, begin.begin.flow) == (b"before", Flow.FLOW_SIMPLE)
    assert (played.played.heard.ToTimedelta().total_seconds(), played.played.interrupted) == (1.5, True)
    assert (heard.heard.text, heard.heard.lost) == ("haan", True)
    assert silent.HasField("no_input")
    assert finished.finished.reason == "hung_up"


async def test_a_conversation_that_ends_without_a_word_is_lost(dialog: tuple[Dialog, GrpcDialog]) -> None:
    _, client = dialog
    with pytest.raises(ProviderDown):
        async with client.converse(Brief("c1"), b"") as conversation:
            conversation.tell(KeyPressed("1"))
            async for _ in conversation.turns():
                pass


async def test_the_record_hears_events_in_its_own_words() -> None:
    service = Record()  # type: ignore[abstract]  # it answers what is asked here, and nothing else
    adders = (add_CallsServiceServicer_to_server, add_CustomersServiceServicer_to_server)
    async with serving(adders, service, CALLS, CUSTOMERS) as address:
        calls, customers = channel(address, CALLS), channel(address, CUSTOMERS)
        record = GrpcCustomers(calls, customers)
        assert await record.find_by_phone(PHONE) == 7
        with pytest.raises(NotFound):
            await record.find_by_phone("+919999900099")
        assert (await record.begin_inbound("s1", 7)).inbound
        at = datetime(2026, 11, 20, tzinfo=UTC)
        events: list[RecordEvent] = [
            StatusEvent("k1", at, Status.NOT_PICKED, "busy", "carrier"),
            TurnEvent("k2", at, 1, True, "S", "words", "hi-IN", 0, 900),
            FactsEvent("k3", at, Facts("hi-IN", True), "s1"),
            FactsEvent("k4", at, Facts("hi-IN", True, "CB", "kal", TOMORROW)),
        ]
        await record.record("c1", events)
        await calls.close()
        await customers.close()
    status, turn, facts, callback = service.recorded[0].events
    assert (status.source, status.status.reason, status.timestamp.ToDatetime(UTC)) == ("carrier", "busy", at)
    assert (turn.turn.text, turn.turn.ended_ms) == ("words", 900)
    assert (facts.facts.call_sid, facts.facts.verified) == ("s1", True)
    assert not facts.facts.HasField("callback_time")
    assert callback.facts.callback_time.ToDatetime(UTC) == TOMORROW
