import asyncio
from dataclasses import replace

import pytest

from services.dialog.deciding import CHOICES, UNDECIDED, Decider, believe
from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Opinion
from services.dialog.scenes import Question
from services.dialog.turns import DecidedBy
from voicekit.errors import Overloaded, ProviderDown

pytestmark = pytest.mark.virtual_time

DOUBT = Doubt("kuchh aur", "hi-IN", Question.AGENT, negated=False)


class Model:
    def __init__(self, answer: Opinion | Exception, after_s: float = 0.1) -> None:
        self._answer, self._after_s = answer, after_s

    async def opinion(self, doubt: Doubt) -> Opinion:
        await asyncio.sleep(self._after_s)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.mark.parametrize("intent", CHOICES)
def test_a_sure_opinion_is_believed(intent: Intent) -> None:
    verdict = believe(Opinion(intent, "high"), DOUBT)
    assert (verdict.intent, verdict.decided_by) == (intent, DecidedBy.MODEL)


@pytest.mark.parametrize("intent", [Intent.YES, Intent.GO_AHEAD])
@pytest.mark.parametrize("confidence", ["high", "medium"])
def test_words_that_deny_never_become_a_yes(intent: Intent, confidence: str) -> None:
    assert believe(Opinion(intent, confidence), replace(DOUBT, negated=True)) == UNDECIDED


@pytest.mark.parametrize("confidence", ["low", "", "certain", "HIGH"])
def test_an_unsure_opinion_is_not_believed(confidence: str) -> None:
    assert believe(Opinion(Intent.NO, confidence), DOUBT) == UNDECIDED


@pytest.mark.parametrize("intent", [Intent.YES, Intent.NO, Intent.OPT_OUT, Intent.DECEASED, Intent.WRONG_NUMBER])
def test_what_cannot_be_taken_back_needs_a_sure_opinion(intent: Intent) -> None:
    assert believe(Opinion(intent, "medium"), DOUBT) == UNDECIDED


def test_what_costs_a_repetition_does_not() -> None:
    assert believe(Opinion(Intent.REPEAT, "medium"), DOUBT).intent is Intent.REPEAT


@pytest.mark.parametrize("intent", [Intent.SILENCE, Intent.ANNOUNCEMENT, Intent.CHANGE_LANGUAGE])
def test_a_meaning_outside_the_set_is_not_believed(intent: Intent) -> None:
    assert believe(Opinion(intent, "high"), DOUBT) == UNDECIDED


async def test_without_a_model_doubt_remains() -> None:
    assert await Decider(None).decide(DOUBT) == UNDECIDED


async def test_a_model_is_waited_for_up_to_the_deadline_and_no_longer() -> None:
    loop = asyncio.get_running_loop()
    in_time = await Decider(Model(Opinion(Intent.NO, "high"), after_s=1.9)).decide(DOUBT)
    assert in_time.intent is Intent.NO
    began = loop.time()
    assert await Decider(Model(Opinion(Intent.NO, "high"), after_s=60)).decide(DOUBT) == UNDECIDED
    assert loop.time() - began == pytest.approx(2.0)


@pytest.mark.parametrize("failure", [ProviderDown("down"), Overloaded("busy"), TimeoutError(), KeyError("bug")])
async def test_a_model_that_fails_leaves_the_rules_to_decide(failure: Exception) -> None:
    assert await Decider(Model(failure)).decide(DOUBT) == UNDECIDED


async def test_being_cancelled_is_no_answer() -> None:
    deciding = asyncio.create_task(Decider(Model(Opinion(Intent.NO, "high"), after_s=1.0)).decide(DOUBT))
    await asyncio.sleep(0.5)
    deciding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await deciding
