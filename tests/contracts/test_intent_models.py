"""What deciding expects of every model that it asks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from emulators.bedrock.app import BedrockEmulator
from emulators.bedrock.faults import Fault
from emulators.bedrock.mind import Rule
from services.dialog.bedrock import BedrockModel
from services.dialog.claude import FAMILIES
from services.dialog.deciding import CHOICES
from services.dialog.intents import Intent
from services.dialog.ports import Doubt, IntentModel, Opinion
from services.dialog.scenes import Question
from tests.dialog.fake_model import FakeModel
from voicekit.errors import Overloaded, ProviderDown, VoiceError

DOUBT = Doubt("dekhte hain bhai", "hi-IN", Question.AGENT, negated=False)
STRANGE = Doubt("blue pineapple", "en-IN", None, negated=False)


@dataclass
class Subject:
    model: IntentModel
    fail: Callable[[type[VoiceError]], None]
    """Let every request from now on fail so."""


@asynccontextmanager
async def fake(_: str) -> AsyncIterator[Subject]:
    model = FakeModel({"dekhte hain": Opinion(Intent.CALL_LATER, "high")})

    def fail(error: type[VoiceError]) -> None:
        model.error = error("as the test wishes")

    yield Subject(model, fail)


@asynccontextmanager
async def bedrock(family: str) -> AsyncIterator[Subject]:
    script = [Rule("dekhte hain", {"intent": "CALL_LATER", "confidence": "high"})]
    async with BedrockEmulator(script, latency_s=0.0, secrets={"test": "test"}) as emulator:
        model = BedrockModel(
            f"global.anthropic.claude-{family}-v1:0",
            region="ap-south-1",
            family="",
            endpoint_url=emulator.url,
            access_key_id="test",
            secret_access_key="test",
            threads=2,
        )
        faults = {ProviderDown: Fault.INTERNAL, Overloaded: Fault.THROTTLED}
        yield Subject(model, lambda error: emulator.brain.faults.arm(faults[error], times=None))
        model.close()


@pytest.fixture(params=["fake", *FAMILIES])
async def subject(request: pytest.FixtureRequest) -> AsyncIterator[Subject]:
    made = fake if request.param == "fake" else bedrock
    async with asyncio.timeout(20), made(request.param) as subject:
        yield subject


async def test_words_become_an_opinion(subject: Subject) -> None:
    assert await subject.model.opinion(DOUBT) == Opinion(Intent.CALL_LATER, "high")


async def test_words_that_tell_it_nothing_are_unclear_and_in_the_closed_set(subject: Subject) -> None:
    opinion = await subject.model.opinion(STRANGE)
    assert opinion.intent is Intent.UNCLEAR
    assert opinion.intent in CHOICES
    assert opinion.confidence in ("high", "medium", "low")


async def test_questions_at_once_get_their_own_answers(subject: Subject) -> None:
    clear, strange = await asyncio.gather(subject.model.opinion(DOUBT), subject.model.opinion(STRANGE))
    assert (clear.intent, strange.intent) == (Intent.CALL_LATER, Intent.UNCLEAR)


@pytest.mark.parametrize("error", [ProviderDown, Overloaded])
async def test_what_fails_fails_in_our_own_words(subject: Subject, error: type[VoiceError]) -> None:
    subject.fail(error)
    with pytest.raises(error):
        await subject.model.opinion(DOUBT)


async def test_who_is_not_waited_for_is_given_up(subject: Subject) -> None:
    asking = asyncio.create_task(subject.model.opinion(DOUBT))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert (await subject.model.opinion(DOUBT)).intent is Intent.CALL_LATER
