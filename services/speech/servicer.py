"""Speech over gRPC: protobuf in, protobuf out."""

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration

from services.speech import events
from services.speech.hearing import Ears
from services.speech.ports import Source
from services.speech.speaking import Line, Speaking
from services.speech.turns import Answer
from voice.speech.v1 import (
    ANSWER_KIND_SHORT,
    TRANSCRIPT_SOURCE_NONE,
    TRANSCRIPT_SOURCE_PARTIAL,
    TRANSCRIPT_SOURCE_REALTIME,
    TRANSCRIPT_SOURCE_REQUEST,
    TRANSCRIPT_SOURCE_STREAMING,
    BargeIn,
    Expectation,
    ListenRequest,
    ListenResponse,
    ListenSummary,
    PartialTranscript,
    PreparedLine,
    PrepareRequest,
    PrepareResponse,
    SpeakAudio,
    SpeakFinished,
    SpeakRequest,
    SpeakResponse,
    SpeechEnded,
    SpeechServiceServicer,
    SpeechStarted,
    Transcript,
)
from voice.speech.v1 import Line as LineMessage
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import InvalidInput, WrongState
from voicekit.languages import check_language
from voicekit.logs import bind

Context = Any
"""grpc.aio's; generated stubs type it as one that no program can make."""

MOST_BYTES: Final = 32_000
_LONGEST_SILENCE_MS: Final = 600_000
_LONGEST_LINE: Final = 500
_PREPARE_S: Final = 20.0
_SOURCES: Final = {
    Source.REALTIME: TRANSCRIPT_SOURCE_REALTIME,
    Source.STREAMING: TRANSCRIPT_SOURCE_STREAMING,
    Source.REQUEST: TRANSCRIPT_SOURCE_REQUEST,
    Source.PARTIAL: TRANSCRIPT_SOURCE_PARTIAL,
    Source.NONE: TRANSCRIPT_SOURCE_NONE,
}


class SpeechServicer(SpeechServiceServicer):
    """Speaks protobuf; whatever it knows of speech, it asks the ears and the voice."""

    def __init__(self, ears: Ears, speaking: Speaking) -> None:
        self._ears, self._speaking = ears, speaking

    async def Listen(
        self, request_iterator: AsyncIterator[ListenRequest], context: Context
    ) -> AsyncIterator[ListenResponse]:
        """Hear a call; see the contract."""
        first = await anext(request_iterator, None)
        if first is None:
            return
        if first.WhichOneof("step") != "config":
            raise InvalidInput("the first step must be config", "step")
        bind_call(first.config.call_id)
        expectation = to_expectation(first.config.expectation)
        async with self._ears.listen(steps(request_iterator), expectation) as heard:
            async for event in heard:
                yield to_response(event)

    async def Speak(self, request: SpeakRequest, context: Context) -> AsyncIterator[SpeakResponse]:
        """Speak an utterance; see the contract."""
        bind_call(request.call_id)
        lines = to_lines(request.lines, most=20)
        language = check_language(request.language)
        played = from_cache = 0
        for at, line in enumerate(lines):
            if found := await self._speaking.ready(line, language):
                from_cache += 1
                played += len(found)
                for response in to_audio(found, at):
                    yield response
                continue
            async with aclosing(self._speaking.render(line, language)) as pieces:
                async for piece in pieces:
                    played += len(piece)
                    for response in to_audio(piece, at):
                        yield response
        yield SpeakResponse(finished=SpeakFinished(duration=to_duration(played), lines_from_cache=from_cache))

    async def Prepare(self, request: PrepareRequest, context: Context) -> PrepareResponse:
        """Render lines ahead; see the contract."""
        bind_call(request.call_id)
        lines = to_lines(request.lines, most=50)
        left = context.time_remaining()
        # A moment before the client's deadline, so that the answer still reaches it.
        within_s = max(0.0, (_PREPARE_S if left is None else left) - 0.1)
        results = await self._speaking.prepare(lines, check_language(request.language), within_s=within_s)
        return PrepareResponse(lines=[_prepared(ms) for ms in results])


async def steps(requests: AsyncIterator[ListenRequest]) -> AsyncIterator[events.Step]:
    """Return the steps from the second on up to `finished`.

    Raises `InvalidInput` for a step that is not allowed, and `WrongState` when the stream ends without `finished`:
    then whoever sent it is gone, and nothing of the call is worth finishing.
    """
    async for request in requests:
        if request.WhichOneof("step") == "finished":
            return
        yield to_step(request)
    raise WrongState("the line ended without `finished`")


def to_step(request: ListenRequest) -> events.Step:
    """Read one step after the first; `InvalidInput` when it is none."""
    match request.WhichOneof("step"):
        case "audio":
            if len(request.audio) % 2 or len(request.audio) > MOST_BYTES:
                raise InvalidInput(f"an even number of bytes up to {MOST_BYTES} is wanted", "audio")
            return events.Sound(request.audio)
        case "silence":
            ms = request.silence.ToMilliseconds()
            if not 0 <= ms <= _LONGEST_SILENCE_MS:
                raise InvalidInput("0 to 600 s are wanted", "silence")
            return events.Silence(ms)
        case "expectation":
            return to_expectation(request.expectation)
        case "bot_speech":
            return events.BotSpeech(request.bot_speech.speaking)
        case step:
            raise InvalidInput(f"{step or 'an empty step'} is not allowed here", "step")


def to_expectation(message: Expectation) -> events.Expectation:
    """Read what is awaited."""
    language = check_language(message.language) if message.language else ""
    return events.Expectation(Answer.SHORT if message.answer == ANSWER_KIND_SHORT else Answer.OPEN, language)


def to_lines(messages: Sequence[LineMessage], *, most: int) -> list[Line]:
    """Read the lines of a request; `InvalidInput` when one is none, or they are too many."""
    if not 1 <= len(messages) <= most:
        raise InvalidInput(f"1 to {most} are wanted", "lines")
    for message in messages:
        if not 1 <= len(message.text) <= _LONGEST_LINE or not message.text.strip():
            raise InvalidInput(f"each needs a text of 1 to {_LONGEST_LINE} characters", "lines")
    return [Line(message.text, message.personal) for message in messages]


def bind_call(call_id: str) -> None:
    """Put the call into every log line that follows; `InvalidInput` when this is no call's id."""
    if len(call_id) > 64:
        raise InvalidInput("at most 64 characters are wanted", "call_id")
    bind(call_id=call_id)


def to_response(event: events.Event) -> ListenResponse:
    """Write one thing heard."""
    match event:
        case events.SpeechStarted(utterance, at_ms):
            return ListenResponse(speech_started=SpeechStarted(utterance=utterance, at_ms=at_ms))
        case events.BargeIn(utterance, at_ms):
            return ListenResponse(barge_in=BargeIn(utterance=utterance, at_ms=at_ms))
        case events.PartialWords(utterance, text):
            return ListenResponse(partial=PartialTranscript(utterance=utterance, text=text))
        case events.SpeechEnded(utterance, started_ms, ended_ms):
            ended = SpeechEnded(utterance=utterance, started_ms=started_ms, ended_ms=ended_ms)
            return ListenResponse(speech_ended=ended)
        case events.Words() as words:
            return ListenResponse(transcript=_transcript(words))
        case events.Summary(line_ms, recognised_ms, utterances):
            summary = ListenSummary(
                line=_milliseconds(line_ms), recognised=_milliseconds(recognised_ms), utterances=utterances
            )
            return ListenResponse(finished=summary)


def _transcript(words: events.Words) -> Transcript:
    return Transcript(
        utterance=words.utterance,
        text=words.text,
        language=words.language,
        language_confidence=words.language_confidence,
        started_ms=words.started_ms,
        ended_ms=words.ended_ms,
        source=_SOURCES[words.source],
    )


def to_audio(pcm: bytes, line: int) -> list[SpeakResponse]:
    """Cut audio into messages of the size that the contract allows."""
    pieces = [pcm[at : at + MOST_BYTES] for at in range(0, len(pcm), MOST_BYTES)]
    return [SpeakResponse(audio=SpeakAudio(pcm=piece, line=line)) for piece in pieces]


def to_duration(pcm_bytes: int) -> Duration:
    """Return how long so many bytes play."""
    return _milliseconds(pcm_bytes // BYTES_PER_MS)


def _milliseconds(ms: int) -> Duration:
    duration = Duration()
    duration.FromMilliseconds(ms)
    return duration


def _prepared(ms: int | None) -> PreparedLine:
    return PreparedLine(ready=False) if ms is None else PreparedLine(ready=True, duration=_milliseconds(ms))
