"""The contract, over a real connection."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import grpc
import pytest
import pytest_asyncio

from emulators.bedrock.app import BedrockEmulator
from emulators.bedrock.mind import Rule
from services.dialog.bedrock import BedrockModel
from services.dialog.deciding import Decider
from services.dialog.leading import FILLER_AFTER_S
from services.dialog.office import Office
from services.dialog.reading import read
from services.dialog.servicer import SERVICE, DialogServicer
from tests.dialog.talk import read_codes
from voice.customers.v1 import CALL_DIRECTION_INBOUND, CallBrief
from voice.dialog.v1 import (
    ANSWER_KIND_SHORT,
    ANSWER_KIND_UNSPECIFIED,
    FLOW_FULL,
    FLOW_SIMPLE,
    FLOW_UNSPECIFIED,
    NEXT_CONTINUE,
    NEXT_HANG_UP,
    NEXT_LISTEN,
    NEXT_TRANSFER,
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
    Turn,
    add_DialogServiceServicer_to_server,
)
from voicekit.clock import INDIA
from voicekit.rpc import RpcServer, channel

if TYPE_CHECKING:
    from voice.dialog.v1 import DialogServiceAsyncStub as Stub

NOON = datetime(2026, 11, 22, 12, tzinfo=INDIA).astimezone(UTC)
NIGHT = datetime(2026, 11, 22, 22, tzinfo=INDIA).astimezone(UTC)


def languages_of_state(state: str) -> tuple[str, str]:
    return {"Karnataka": ("kn-IN", "en-IN")}.get(state, ("hi-IN", "en-IN"))


def brief(**changes: object) -> CallBrief:
    fields: dict[str, object] = {
        "call_id": "call-1",
        "customer_id": 12,
        "customer_name": "Kamala Devi",
        "lender_name": "Asha Finance",
        "loan_id": "LN00204521",
        "amount_paise": 455000,
        "due_date": "2026-12-05",
        "state": "Karnataka",
    }
    made = CallBrief()
    for name, value in (fields | changes).items():
        setattr(made, name, value)
    return made


@asynccontextmanager
async def served(office: Office) -> "AsyncIterator[Stub]":
    server = RpcServer("dialog", "127.0.0.1:0")
    server.add(add_DialogServiceServicer_to_server, DialogServicer(office), SERVICE)
    port = await server.start()
    connection = channel(f"127.0.0.1:{port}", SERVICE)
    yield DialogServiceStub(connection)
    await connection.close()
    await server.drain(0)


@pytest_asyncio.fixture
async def stub(request: pytest.FixtureRequest) -> "AsyncIterator[Stub]":
    now = getattr(request, "param", NOON)
    office = Office(read_codes, Decider(None), languages_of_state, now=lambda: now)
    async with served(office) as made:
        yield made


class Stream:
    """One `Converse` stream, as telephony holds it."""

    def __init__(self, stub: "Stub") -> None:
        self.call = stub.Converse(timeout=10)

    async def tells(
        self,
        *,
        begin: Begin | None = None,
        heard: Heard | None = None,
        key_pressed: KeyPressed | None = None,
        no_input: NoInput | None = None,
        played: Played | None = None,
        finished: ConverseFinished | None = None,
    ) -> None:
        request = ConverseRequest(
            begin=begin, heard=heard, key_pressed=key_pressed, no_input=no_input, played=played, finished=finished
        )
        await self.call.write(request)

    async def answer(self) -> ConverseResponse:
        response = await self.call.read()
        assert isinstance(response, ConverseResponse), "the stream ended"
        return response

    async def turn(self) -> Turn:
        return (await self.answer()).turn

    async def plays(self, turn: Turn) -> None:
        played = Played(turn=turn.number, lines_heard=len(turn.lines))
        played.heard.FromMilliseconds(4000)
        await self.tells(played=played)

    async def asked_who_is_there(self, *, flow: "Flow.ValueType" = FLOW_UNSPECIFIED, **changes: object) -> Turn:
        """Begin, and hear the greeting to its end."""
        await self.tells(begin=Begin(brief=brief(**changes), flow=flow))
        await self.plays(await self.turn())
        question = await self.turn()
        await self.plays(question)
        return question

    async def ends_with(self) -> grpc.StatusCode:
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await self.answer()
        return failed.value.code()


async def test_a_call_from_greeting_to_goodbye(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.tells(begin=Begin(brief=brief(language="en-IN")))
    greeting = await stream.turn()
    assert (greeting.number, greeting.state, greeting.next) == (1, "INITIAL_GREETING", NEXT_CONTINUE)
    assert (greeting.answer, greeting.interruptible, greeting.HasField("listen_for")) == (
        ANSWER_KIND_UNSPECIFIED,
        False,
        False,
    )
    await stream.plays(greeting)
    question = await stream.turn()
    assert [line.personal for line in question.lines] == [True]
    assert (question.next, question.answer, question.detect_language) == (NEXT_LISTEN, ANSWER_KIND_SHORT, True)
    assert question.listen_for.ToMilliseconds() == 6000
    assert not question.HasField("understanding")
    await stream.plays(question)
    await stream.tells(heard=Heard(text="YES"))
    for state in ("PLAYING_EMI_PART1", "PLAYING_EMI_PART2", "ASKING_AGENT_CONNECT"):
        turn = await stream.turn()
        assert turn.state == state
        await stream.plays(turn)
    await stream.tells(heard=Heard(text="NO"))
    goodbye = await stream.turn()
    assert (goodbye.state, goodbye.next) == ("GOODBYE_DECLINE", NEXT_HANG_UP)
    assert (goodbye.understanding.intent, goodbye.understanding.decided_by) == ("no", "lexicon")
    await stream.tells(finished=ConverseFinished(reason="goodbye"))
    finished = (await stream.answer()).finished
    assert finished.turns == 6
    assert finished.facts.verified
    assert (finished.facts.disposition, finished.facts.language) == ("RPC_INFO", "en-IN")
    assert await stream.call.read() == grpc.aio.EOF
    assert await stream.call.code() is grpc.StatusCode.OK


async def test_the_greeting_is_in_the_language_of_the_state_or_in_the_one_the_borrower_wants(
    stub: "Stub",
) -> None:
    assert (await Stream(stub).asked_who_is_there()).language == "kn-IN"
    assert (await Stream(stub).asked_who_is_there(language="ta-IN")).language == "ta-IN"
    assert (await Stream(stub).asked_who_is_there(language="xx-XX")).language == "kn-IN"


async def test_events_of_a_changed_language_travel_with_the_turn(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    await stream.tells(heard=Heard(text="YES in ta-IN", language="ta-IN", language_confidence=0.9))
    turn = await stream.turn()
    assert [event.name for event in turn.events] == [
        "LANGUAGE_DETECTED",
        "LANGUAGE_SWITCH_DETECTED",
        "GREETING_REPLAYED_NEW_LANG",
    ]
    assert dict(turn.events[1].details) == {"from": "kn-IN", "to": "ta-IN", "reason": "script"}
    assert turn.prepare


async def test_the_flow_that_a_call_begins_in_tells_whether_the_greeting_is_replayed(stub: "Stub") -> None:
    for flow, state in (
        (FLOW_UNSPECIFIED, "INITIAL_GREETING"),
        (FLOW_FULL, "INITIAL_GREETING"),
        (FLOW_SIMPLE, "PLAYING_EMI_PART1"),
    ):
        stream = Stream(stub)
        await stream.asked_who_is_there(flow=flow)
        # The one is told the language by the reader's code, the other by the script.
        await stream.tells(heard=Heard(text="YES ஆமா தான் in ta-IN", language="ta-IN", language_confidence=0.9))
        turn = await stream.turn()
        assert (turn.state, turn.language) == (state, "ta-IN")


async def test_the_time_of_a_call_back_travels_with_the_facts(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there(language="en-IN")
    await stream.tells(heard=Heard(text="CALL_LATER tomorrow at 5"))
    turn = await stream.turn()
    assert turn.facts.disposition == "CB"
    assert turn.facts.callback_time.ToDatetime(UTC) == datetime(2026, 11, 23, 17, tzinfo=INDIA)
    later = Stream(stub)
    await later.asked_who_is_there(language="en-IN")
    await later.tells(heard=Heard(text="CALL_LATER some day"))
    assert not (await later.turn()).facts.HasField("callback_time")


async def test_a_call_goes_on_from_a_snapshot_on_another_stream(stub: "Stub") -> None:
    lost = Stream(stub)
    await lost.asked_who_is_there()
    await lost.tells(heard=Heard(text="YES"))
    part1 = await lost.turn()
    lost.call.cancel()
    other = Stream(stub)
    await other.tells(begin=Begin(brief=brief(), snapshot=part1.snapshot))
    again = await other.turn()
    assert (again.state, again.number) == ("PLAYING_EMI_PART1", part1.number + 1)
    assert list(again.lines) == list(part1.lines)


async def test_keys_silence_and_cuts_are_understood(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    await stream.tells(no_input=NoInput())
    nudge = await stream.turn()
    assert not nudge.HasField("understanding")
    await stream.plays(nudge)
    await stream.tells(key_pressed=KeyPressed(digit="1"))
    part1 = await stream.turn()
    assert part1.state == "PLAYING_EMI_PART1"
    await stream.tells(played=Played(turn=part1.number, lines_heard=2, interrupted=True))
    floor = await stream.turn()
    assert (list(floor.lines), floor.next) == ([], NEXT_LISTEN)
    await stream.tells(key_pressed=KeyPressed(digit="9"))
    assert (await stream.turn()).next == NEXT_TRANSFER


@pytest.mark.parametrize(
    "first",
    [
        ConverseRequest(heard=Heard(text="YES")),
        ConverseRequest(no_input=NoInput()),
        ConverseRequest(finished=ConverseFinished()),
        ConverseRequest(),
    ],
)
async def test_a_stream_that_does_not_begin_is_refused(stub: "Stub", first: ConverseRequest) -> None:
    stream = Stream(stub)
    await stream.call.write(first)
    assert await stream.ends_with() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("second", [ConverseRequest(begin=Begin(brief=brief())), ConverseRequest()])
async def test_a_second_beginning_and_an_empty_event_are_refused(stub: "Stub", second: ConverseRequest) -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    await stream.call.write(second)
    assert await stream.ends_with() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_stream_that_ends_without_a_word_leaves_nothing_behind(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    await stream.call.done_writing()
    assert await stream.call.read() == grpc.aio.EOF
    assert await stream.call.code() is grpc.StatusCode.OK
    await _nobody_leads()


async def test_a_client_that_vanishes_leaves_nothing_behind(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    stream.call.cancel()
    await _nobody_leads()


async def _nobody_leads() -> None:
    leading = [task for task in asyncio.all_tasks() if task.get_name() == "listen"]
    if leading:
        _, left = await asyncio.wait(leading, timeout=5)
        assert not left


async def test_a_plan_tells_what_to_render(stub: "Stub") -> None:
    plan = await stub.PlanCall(PlanCallRequest(brief=brief()), timeout=5)
    assert plan.language == "kn-IN"
    assert [line.personal for line in plan.greeting] == [False, False, True]
    assert plan.likely
    assert plan.fallback.hold
    assert plan.fallback.goodbye


async def test_who_rings_back_has_a_greeting_of_their_own(stub: "Stub") -> None:
    plan = await stub.PlanCall(
        PlanCallRequest(brief=brief(language="en-IN", direction=CALL_DIRECTION_INBOUND)), timeout=5
    )
    assert plan.greeting[0].text == "Namaste. Thank you for calling back."


@pytest.mark.parametrize(
    ("field", "value"), [("amount_paise", 0), ("due_date", "soon"), ("lender_name", ""), ("call_id", "")]
)
async def test_a_brief_that_cannot_be_spoken_is_refused_by_the_name_of_its_field(
    stub: "Stub", field: str, value: object
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.PlanCall(PlanCallRequest(brief=brief(**{field: value})), timeout=5)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert (refused.value.details() or "").startswith(field)
    stream = Stream(stub)
    await stream.tells(begin=Begin(brief=brief(**{field: value})))
    assert await stream.ends_with() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("stub", [NIGHT], indirect=True)
async def test_at_night_nobody_is_put_through(stub: "Stub") -> None:
    stream = Stream(stub)
    await stream.asked_who_is_there()
    await stream.tells(heard=Heard(text="AGENT"))
    turn = await stream.turn()
    assert (turn.state, turn.next) == ("AGENT_UNAVAILABLE", NEXT_HANG_UP)


async def test_words_that_the_rules_do_not_know_are_decided_by_the_model_while_a_filler_is_said() -> None:
    script = [Rule("ऐसा है", {"intent": "NO", "confidence": "high"})]
    async with BedrockEmulator(script, latency_s=FILLER_AFTER_S + 0.2) as emulator:
        model = BedrockModel(
            "global.anthropic.claude-haiku-5-5",
            region="ap-south-1",
            endpoint_url=emulator.url,
            access_key_id="test",
            secret_access_key="test",
        )
        model.load()
        decider = Decider(model, deadline_s=10)  # what is tested is the order of things, not this machine's speed
        async with served(Office(read, decider, languages_of_state, now=lambda: NOON)) as stub:
            stream = Stream(stub)
            await stream.asked_who_is_there(language="hi-IN")
            await stream.tells(heard=Heard(text="हाँ बोल रहा हूँ", language="hi-IN", language_confidence=0.9))
            for _ in range(3):
                turn = await stream.turn()
                await stream.plays(turn)
            await stream.tells(heard=Heard(text="देखो भाई ऐसा है कि"))
            filler = await stream.turn()
            assert [line.text for line in filler.lines] == ["कृपया एक क्षण रुकिए।"]
            assert filler.next == NEXT_CONTINUE
            await stream.plays(filler)
            goodbye = await stream.turn()
            assert goodbye.state == "GOODBYE_DECLINE"
            assert (goodbye.understanding.intent, goodbye.understanding.decided_by) == ("no", "model")
            await stream.tells(finished=ConverseFinished(reason="conversation_done"))
            assert (await stream.answer()).finished.facts.disposition == "RPC_INFO"
        model.close()
