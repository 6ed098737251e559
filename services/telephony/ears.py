"""How a call hears: a stream to speech, opened again elsewhere when it is lost."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from services.telephony.model import Expectation, Hearing, SpeechEnded, SpeechStarted, Transcribed
from services.telephony.packing import STEADY_MS, Packing
from services.telephony.ports import Listening, Speech
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

KEEP_QUIET: Final = 1000 * BYTES_PER_MS
"""Bytes kept while nobody speaks, so that a word's beginning is replayed too."""
KEEP_SPEECH: Final = 30_000 * BYTES_PER_MS
"""Bytes kept of what was said since the last transcript, and of all that comes while there is no stream."""
PAUSES: Final = (0.0, 0.1, 0.25, 0.5, *(1.0,) * 11)
"""Seconds before each new stream, as long as a process needs to come up; when all have failed, the call is deaf."""
LIVED: Final = 2.0
"""Seconds after which a stream is taken to have worked."""
_PER_STREAM: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class EarsReopened:
    """Hearing goes on with a new stream: utterances begun before are told anew."""


@dataclass(frozen=True, slots=True)
class EarsLost:
    """Nothing will be heard any more."""


EarsEvent = Hearing | EarsReopened | EarsLost


class Ears:
    """Hears one call. Utterances and positions are those of the call, whichever stream they come from."""

    def __init__(self, speech: Speech, call_id: str, put: Callable[[EarsEvent], Awaitable[None]]) -> None:
        self._speech, self._call_id, self._put = speech, call_id, put
        self._stream: Listening | None = None
        self._streams = 0
        self._base_ms = 0  # position of the stream's beginning in the call
        self._expectation = Expectation()
        self._bot_speaks = False
        self._packing = Packing()
        self._batch = bytearray()
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0
        self._fed_bytes = 0  # all that was batched
        self._open: set[int] = set()  # utterances whose transcript is still to come
        self._finished = False

    @property
    def position_ms(self) -> int:
        """How much of the line has come in."""
        return (self._fed_bytes + len(self._batch)) // BYTES_PER_MS

    def feed(self, pcm: bytes) -> None:
        """Hear `pcm`, which follows what came before."""
        self._batch += pcm
        wait_ms = self._packing.wait_ms(pcm, utterance=bool(self._open))
        if len(self._batch) >= wait_ms * BYTES_PER_MS:
            self._send(soon=wait_ms < STEADY_MS)

    def _send(self, *, soon: bool = True) -> None:
        """Send what waits: it came before whatever is told next."""
        if not self._batch:
            return
        piece = bytes(self._batch)
        self._batch.clear()
        self._keep(piece)
        if self._stream:
            self._stream.audio(piece, soon=soon)

    def expect(self, expectation: Expectation) -> None:
        """Tell what is awaited from now on."""
        if expectation == self._expectation:
            return
        self._expectation = expectation
        if self._stream:
            self._send()
            self._stream.expect(expectation)

    def bot_speaks(self, speaking: bool) -> None:
        """Tell whether our side is heard from now on."""
        self._bot_speaks = speaking
        if self._stream:
            self._send()
            self._stream.bot_speaks(speaking)

    def finish(self) -> None:
        """Hear nothing more; `run` returns when speech has ended the stream."""
        self._finished = True
        if self._stream:
            self._send()
            self._stream.finish()

    async def run(self) -> None:
        """Hear until `finish`, over as many streams as it takes."""
        failures = 0
        while not self._finished:
            began = asyncio.get_running_loop().time()
            try:
                await self._hear()
            except VoiceError:
                log.warning("The stream to speech was lost.", call_id=self._call_id)
            finally:
                self._stream = None
            if self._finished:
                return
            failures = 1 if asyncio.get_running_loop().time() - began > LIVED else failures + 1
            if failures > len(PAUSES):
                await self._put(EarsLost())
                return
            await self._put(EarsReopened())
            await asyncio.sleep(PAUSES[failures - 1])

    async def _hear(self) -> None:
        async with self._speech.listen(self._call_id, self._expectation) as stream:
            self._resume(stream)
            async for event in stream.events():
                await self._put(self._of_call(event))

    def _resume(self, stream: Listening) -> None:
        self._streams += 1
        self._open.clear()
        self._base_ms = (self._fed_bytes - self._kept_bytes) // BYTES_PER_MS
        stream.replay(b"".join(self._kept))
        if self._bot_speaks:
            stream.bot_speaks(True)
        self._stream = stream

    def _of_call(self, event: Hearing) -> Hearing:
        """Return `event` with the call's numbers, and keep no more sound than a new stream would need."""
        utterance = event.utterance + _PER_STREAM * (self._streams - 1)
        match event:
            case SpeechStarted():
                self._open.add(utterance)
            case SpeechEnded() | Transcribed():
                ended_ms = event.ended_ms + self._base_ms
                if isinstance(event, Transcribed):
                    self._open.discard(utterance)
                    self._forget_before(ended_ms)
                return replace(
                    event, utterance=utterance, started_ms=event.started_ms + self._base_ms, ended_ms=ended_ms
                )
        return replace(event, utterance=utterance)

    def _forget_before(self, position_ms: int) -> None:
        """Let go of what has been understood: a new stream must not hear it twice."""
        while self._kept and (self._fed_bytes - self._kept_bytes + len(self._kept[0])) <= position_ms * BYTES_PER_MS:
            self._kept_bytes -= len(self._kept.popleft())

    def _keep(self, piece: bytes) -> None:
        self._kept.append(piece)
        self._kept_bytes += len(piece)
        self._fed_bytes += len(piece)
        limit = KEEP_SPEECH if self._open or self._stream is None else KEEP_QUIET
        while self._kept_bytes - len(self._kept[0]) >= limit:
            self._kept_bytes -= len(self._kept.popleft())
