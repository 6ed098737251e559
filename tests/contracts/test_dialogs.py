"""What telephony expects of every dialog."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from services.dialog.deciding import Decider
from services.dialog.office import Office
from services.dialog.reading import languages_of_state, read
from services.dialog.servicer import SERVICE, DialogServicer
from services.telephony.grpc_dialog import GrpcDialog
from services.telephony.model import Brief, Next, NoInput, Played, Turn
from services.telephony.ports import Conversation, Dialog
from tests.telephony.fakes import FakeDialog, turn
from tests.telephony.world import BRIEF
from voice.dialog.v1 import add_DialogServiceServicer_to_server
from voicekit.errors import InvalidInput, ProviderDown
from voicekit.rpc import RpcServer, channel

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
NAMELESS = Brief("", 7, "Asha", "Asha Finance", "LN0042", 1_250_000, "2026-12-05", "Karnataka")


@dataclass
class Subject:
    """A dialog, and how to take it away."""

    dialog: Dialog
    fake: FakeDialog | None = None
    servers: list[RpcServer] = field(default_factory=list)

    async def goes_away(self) -> None:
        if self.fake:
            self.fake.down = True
            for conversation in self.fake.conversations:
                conversation.break_off()
        for server in self.servers:
            await server.drain(0)


@asynccontextmanager
async def real() -> AsyncIterator[Subject]:
    server = RpcServer("dialog", "127.0.0.1:0")
    office = Office(read, Decider(None), languages_of_state, now=lambda: NOON)
    server.add(add_DialogServiceServicer_to_server, DialogServicer(office), SERVICE)
    async with channel(f"127.0.0.1:{await server.start()}", SERVICE) as connection:
        yield Subject(GrpcDialog(connection, longest_call=60), servers=[server])
    await server.drain(0)


@asynccontextmanager
async def fake() -> AsyncIterator[Subject]:
    dialog = FakeDialog(turn(1, "hello", then=Next.CONTINUE), turn(2, "is it you?"), turn(3, "is it you?"))
    yield Subject(dialog, dialog)


@pytest.fixture(params=[fake, real], ids=["fake", "grpc"])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    async with asyncio.timeout(30), request.param() as made:
        yield made


async def heard(conversation: Conversation, turns: AsyncIterator[Turn]) -> Turn:
    """Hear the next turn to its end."""
    said = await anext(turns)
    conversation.tell(Played(said.number, heard_ms=2000, lines_heard=len(said.lines)))
    return said


async def test_a_plan_has_all_that_a_call_cannot_do_without(subject: Subject) -> None:
    plan = await subject.dialog.plan(BRIEF)
    assert plan.language
    assert all((plan.greeting, plan.likely, plan.hold, plan.goodbye))


async def test_a_brief_of_no_call_cannot_be_planned(subject: Subject) -> None:
    with pytest.raises(InvalidInput):
        await subject.dialog.plan(NAMELESS)


async def test_turns_are_numbered_and_each_can_be_gone_on_from(subject: Subject) -> None:
    async with subject.dialog.converse(BRIEF, b"") as conversation:
        turns = aiter(conversation.turns())
        said = [await heard(conversation, turns), await heard(conversation, turns)]
        conversation.tell(NoInput())
        said.append(await heard(conversation, turns))
    assert [each.number for each in said] == [1, 2, 3]
    assert [each.next for each in said] == [Next.CONTINUE, Next.LISTEN, Next.LISTEN]
    assert all(each.snapshot and each.state and each.language and each.lines for each in said)
    assert len({each.snapshot for each in said}) == 3


async def test_after_finish_nothing_follows(subject: Subject) -> None:
    async with subject.dialog.converse(BRIEF, b"") as conversation:
        turns = aiter(conversation.turns())
        await heard(conversation, turns)
        await heard(conversation, turns)
        conversation.finish("hung_up")
        assert [each async for each in turns] == []


async def test_a_conversation_goes_on_with_the_prompt_that_it_was_at(subject: Subject) -> None:
    async with subject.dialog.converse(BRIEF, b"") as conversation:
        turns = aiter(conversation.turns())
        await heard(conversation, turns)
        question = await anext(turns)
    async with subject.dialog.converse(BRIEF, question.snapshot) as conversation:
        again = await anext(aiter(conversation.turns()))
    assert (again.lines, again.state, again.next) == (question.lines, question.state, question.next)


async def test_a_dialog_that_is_lost_is_an_error_of_ours(subject: Subject) -> None:
    async with subject.dialog.converse(BRIEF, b"") as conversation:
        turns = aiter(conversation.turns())
        await heard(conversation, turns)
        await heard(conversation, turns)
        await subject.goes_away()
        with pytest.raises(ProviderDown):
            await anext(turns)


async def test_what_is_told_to_a_dialog_that_is_away_raises_nothing(subject: Subject) -> None:
    async with subject.dialog.converse(BRIEF, b"") as conversation:
        turns = aiter(conversation.turns())
        await heard(conversation, turns)
        await heard(conversation, turns)
        await subject.goes_away()
        conversation.tell(NoInput())
        conversation.finish("hung_up")


async def test_nobody_there_is_an_error_of_ours(subject: Subject) -> None:
    await subject.goes_away()
    with pytest.raises(ProviderDown):
        await subject.dialog.plan(BRIEF)
    with pytest.raises(ProviderDown):
        async with subject.dialog.converse(BRIEF, b"") as conversation:
            await anext(aiter(conversation.turns()))
