"""Streams that break the order of their messages are refused; a peer that leaves without a word is noticed."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.support.real_system import RealSystem
from voice.customers import v1 as customers_pb
from voice.dialog import v1 as dialog_pb
from voice.speech import v1 as speech_pb
from voicekit.rpc import channel

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(120)]

BRIEF = customers_pb.CallBrief(
    call_id="wire-1",
    customer_id=1,
    customer_name="Kamala Devi",
    lender_name="Asha Finance",
    loan_id="LN00204521",
    amount_paise=455_000,
    due_date="2099-12-05",
    state="Bihar",
)
LISTEN = speech_pb.CallStep(call=1, config=speech_pb.ListenConfig(call_id="wire-1"))
SILENCE = speech_pb.CallStep(call=1, audio=bytes(3200))
FINISHED = speech_pb.CallStep(call=1, finished=speech_pb.ListenFinished())
BEGIN = dialog_pb.ConverseRequest(begin=dialog_pb.Begin(brief=BRIEF))
NO_INPUT = dialog_pb.ConverseRequest(no_input=dialog_pb.NoInput())
INFO = customers_pb.ImportCustomersRequest(info=customers_pb.ImportInfo(filename="a.csv", lender_name="Asha Finance"))
CHUNK = customers_pb.ImportCustomersRequest(chunk=b"name,phone_number\n")

Stub = Callable[[grpc.aio.Channel], Any]
METHODS: dict[str, tuple[str, str, Stub]] = {
    "Listen": ("speech", "voice.speech.v1.SpeechService", lambda to: speech_pb.SpeechServiceStub(to).Listen),
    "Converse": ("dialog", "voice.dialog.v1.DialogService", lambda to: dialog_pb.DialogServiceStub(to).Converse),
    "ImportCustomers": (
        "customers",
        "voice.customers.v1.CustomersService",
        lambda to: customers_pb.CustomersServiceStub(to).ImportCustomers,
    ),
}


async def said(messages: Sequence[Any]) -> AsyncIterator[Any]:
    for message in messages:
        yield message


async def answers(system: RealSystem, method: str, messages: Sequence[Any]) -> list[Any]:
    """Say `messages`, end our side, and return all that is answered; raises the status."""
    service, name, stub = METHODS[method]
    async with channel(f"127.0.0.1:{getattr(system.system.ports, service)}", name) as to:
        call = stub(to)(said(messages), timeout=10)
        if method == "ImportCustomers":
            return [await call]
        return [answer async for answer in call]


@pytest.mark.parametrize(
    ("method", "messages"),
    [
        ("Converse", [NO_INPUT]),
        ("Converse", [BEGIN, BEGIN]),
        ("Converse", [BEGIN, dialog_pb.ConverseRequest()]),
        ("Converse", [dialog_pb.ConverseRequest(finished=dialog_pb.ConverseFinished(reason="hung_up"))]),
        ("Converse", [dialog_pb.ConverseRequest(begin=dialog_pb.Begin(brief=customers_pb.CallBrief()))]),
        ("ImportCustomers", [CHUNK]),
        ("ImportCustomers", [INFO, INFO]),
        ("ImportCustomers", [INFO, CHUNK]),
        ("ImportCustomers", []),
    ],
)
async def test_messages_out_of_order_are_an_invalid_argument(
    system: RealSystem, method: str, messages: Sequence[Any]
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await answers(system, method, messages)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert refused.value.details()


async def heard(system: RealSystem, *steps: speech_pb.CallStep) -> list[speech_pb.CallEvent]:
    """Say `steps`, each in a message, end our side, and return all events."""
    told = await answers(system, "Listen", [speech_pb.ListenRequest(steps=[step]) for step in steps])
    return [event for response in told for event in response.events]


@pytest.mark.parametrize(
    "steps",
    [
        [SILENCE],
        [LISTEN, LISTEN],
        [LISTEN, speech_pb.CallStep(call=1, audio=b"odd")],
        [LISTEN, speech_pb.CallStep(call=1)],
        [FINISHED],
    ],
)
async def test_steps_out_of_order_end_their_call_with_an_invalid_argument(
    system: RealSystem, steps: Sequence[speech_pb.CallStep]
) -> None:
    (event,) = await heard(system, *steps)
    assert event.failed.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert event.failed.reason


async def test_who_stops_listening_without_a_word_is_noticed(system: RealSystem) -> None:
    (event,) = await heard(system, LISTEN, SILENCE)
    assert event.failed.code == grpc.StatusCode.FAILED_PRECONDITION.value[0]


async def test_who_leaves_a_conversation_without_a_word_gets_no_summary(system: RealSystem) -> None:
    told = await answers(system, "Converse", [BEGIN])
    assert [answer.WhichOneof("event") for answer in told] == ["turn"]


async def test_streams_that_keep_the_order_end_with_a_word(system: RealSystem) -> None:
    (summary,) = await heard(system, LISTEN, SILENCE, FINISHED)
    assert summary.finished.line.ToMilliseconds() > 0
    over = dialog_pb.ConverseRequest(finished=dialog_pb.ConverseFinished(reason="hung_up"))
    told = await answers(system, "Converse", [BEGIN, over])
    assert told[-1].finished.facts.disposition == "HANGUP_EARLY"
