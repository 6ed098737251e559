"""Speech over gRPC: the answer to the `Speech` port."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.telephony.grpc_errors import in_our_words
from services.telephony.model import Expectation, Line
from services.telephony.speech_links import LinkedCall, Links
from voice.speech.v1 import Line as LineProto
from voice.speech.v1 import PrepareRequest, SpeakRequest, SpeechServiceStub
from voicekit.errors import ProviderDown
from voicekit.rpc import ChannelPool
from voicekit.telemetry import trace_headers

SERVICE: Final = "voice.speech.v1.SpeechService"
RETRYABLE: Final = ("Prepare",)


class GrpcSpeech:
    """Speaks to the speech service."""

    def __init__(self, channels: ChannelPool, *, longest_call: float) -> None:
        """Prepare; nothing is spoken for longer than `longest_call` seconds."""
        self._channels, self._longest_call = channels, longest_call
        self._links = Links(channels)

    @property
    def heard(self) -> int:
        """Number of calls that are heard."""
        return self._links.calls

    async def close(self) -> None:
        """End all streams that hear."""
        await self._links.close()

    @asynccontextmanager
    async def listen(self, call_id: str, expectation: Expectation) -> AsyncIterator[LinkedCall]:
        """Begin to hear a call; see the port."""
        with self._links.call(call_id, expectation) as call:
            yield call

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
