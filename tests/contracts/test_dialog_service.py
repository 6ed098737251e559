"""The contract of `DialogService`, as a client sees it that is written in some other way than ours."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest

from services.dialog.deciding import Decider
from services.dialog.office import Office
from services.dialog.reading import languages_of_state, read
from services.dialog.servicer import SERVICE, DialogServicer
from voice.customers.v1 import CallBrief
from voice.dialog import v1 as pb

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
BRIEF = CallBrief(
    call_id="call-1",
    customer_id=12,
    customer_name="Kamala Devi",
    lender_name="Asha Finance",
    loan_id="LN00204521",
    amount_paise=455_000,
    due_date="2026-12-05",
    state="Karnataka",
)


@pytest.fixture(scope="module")
def grpc_add_to_server() -> Callable[..., None]:
    return pb.add_DialogServiceServicer_to_server


@pytest.fixture(scope="module")
def grpc_servicer() -> DialogServicer:
    return DialogServicer(Office(read, Decider(None), languages_of_state, now=lambda: NOON))


@pytest.fixture(scope="module")
def grpc_service_name() -> str:
    return SERVICE


@pytest.fixture(scope="module")
def grpc_stub_cls() -> type:
    return pb.DialogServiceStub


def converse(stub: Any, *events: pb.ConverseRequest) -> list[pb.ConverseResponse]:
    return list(stub.Converse(iter(events), timeout=10))


BEGIN = pb.ConverseRequest(begin=pb.Begin(brief=BRIEF))
FINISHED = pb.ConverseRequest(finished=pb.ConverseFinished(reason="hung_up"))


def played(turn: int) -> pb.ConverseRequest:
    return pb.ConverseRequest(played=pb.Played(turn=turn, lines_heard=9))


def test_a_plan_is_the_same_twice(grpc_stub: Any) -> None:
    plan = grpc_stub.PlanCall(pb.PlanCallRequest(brief=BRIEF), timeout=5)
    assert plan.language == "kn-IN"
    assert plan.greeting
    assert plan.fallback.hold
    assert plan.fallback.goodbye
    assert grpc_stub.PlanCall(pb.PlanCallRequest(brief=BRIEF), timeout=5) == plan


@pytest.mark.parametrize("changes", [{"call_id": ""}, {"due_date": "tomorrow"}, {"lender_name": ""}])
def test_a_brief_that_cannot_be_spoken_is_refused_by_field(grpc_stub: Any, changes: dict[str, str]) -> None:
    brief = CallBrief()
    brief.CopyFrom(BRIEF)
    for name, value in changes.items():
        setattr(brief, name, value)
    with pytest.raises(grpc.RpcError, match=next(iter(changes))) as error:
        grpc_stub.PlanCall(pb.PlanCallRequest(brief=brief), timeout=5)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_stream_that_does_not_begin_is_refused(grpc_stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="begin") as error:
        converse(grpc_stub, pb.ConverseRequest(no_input=pb.NoInput()))
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_second_begin_is_refused(grpc_stub: Any) -> None:
    with pytest.raises(grpc.RpcError, match="begin") as error:
        converse(grpc_stub, BEGIN, BEGIN)
    assert error.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_a_conversation_ends_with_an_explicit_word(grpc_stub: Any) -> None:
    greeting, question, last = converse(grpc_stub, BEGIN, played(1), FINISHED)
    assert (greeting.turn.number, greeting.turn.next) == (1, pb.NEXT_CONTINUE)
    assert (question.turn.number, question.turn.next) == (2, pb.NEXT_LISTEN)
    assert last.HasField("finished")
    assert last.finished.turns == 2


def test_silence_is_answered_by_another_turn(grpc_stub: Any) -> None:
    silence = pb.ConverseRequest(no_input=pb.NoInput())
    responses = converse(grpc_stub, BEGIN, played(1), played(2), silence, played(3), FINISHED)
    assert [each.turn.number for each in responses if each.HasField("turn")] == [1, 2, 3]
    assert not responses[-1].finished.facts.verified


def test_a_conversation_goes_on_elsewhere_with_its_last_prompt(grpc_stub: Any) -> None:
    first, *_ = converse(grpc_stub, BEGIN, played(1), FINISHED)
    assert 0 < len(first.turn.snapshot) < 4096
    resumed = pb.ConverseRequest(begin=pb.Begin(brief=BRIEF, snapshot=first.turn.snapshot))
    again, *_ = converse(grpc_stub, resumed, FINISHED)
    assert again.turn.lines == first.turn.lines
    assert again.turn.number == first.turn.number + 1
