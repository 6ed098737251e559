"""Speech over gRPC."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from services.speech.hearing import Ears
from services.speech.listening import Listening
from services.speech.speaking import Speaking
from services.speech.wire import bind_call, to_audio, to_duration, to_lines, to_prepared
from voice.speech.v1 import (
    ListenRequest,
    ListenResponse,
    PrepareRequest,
    PrepareResponse,
    SpeakFinished,
    SpeakRequest,
    SpeakResponse,
    SpeechServiceServicer,
)
from voicekit.languages import check_language

Context = Any
"""grpc.aio's; generated stubs type it as one that no program can make."""

_PREPARE_S: Final = 20.0


class SpeechServicer(SpeechServiceServicer):
    """Speaks protobuf; whatever it knows of speech, it asks the ears and the voice."""

    def __init__(self, ears: Ears, speaking: Speaking) -> None:
        self._ears, self._speaking = ears, speaking
        self._listening: set[Listening] = set()
        self._draining = False

    def drain(self) -> None:
        """Ask all clients to begin no more calls on their streams."""
        self._draining = True
        for listening in self._listening:
            listening.drain()

    async def Listen(
        self, request_iterator: AsyncIterator[ListenRequest], context: Context
    ) -> AsyncIterator[ListenResponse]:
        """Hear calls; see the contract."""
        listening = Listening(self._ears, draining=self._draining)
        self._listening.add(listening)
        try:
            async with aclosing(listening.serve(request_iterator)) as responses:
                async for response in responses:
                    yield response
        finally:
            self._listening.discard(listening)

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
        return PrepareResponse(lines=[to_prepared(ms) for ms in results])
