"""Words that the rules do not understand are shown to a model, which may be slow, absent or wrong."""

import asyncio
from dataclasses import dataclass, field

import pytest

from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Opinion
from services.dialog.scenes import State
from services.dialog.templates import Prompt
from tests.calls.checks import a_world
from tests.calls.paths import lead_to
from tests.calls.phrases import MUMBLED_HINDI
from tests.calls.world import Call, World, borrower
from tests.support.studio import Studio
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time


@dataclass
class Model:
    """Answers as a story tells."""

    opinion_: Opinion | None
    takes_s: float = 0.3
    asked: list[Doubt] = field(default_factory=list)

    async def opinion(self, doubt: Doubt) -> Opinion:
        self.asked.append(doubt)
        await asyncio.sleep(self.takes_s)
        if self.opinion_ is None:
            raise ProviderDown("the model is away")
        return self.opinion_


async def mumbles(world: World) -> Call:
    call = await world.calls(borrower("Bihar"))
    await lead_to(call, State.PLAYING_EMI_PART2)
    await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
    await call.says(*MUMBLED_HINDI)
    return call


async def test_a_model_that_is_sure_decides(studio: Studio) -> None:
    model = Model(Opinion(Intent.NO, "high"))
    async with a_world(studio, model=model) as world:
        call = await mumbles(world)
        await call.hears(Prompt.GOODBYE, "hi-IN")
        assert await call.ends() == ("completed", "conversation_done", "RPC_INFO")
    assert [doubt.words for doubt in model.asked] == [MUMBLED_HINDI.text]
    assert [turn.decided_by for turn in call.record.turns if turn.text == MUMBLED_HINDI.text] == ["model"]


@pytest.mark.parametrize(
    "model",
    [Model(None), Model(Opinion(Intent.YES, "low")), Model(Opinion(Intent.NO, "high"), takes_s=10.0)],
    ids=["that is away", "that is not sure", "that is too slow"],
)
async def test_a_model_of_no_use_leaves_the_borrower_to_be_asked_again(studio: Studio, model: Model) -> None:
    async with a_world(studio, model=model) as world:
        call = await mumbles(world)
        if model.takes_s > 2:
            await call.hears(Prompt.FILLER, "hi-IN")
        await call.hears(Prompt.REPROMPT, "hi-IN")
        await call.hears(Prompt.AGENT_CONNECT, "hi-IN")
        await call.hangs_up()
        assert await call.ends() == ("completed", "hung_up", "RPC_INFO")
