"""Hearing and speaking in protobuf: the messages of the contract, read and written."""

from collections.abc import Sequence
from typing import Final

from google.protobuf.duration_pb2 import Duration

from services.speech import events
from services.speech.ports import Source
from services.speech.speaking import Line
from services.speech.turns import Answer
from voice.speech.v1 import (
    ANSWER_KIND_SHORT,
    TRANSCRIPT_SOURCE_NONE,
    TRANSCRIPT_SOURCE_PARTIAL,
    TRANSCRIPT_SOURCE_REALTIME,
    TRANSCRIPT_SOURCE_REQUEST,
    TRANSCRIPT_SOURCE_STREAMING,
    BargeIn,
    CallEvent,
    CallStep,
    Expectation,
    ListenSummary,
    PartialTranscript,
    PreparedLine,
    SpeakAudio,
    SpeakResponse,
    SpeechEnded,
    SpeechStarted,
    Transcript,
)
from voice.speech.v1 import Line as LineMessage
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import InvalidInput
from voicekit.languages import check_language
from voicekit.logs import bind

MOST_BYTES: Final = 32_000
_LONGEST_SILENCE_MS: Final = 600_000
_LONGEST_LINE: Final = 500
_LONGEST_ID: Final = 64
_SOURCES: Final = {
    Source.REALTIME: TRANSCRIPT_SOURCE_REALTIME,
    Source.STREAMING: TRANSCRIPT_SOURCE_STREAMING,
    Source.REQUEST: TRANSCRIPT_SOURCE_REQUEST,
    Source.PARTIAL: TRANSCRIPT_SOURCE_PARTIAL,
    Source.NONE: TRANSCRIPT_SOURCE_NONE,
}


def bind_call(call_id: str) -> None:
    """Put the call into every log line that follows; `InvalidInput` when this is no call's id."""
    if len(call_id) > _LONGEST_ID:
        raise InvalidInput(f"at most {_LONGEST_ID} characters are wanted", "call_id")
    bind(call_id=call_id)


def to_step(step: CallStep) -> events.Step:
    """Read one step after the first; `InvalidInput` when it is none."""
    match step.WhichOneof("step"):
        case "audio":
            if len(step.audio) % 2 or len(step.audio) > MOST_BYTES:
                raise InvalidInput(f"an even number of bytes up to {MOST_BYTES} is wanted", "audio")
            return events.Sound(step.audio)
        case "silence":
            ms = step.silence.ToMilliseconds()
            if not 0 <= ms <= _LONGEST_SILENCE_MS:
                raise InvalidInput("0 to 600 s are wanted", "silence")
            return events.Silence(ms)
        case "expectation":
            return to_expectation(step.expectation)
        case "bot_speech":
            return events.BotSpeech(step.bot_speech.speaking)
        case kind:
            raise InvalidInput(f"{kind or 'an empty step'} is not allowed here", "step")


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


def to_call_event(call: int, event: events.Event) -> CallEvent:
    """Write one thing heard on the stream's call of this number."""
    match event:
        case events.SpeechStarted(utterance, at_ms):
            return CallEvent(call=call, speech_started=SpeechStarted(utterance=utterance, at_ms=at_ms))
        case events.BargeIn(utterance, at_ms):
            return CallEvent(call=call, barge_in=BargeIn(utterance=utterance, at_ms=at_ms))
        case events.PartialWords(utterance, text):
            return CallEvent(call=call, partial=PartialTranscript(utterance=utterance, text=text))
        case events.SpeechEnded(utterance, started_ms, ended_ms):
            ended = SpeechEnded(utterance=utterance, started_ms=started_ms, ended_ms=ended_ms)
            return CallEvent(call=call, speech_ended=ended)
        case events.Words() as words:
            return CallEvent(call=call, transcript=_transcript(words))
        case events.Summary(line_ms, recognised_ms, utterances):
            summary = ListenSummary(
                line=_milliseconds(line_ms), recognised=_milliseconds(recognised_ms), utterances=utterances
            )
            return CallEvent(call=call, finished=summary)


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


def to_prepared(ms: int | None) -> PreparedLine:
    """Write what became of a line: how long it plays, None when it is not ready."""
    return PreparedLine(ready=False) if ms is None else PreparedLine(ready=True, duration=_milliseconds(ms))
