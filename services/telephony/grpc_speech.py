"""Speech over gRPC: the answer to the `Speech` port."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from services.telephony.grpc_errors import in_our_words
from services.telephony.model import (
    Answer,
    BargedIn,
    Expectation,
    Hearing,
    Line,
    SpeechEnded,
    SpeechStarted,
    Transcribed,
)
from voice.speech.v1 import (
    AnswerKind,
    BotSpeech,
    ListenConfig,
    ListenFinished,
    ListenRequest,
    ListenResponse,
    PrepareRequest,
    SpeakRequest,
    SpeechServiceStub,
    TranscriptSource,
)
from voice.speech.v1 import Expectation as ExpectationProto
from voice.speech.v1 import Line as LineProto
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import ProviderDown
from voicekit.rpc import ChannelPool
from voicekit.telemetry import trace_headers

SERVICE: Final = "voice.speech.v1.SpeechService"
RETRYABLE: Final = ("Prepare",)
WAITING: Final = 3000 * BYTES_PER_MS
"""Bytes of sound that may wait for the network; the oldest are told as silence."""
LARGEST: Final = 32_000
_KINDS: Final = {Answer.SHORT: AnswerKind.ANSWER_KIND_SHORT, Answer.OPEN: AnswerKind.ANSWER_KIND_OPEN}


class GrpcListening:
    """One `Listen` stream."""

    def __init__(self, call_id: str, expectation: Expectation) -> None:
        config = ListenConfig(call_id=call_id, expectation=_expectation(expectation))
        self._steps: deque[ListenRequest] = deque([ListenRequest(config=config)])
        self._waiting = 0  # bytes of live sound among them
        self._more = asyncio.Event()
        self._more.set()
        self._ended = False
        self._responses: AsyncIterator[ListenResponse]

    def replay(self, pcm: bytes) -> None:
        """Send sound of before; see the port."""
        for at in range(0, len(pcm), LARGEST):
            self._add(ListenRequest(audio=pcm[at : at + LARGEST]))

    def audio(self, pcm: bytes) -> None:
        """Send sound; see the port."""
        self._waiting += len(pcm)
        self._add(ListenRequest(audio=pcm))
        if self._waiting > WAITING:
            self._silence_oldest()

    def expect(self, expectation: Expectation) -> None:
        """Tell what is awaited."""
        self._add(ListenRequest(expectation=_expectation(expectation)))

    def bot_speaks(self, speaking: bool) -> None:
        """Tell whether our side is heard."""
        self._add(ListenRequest(bot_speech=BotSpeech(speaking=speaking)))

    def finish(self) -> None:
        """Say that nothing follows."""
        self._add(ListenRequest(finished=ListenFinished()))
        self._ended = True

    def hang_up(self) -> None:
        """Let `requests` end, which gRPC would otherwise leave waiting for ever after a cancel."""
        self._steps.clear()
        self._ended = True
        self._more.set()

    async def events(self) -> AsyncIterator[Hearing]:
        """Yield what is heard; see the port."""
        with in_our_words():
            async for response in self._responses:
                if response.HasField("finished"):
                    return
                if event := _hearing(response):
                    yield event
        raise ProviderDown("the stream to speech ended without a word")

    async def requests(self) -> AsyncIterator[ListenRequest]:
        """Yield what is to be sent, in order; grpc reads this, no faster than the network takes it in."""
        while True:
            await self._more.wait()
            while self._steps:
                step = self._steps.popleft()
                self._waiting = max(0, self._waiting - len(step.audio))
                yield step
            if self._ended:
                return
            self._more.clear()

    def read_from(self, responses: AsyncIterator[ListenResponse]) -> None:
        """Read what is heard from `responses`."""
        self._responses = responses

    def _add(self, step: ListenRequest) -> None:
        if not self._ended:
            self._steps.append(step)
            self._more.set()

    def _silence_oldest(self) -> None:
        """Replace the oldest sound that waits by the news that it was there: positions stay true."""
        for at, step in enumerate(self._steps):
            if step.audio:
                self._waiting -= len(step.audio)
                silence = ListenRequest()
                silence.silence.FromTimedelta(timedelta(milliseconds=len(step.audio) / BYTES_PER_MS))
                self._steps[at] = silence
                return


class GrpcSpeech:
    """Speaks to the speech service."""

    def __init__(self, channels: ChannelPool, *, longest_call: float) -> None:
        """Prepare; no stream outlives `longest_call` seconds."""
        self._channels, self._longest_call = channels, longest_call

    @asynccontextmanager
    async def listen(self, call_id: str, expectation: Expectation) -> AsyncIterator[GrpcListening]:
        """Open a stream; see the port."""
        listening = GrpcListening(call_id, expectation)
        stub = SpeechServiceStub(self._channels.next())
        call = stub.Listen(listening.requests(), timeout=self._longest_call, metadata=trace_headers())
        listening.read_from(aiter(call))
        try:
            yield listening
        finally:
            call.cancel()
            listening.hang_up()

    @asynccontextmanager
    async def speak(
        self, call_id: str, language: str, lines: Sequence[Line]
    ) -> AsyncIterator[AsyncIterator[tuple[int, bytes]]]:
        """Speak lines; see the port."""
        request = SpeakRequest(call_id=call_id, language=language, lines=_lines(lines))
        stub = SpeechServiceStub(self._channels.next())
        call = stub.Speak(request, timeout=self._longest_call, metadata=trace_headers())

        async def audio() -> AsyncIterator[tuple[int, bytes]]:
            with in_our_words():
                async for response in call:
                    if response.HasField("finished"):
                        return
                    yield response.audio.line, response.audio.pcm
            raise ProviderDown("an utterance ended without a word")

        try:
            yield audio()
        finally:
            call.cancel()

    async def prepare(self, call_id: str, language: str, lines: Sequence[Line], within: float) -> bool:
        """Render lines; see the port."""
        request = PrepareRequest(call_id=call_id, language=language, lines=_lines(lines))
        with in_our_words():
            response = await SpeechServiceStub(self._channels.next()).Prepare(request, timeout=within)
        return all(line.ready for line in response.lines)


def _lines(lines: Sequence[Line]) -> list[LineProto]:
    return [LineProto(text=line.text, personal=line.personal) for line in lines]


def _expectation(expectation: Expectation) -> ExpectationProto:
    return ExpectationProto(answer=_KINDS[expectation.answer], language=expectation.language)


def _hearing(response: ListenResponse) -> Hearing | None:
    """Return what was heard; None for partial words, of which no use is made."""
    match response.WhichOneof("event"):
        case "speech_started":
            return SpeechStarted(response.speech_started.utterance)
        case "barge_in":
            return BargedIn(response.barge_in.utterance)
        case "speech_ended":
            ended = response.speech_ended
            return SpeechEnded(ended.utterance, ended.started_ms, ended.ended_ms)
        case "transcript":
            words = response.transcript
            return Transcribed(
                words.utterance,
                words.text,
                words.language,
                words.language_confidence,
                words.started_ms,
                words.ended_ms,
                lost=words.source == TranscriptSource.TRANSCRIPT_SOURCE_NONE,
            )
    return None
