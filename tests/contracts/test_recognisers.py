"""What hearing expects of every recogniser, whoever made it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from emulators.sarvam import Phrase, SarvamEmulator
from emulators.voices import synthesise
from services.speech.ports import Dictation, Final, Partial, Recogniser
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_legacy import SarvamLegacy
from services.speech.sarvam_realtime import SarvamRealtime
from tests.speech.fakes import FakeRecogniser
from voicekit.audio import silence
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

KEY = "contract-key"
LOAN = "मैंने लोन नहीं लिया"
PHRASES = [Phrase("हाँ", "hi-IN"), Phrase(LOAN, "hi-IN"), Phrase("ହଁ ମୁଁ କହୁଛି", "or-IN")]

MAKERS: dict[str, Callable[[SarvamAccount], Recogniser]] = {
    "fake": lambda _: FakeRecogniser({1: "हाँ", 2: LOAN, 7: "ହଁ ମୁଁ କହୁଛି"}),
    "realtime": SarvamRealtime,
    "realtime, linear16": lambda account: SarvamRealtime(account, encoding="linear16"),
    "legacy": SarvamLegacy,
}


@pytest.fixture(params=list(MAKERS))
async def recogniser(request: pytest.FixtureRequest) -> AsyncIterator[Recogniser]:
    async with AsyncExitStack() as stack:
        emulator = await stack.enter_async_context(SarvamEmulator(keys=[KEY], phrases=PHRASES, caller_voices=["ravi"]))
        account = await stack.enter_async_context(
            SarvamAccount.open(key=KEY, http_base=emulator.http_base, ws_base=emulator.ws_base)
        )
        yield MAKERS[request.param](account)


async def dictate(session: Dictation, number: int, text: str, language: str) -> None:
    await session.begin(number, language)
    line = silence(300) + synthesise(text, language, voice="ravi") + silence(450)
    for at in range(0, len(line), 1600):
        await asyncio.sleep(0.1)
        await session.audio(line[at : at + 1600])
    await session.end()


async def final_of(session: Dictation, number: int) -> Final:
    async for heard in session.heard():
        assert isinstance(heard, Partial | Final)
        if isinstance(heard, Final) and heard.utterance == number:
            return heard
    raise AssertionError("`heard` ends only by an error")


async def test_an_utterance_becomes_one_final(recogniser: Recogniser) -> None:
    async with asyncio.timeout(20), recogniser.open("hi-IN") as session:
        await dictate(session, 1, "हाँ", "hi-IN")
        assert (await final_of(session, 1)).text == "हाँ"


async def test_utterances_follow_one_another_in_a_session(recogniser: Recogniser) -> None:
    async with asyncio.timeout(20), recogniser.open("hi-IN") as session:
        for number, text in ((1, "हाँ"), (2, LOAN)):
            await dictate(session, number, text, "hi-IN")
            assert (await final_of(session, number)).text == text


async def test_a_session_hears_after_a_minute_of_silence(recogniser: Recogniser) -> None:
    async with recogniser.open("hi-IN") as session:
        hearing = asyncio.create_task(final_of(session, 2))
        await dictate(session, 1, "हाँ", "hi-IN")
        await asyncio.sleep(70)
        await dictate(session, 2, LOAN, "hi-IN")
        assert (await hearing).text == LOAN


async def test_odia_is_heard_as_odia(recogniser: Recogniser) -> None:
    async with asyncio.timeout(20), recogniser.open("or-IN") as session:
        await dictate(session, 7, "ହଁ ମୁଁ କହୁଛି", "or-IN")
        assert (await final_of(session, 7)).text == "ହଁ ମୁଁ କହୁଛି"


async def test_a_session_that_is_left_can_say_no_more(recogniser: Recogniser) -> None:
    tasks = asyncio.all_tasks()
    async with recogniser.open("hi-IN") as session:
        await session.begin(1, "hi-IN")
    await asyncio.sleep(1)
    assert {task for task in asyncio.all_tasks() - tasks if "recogniser" in task.get_name()} == set()


@pytest.mark.parametrize("name", list(MAKERS))
async def test_nobody_there_is_an_error_of_ours(name: str) -> None:
    async with SarvamAccount.open(key=KEY, http_base="http://127.0.0.1:9", ws_base="ws://127.0.0.1:9") as nowhere:
        recogniser = MAKERS[name](nowhere)
        if isinstance(recogniser, FakeRecogniser):
            recogniser.opening = [ProviderDown("nobody is there")]
        with pytest.raises(ProviderDown):
            async with recogniser.open("hi-IN"):
                pass
