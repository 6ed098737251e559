"""What telephony expects of whoever hears and speaks for it; the real one in real time, on short lines."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from emulators.sarvam import Phrase, SarvamEmulator
from emulators.voices import synthesise
from services.speech.__main__ import serving
from services.speech.settings import Settings
from services.telephony.grpc_speech import SERVICE, GrpcSpeech
from services.telephony.model import Answer, Expectation, Line, SpeechEnded, SpeechStarted, Transcribed
from services.telephony.ports import Listening, Speech
from tests.telephony.fakes import FakeSpeech
from voicekit.audio import silence
from voicekit.errors import ProviderDown
from voicekit.rpc import ChannelPool

YES = "हाँ"
SHORT = Expectation(Answer.SHORT, "hi-IN")
LINES = [Line("नमस्ते।", personal=True), Line("धन्यवाद।")]


@dataclass
class Subject:
    speech: Speech
    says_yes: Callable[[Listening], Awaitable[None]]
    """Let the borrower say yes, and be silent after it."""
    goes_away: Callable[[], Awaitable[None]]


@asynccontextmanager
async def fake(_: str) -> AsyncIterator[Subject]:
    speech = FakeSpeech()

    async def says_yes(_: Listening) -> None:
        speech.ear.say(SpeechStarted(1), SpeechEnded(1, 300, 700), Transcribed(1, YES, started_ms=300, ended_ms=700))

    async def goes_away() -> None:
        speech.down = True
        for listening in speech.listenings:
            listening.break_off()

    yield Subject(speech, says_yes, goes_away)


@asynccontextmanager
async def real(redis_url: str) -> AsyncIterator[Subject]:
    async with AsyncExitStack() as stack:
        book = [Phrase(YES, "hi-IN")]
        sarvam = await stack.enter_async_context(SarvamEmulator(keys=["key"], phrases=book, caller_voices=["ravi"]))
        sarvam.provider.recogniser.prepare()
        settings = Settings(
            speech_listen="127.0.0.1:0",
            redis_url=redis_url,
            sarvam_api_key="key",
            sarvam_http_base=sarvam.http_base,
            sarvam_ws_base=sarvam.ws_base,
            drain_seconds=0.1,
        )
        server = await stack.enter_async_context(serving(settings))
        pool = ChannelPool(f"127.0.0.1:{server.port}", SERVICE, size=1)
        stack.push_async_callback(pool.close)

        async def says_yes(listening: Listening) -> None:
            line = silence(300) + synthesise(YES, "hi-IN", voice="ravi") + silence(1200)
            for at in range(0, len(line), 1600):
                listening.audio(line[at : at + 1600], soon=True)
                await asyncio.sleep(0.05)

        client = GrpcSpeech(pool, longest_call=60)
        stack.push_async_callback(client.close)
        yield Subject(client, says_yes, lambda: server.drain(0))


@pytest.fixture(params=[fake, real], ids=["fake", "grpc"])
async def subject(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Subject]:
    async with asyncio.timeout(40), request.param(redis_url) as made:
        yield made


async def spoken(subject: Subject) -> list[tuple[int, bytes]]:
    async with subject.speech.speak("call-1", "hi-IN", LINES) as audio:
        return [piece async for piece in audio]


async def test_an_utterance_is_told_from_its_begin_to_its_words(subject: Subject) -> None:
    async with subject.speech.listen("call-1", SHORT) as listening:
        await subject.says_yes(listening)
        listening.finish()
        heard = [event async for event in listening.events()]
    assert [type(event) for event in heard] == [SpeechStarted, SpeechEnded, Transcribed]
    words = heard[-1]
    assert isinstance(words, Transcribed)
    assert (words.text, words.lost) == (YES, False)
    assert 0 < words.started_ms < words.ended_ms


async def test_lines_are_spoken_in_their_order_and_whole_samples(subject: Subject) -> None:
    pieces = await spoken(subject)
    numbers = [line for line, _ in pieces]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1}
    assert all(pcm and len(pcm) % 2 == 0 for _, pcm in pieces)


async def test_what_was_prepared_is_spoken_alike_each_time(subject: Subject) -> None:
    assert await subject.speech.prepare("call-1", "hi-IN", LINES, within=15)
    once, again = await spoken(subject), await spoken(subject)
    assert b"".join(pcm for _, pcm in once) == b"".join(pcm for _, pcm in again)


async def test_a_line_that_nobody_waits_for_can_be_left(subject: Subject) -> None:
    async with subject.speech.speak("call-1", "hi-IN", LINES) as audio:
        await anext(aiter(audio))
    assert await spoken(subject)


async def test_an_ear_that_is_lost_is_an_error_of_ours(subject: Subject) -> None:
    async with subject.speech.listen("call-1", SHORT) as listening:
        events = aiter(listening.events())
        await subject.says_yes(listening)
        await anext(events)
        await subject.goes_away()
        with pytest.raises(ProviderDown):
            async for _ in events:
                pass


async def test_what_is_told_to_an_ear_that_is_lost_raises_nothing(subject: Subject) -> None:
    async with subject.speech.listen("call-1", SHORT) as listening:
        await subject.goes_away()
        listening.replay(silence(500))
        listening.audio(silence(100), soon=False)
        listening.expect(Expectation())
        listening.bot_speaks(True)
        listening.finish()


async def test_nobody_there_is_an_error_of_ours(subject: Subject) -> None:
    await subject.goes_away()
    with pytest.raises(ProviderDown):
        await spoken(subject)
    with pytest.raises(ProviderDown):
        await subject.speech.prepare("call-1", "hi-IN", LINES, within=2)
    with pytest.raises(ProviderDown):
        async with subject.speech.listen("call-1", SHORT) as listening:
            await anext(aiter(listening.events()))
