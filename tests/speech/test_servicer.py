"""Speech as its clients see it: over gRPC, with the emulated provider behind it, in real time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import grpc
import grpc.aio
import pytest
from google.protobuf.duration_pb2 import Duration

from emulators.audio import silence
from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import synthesise
from services.speech.__main__ import SERVICE_NAME, serving
from services.speech.settings import Settings
from tests.speech.conftest import KEY
from tests.speech.fakes import until
from voice.speech.v1 import (
    ANSWER_KIND_SHORT,
    TRANSCRIPT_SOURCE_REALTIME,
    TRANSCRIPT_SOURCE_REQUEST,
    TRANSCRIPT_SOURCE_STREAMING,
    Expectation,
    Line,
    ListenConfig,
    ListenFinished,
    ListenRequest,
    ListenResponse,
    PrepareRequest,
    SpeakRequest,
    SpeechServiceStub,
    Transcript,
)
from voicekit.rpc import channel

if TYPE_CHECKING:
    from voice.speech.v1 import SpeechServiceAsyncStub

LOAN = "मैंने लोन नहीं लिया"
HINDI = Expectation(answer=ANSWER_KIND_SHORT, language="hi-IN")
LINES = [Line(text="नमस्ते, क्या मैं आशा राव से बात कर रही हूँ?", personal=True), Line(text="धन्यवाद।")]


@asynccontextmanager
async def served(sarvam: SarvamEmulator, redis_url: str) -> AsyncIterator[SpeechServiceAsyncStub]:
    settings = Settings(
        speech_listen="127.0.0.1:0",
        redis_url=redis_url,
        sarvam_api_key=KEY,
        sarvam_http_base=sarvam.http_base,
        sarvam_ws_base=sarvam.ws_base,
        drain_seconds=0.1,
    )
    sarvam.provider.recogniser.prepare()
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(serving(settings))
        client = channel(f"127.0.0.1:{server.port}", SERVICE_NAME, media=True)
        stack.push_async_callback(client.close)
        yield SpeechServiceStub(client)


@pytest.fixture
async def stub(sarvam: SarvamEmulator, redis_url: str) -> AsyncIterator[SpeechServiceAsyncStub]:
    async with served(sarvam, redis_url) as stub:
        yield stub


async def hears(stub: SpeechServiceAsyncStub, *parts: bytes, config: Expectation = HINDI) -> list[ListenResponse]:
    async def requests() -> AsyncIterator[ListenRequest]:
        yield ListenRequest(config=ListenConfig(call_id="call-1", expectation=config))
        for part in parts:
            for at in range(0, len(part), 1600):
                await asyncio.sleep(0.03)  # a line, three times as fast as it is spoken
                yield ListenRequest(audio=part[at : at + 1600])
        yield ListenRequest(finished=ListenFinished())

    return [response async for response in stub.Listen(requests())]


def transcripts(events: list[ListenResponse]) -> list[Transcript]:
    return [event.transcript for event in events if event.HasField("transcript")]


def say(text: str, language: str = "hi-IN") -> bytes:
    return synthesise(text, language, voice="ravi")


async def speaks(stub: SpeechServiceAsyncStub, request: SpeakRequest) -> tuple[bytes, int]:
    pcm, from_cache = b"", -1
    async for response in stub.Speak(request):
        if response.HasField("audio"):
            assert len(response.audio.pcm) % 2 == 0
            pcm += response.audio.pcm
        else:
            from_cache = response.finished.lines_from_cache
            assert response.finished.duration.ToMilliseconds() == len(pcm) // 16
    return pcm, from_cache


async def test_what_a_borrower_says_is_told(stub: SpeechServiceAsyncStub) -> None:
    events = await hears(stub, silence(300), say(LOAN), silence(1500))
    kinds = [event.WhichOneof("event") for event in events]
    assert [kind for kind in kinds if kind != "partial"] == ["speech_started", "speech_ended", "transcript", "finished"]
    words = transcripts(events)[0]
    assert (words.text, words.source, words.language) == (LOAN, TRANSCRIPT_SOURCE_REALTIME, "")
    assert events[-1].finished.utterances == 1


async def test_the_language_is_found_out_when_it_is_not_known(stub: SpeechServiceAsyncStub) -> None:
    odia = "ହଁ ମୁଁ କହୁଛି"
    events = await hears(stub, silence(300), say(odia, "or-IN"), silence(1500), config=Expectation())
    words = transcripts(events)[0]
    assert (words.text, words.language) == (odia, "or-IN")
    assert words.language_confidence > 0.5


@pytest.mark.parametrize(
    ("fault", "source"),
    [
        (Fault.STT_DROP_AFTER_PARTIAL, TRANSCRIPT_SOURCE_REALTIME),
        (Fault.STT_CLOSE, None),
        (Fault.STT_DUPLICATE_FINAL, TRANSCRIPT_SOURCE_REALTIME),
        (Fault.STT_NUMBERS_AS_STRINGS, TRANSCRIPT_SOURCE_REALTIME),
        (Fault.STT_UNKNOWN_EVENT, TRANSCRIPT_SOURCE_REALTIME),
        (Fault.STT_NOT_JSON, TRANSCRIPT_SOURCE_REALTIME),
        (Fault.CONNECT_BETA, TRANSCRIPT_SOURCE_STREAMING),
    ],
)
async def test_whatever_the_provider_does_a_turn_gets_one_right_transcript(
    stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator, fault: Fault, source: int | None
) -> None:
    sarvam.provider.faults.arm(fault)
    events = await hears(stub, silence(300), say(LOAN), silence(1500))
    assert sarvam.provider.faults.struck == [fault]
    assert [words.text for words in transcripts(events)] == [LOAN]
    assert source is None or transcripts(events)[0].source == source


async def test_without_sockets_each_turn_is_asked_for(stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.CONNECT_STATUS, 403, times=None)
    events = await hears(stub, silence(300), say(LOAN), silence(1500))
    words = transcripts(events)[0]
    assert (words.text, words.source) == (LOAN, TRANSCRIPT_SOURCE_REQUEST)
    sockets = [r.path for r in sarvam.provider.journal.requests if r.path.startswith("/speech-to-text")]
    assert len(sockets) == 3, "each socket was tried once, then the request"


async def test_prepared_lines_are_spoken_without_a_request(
    stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator
) -> None:
    prepared = await stub.Prepare(PrepareRequest(call_id="call-1", language="hi-IN", lines=LINES), timeout=10)
    assert [line.ready for line in prepared.lines] == [True, True]
    sarvam.provider.journal.clear()
    pcm, from_cache = await speaks(stub, SpeakRequest(call_id="call-1", language="hi-IN", lines=LINES))
    assert from_cache == 2
    assert len(pcm) == sum(line.duration.ToMilliseconds() for line in prepared.lines) * 16
    assert len(pcm) % 320 == 0
    assert sarvam.provider.journal.rendered == []
    assert sarvam.provider.journal.requests == []


async def test_a_cancelled_line_leaves_no_audio_and_no_socket(
    stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator
) -> None:
    call = stub.Speak(SpeakRequest(call_id="call-1", language="hi-IN", lines=[Line(text="किस्त बाकी है। " * 12)]))
    await call.read()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call.read()
    sockets = sarvam.provider.limits(KEY).open_sockets
    await until(lambda: sockets["tts"] <= 1)  # the spare one stays
    assert sarvam.provider.journal.usage.sockets <= 3


async def test_a_cancelled_call_leaves_no_socket(stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator) -> None:
    call = stub.Listen()
    await call.write(ListenRequest(config=ListenConfig(call_id="call-1", expectation=HINDI)))
    sockets = sarvam.provider.limits(KEY).open_sockets
    await until(lambda: sockets["stt"] == 1)
    call.cancel()
    await until(lambda: sockets["stt"] == 0)


@pytest.mark.parametrize(
    "steps",
    [
        [ListenRequest(audio=b"\0\0")],
        [ListenRequest(config=ListenConfig(call_id="x" * 65))],
        [ListenRequest(config=ListenConfig(expectation=Expectation(language="en-US")))],
        [ListenRequest(config=ListenConfig()), ListenRequest(config=ListenConfig())],
        [ListenRequest(config=ListenConfig()), ListenRequest()],
        [ListenRequest(config=ListenConfig()), ListenRequest(audio=b"\0")],
        [ListenRequest(config=ListenConfig()), ListenRequest(audio=bytes(32002))],
        [ListenRequest(config=ListenConfig()), ListenRequest(silence=Duration(seconds=601))],
        [ListenRequest(config=ListenConfig()), ListenRequest(silence=Duration(seconds=-1))],
    ],
)
async def test_a_step_that_is_not_allowed_ends_the_stream(
    stub: SpeechServiceAsyncStub, steps: list[ListenRequest]
) -> None:
    call = stub.Listen(iter(steps))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in call:
            pass
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_line_that_ends_without_a_word_is_no_end(stub: SpeechServiceAsyncStub) -> None:
    call = stub.Listen(iter([ListenRequest(config=ListenConfig()), ListenRequest(audio=silence(100))]))
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        async for _ in call:
            pass
    assert raised.value.code() is grpc.StatusCode.FAILED_PRECONDITION


@pytest.mark.parametrize(
    "request_",
    [
        SpeakRequest(language="hi-IN"),
        SpeakRequest(language="hi-IN", lines=[Line(text="")]),
        SpeakRequest(language="hi-IN", lines=[Line(text="  ")]),
        SpeakRequest(language="hi-IN", lines=[Line(text="क" * 501)]),
        SpeakRequest(language="hi-IN", lines=[Line(text="हाँ")] * 21),
        SpeakRequest(language="od-IN", lines=[Line(text="ହଁ")]),
    ],
)
async def test_what_cannot_be_spoken_is_refused(stub: SpeechServiceAsyncStub, request_: SpeakRequest) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await speaks(stub, request_)
    assert raised.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_without_the_provider_a_client_is_told(stub: SpeechServiceAsyncStub, sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.KEY_REVOKED, times=None)
    sarvam.provider.faults.arm(Fault.TTS_CLOSE_MID_REPLY, times=None)
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await speaks(stub, SpeakRequest(language="hi-IN", lines=LINES))
    assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
    assert KEY not in str(raised.value.details())


async def test_without_redis_a_pod_speaks_all_the_same(sarvam: SarvamEmulator) -> None:
    async with served(sarvam, "redis://127.0.0.1:9/0") as stub:
        first, _ = await speaks(stub, SpeakRequest(language="hi-IN", lines=LINES))
        again, from_cache = await speaks(stub, SpeakRequest(language="hi-IN", lines=LINES))
    assert first == again
    assert from_cache == 2


async def test_a_frozen_redis_delays_one_line_by_less_than_half_a_second(sarvam: SarvamEmulator) -> None:
    async def freeze(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        frozen.append(writer)

    frozen: list[asyncio.StreamWriter] = []
    server = await asyncio.start_server(freeze, "127.0.0.1", 0)
    loop = asyncio.get_running_loop()
    async with server, served(sarvam, f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0") as stub:
        began = loop.time()
        call = stub.Speak(SpeakRequest(language="hi-IN", lines=LINES))
        await call.read()
        assert loop.time() - began < 0.15 + 0.45 + 0.4, "the provider, Redis once, and this machine"
        call.cancel()
    assert frozen
    for writer in frozen:
        writer.close()
