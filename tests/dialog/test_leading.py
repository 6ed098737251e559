import asyncio
from collections.abc import AsyncIterator

import pytest

from services.dialog.deciding import UNDECIDED, Decider, Verdict
from services.dialog.intents import Intent
from services.dialog.leading import FILLER_AFTER_S, Leader
from services.dialog.ports import Doubt, Opinion
from services.dialog.turns import Finished, Happening, Heard, Played, Summary, Turn
from tests.dialog.talk import conversation, whole

pytestmark = pytest.mark.virtual_time


class Model:
    """Answers NO, surely, after a while."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self.asked: list[str] = []
        self.given_up = 0

    async def opinion(self, doubt: Doubt) -> Opinion:
        self.asked.append(doubt.words)
        try:
            await asyncio.sleep(self._after_s)
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        return Opinion(Intent.NO, "high")


class Line:
    """The other end: plays every turn in a second, and says what it is told to."""

    def __init__(self, model: Model | None) -> None:
        self.turns: list[tuple[float, Turn]] = []
        self._happenings: asyncio.Queue[Happening | None] = asyncio.Queue()
        self._leader = Leader(conversation(), Decider(model), self._say)
        self._playing: set[asyncio.Task[None]] = set()

    async def leads(self) -> Summary | None:
        return await self._leader.lead(self._all())

    def tell(self, happening: Happening | None) -> None:
        self._happenings.put_nowait(happening)

    async def after(self, seconds: float, happening: Happening | None) -> None:
        await asyncio.sleep(seconds)
        self.tell(happening)

    @property
    def states(self) -> list[str]:
        return [turn.state for _, turn in self.turns]

    async def _all(self) -> AsyncIterator[Happening]:
        while (happening := await self._happenings.get()) is not None:
            yield happening

    async def _say(self, turn: Turn) -> None:
        self.turns.append((asyncio.get_running_loop().time(), turn))
        playing = asyncio.create_task(self.after(1.0, whole(turn)))
        self._playing.add(playing)
        playing.add_done_callback(self._playing.discard)


async def run(line: Line, *script: tuple[float, Happening | None]) -> Summary | None:
    async with asyncio.TaskGroup() as tasks:
        leading = tasks.create_task(line.leads())
        for seconds, happening in script:
            await line.after(seconds, happening)
    return leading.result()


async def test_a_call_is_led_to_its_end() -> None:
    line = Line(None)
    summary = await run(line, (3, Heard("YES")), (6, Heard("NO")), (3, Finished("goodbye")))
    assert summary is not None
    assert summary.facts.disposition == "RPC_INFO"
    assert line.states[-1] == "GOODBYE_DECLINE"
    assert summary.turns == len(line.turns)


async def test_a_peer_that_is_lost_ends_the_conversation_without_a_summary() -> None:
    assert await run(Line(None), (3, Heard("YES")), (1, None)) is None


async def test_a_quick_verdict_needs_no_filler() -> None:
    line = Line(Model(after_s=FILLER_AFTER_S - 0.1))
    await run(line, (3, Heard("YES")), (6, Heard("gibberish")), (5, Finished()))
    assert line.states[-1] == "GOODBYE_DECLINE"
    assert "One moment please." not in [said.text for _, turn in line.turns for said in turn.lines]


async def test_a_slow_verdict_is_bridged_by_a_filler_and_follows_it() -> None:
    line = Line(Model(after_s=1.8))
    await run(line, (3, Heard("YES")), (6, Heard("gibberish")), (5, Finished()))
    (filled_at, filler), (answered_at, answer) = line.turns[-2:]
    assert [said.text for said in filler.lines] == ["One moment please."]
    assert filled_at == pytest.approx(9 + FILLER_AFTER_S)
    assert answered_at == pytest.approx(filled_at + 1.0)
    assert answer.state == "GOODBYE_DECLINE"


async def test_a_model_that_hangs_costs_two_seconds_and_a_question() -> None:
    line = Line(Model(after_s=3600))
    await run(line, (3, Heard("YES")), (6, Heard("gibberish")), (5, Finished()))
    asked_at, again = line.turns[-1]
    assert again.state == "WAITING_AGENT_RESPONSE"
    assert asked_at == pytest.approx(9 + FILLER_AFTER_S + 1.0)


async def test_newer_words_give_up_the_older_ones() -> None:
    model = Model(after_s=1.9)
    line = Line(model)
    await run(line, (3, Heard("YES")), (6, Heard("gibberish")), (0.5, Heard("YES")), (5, Finished()))
    assert line.states[-1] == "TRANSFERRING_TO_AGENT"
    assert model.given_up == 1


async def test_a_call_that_ends_while_we_think_leaves_nothing_behind() -> None:
    model = Model(after_s=1.9)
    line = Line(model)
    summary = await run(line, (3, Heard("YES")), (6, Heard("gibberish")), (0.5, Finished("hung_up")))
    assert summary is not None
    assert model.given_up == 1
    names = {task.get_name() for task in asyncio.all_tasks()}
    assert not names & {"listen", "decide", "fill the pause"}


async def test_a_verdict_is_not_mistaken_for_one_about_newer_words() -> None:
    talk = conversation()
    first = talk.begin()
    question = talk.played(whole(first))
    assert question is not None
    talk.played(Played(question.number, heard_s=2.0, lines_heard=1))
    old = talk.heard(Heard("gibberish"))
    new = talk.heard(Heard("more of it"))
    assert isinstance(old, Doubt)
    assert isinstance(new, Doubt)
    assert talk.decided(old, Verdict(Intent.NO, 0.9, UNDECIDED.decided_by)) is None
    answer = talk.decided(new, UNDECIDED)
    assert answer is not None
    assert answer.state == "WAITING_FOR_LANG_DETECT"
