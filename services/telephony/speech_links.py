"""Streams to speech that carry many calls each: a message costs the same whether it holds one call's sound or fifty's.

A call tells its steps to its `LinkedCall`, which keeps them in order. Its link collects what all its calls have told
and sends it in one message, a few milliseconds later: soon where a turn hangs on it, else when the next frames come.
"""

import asyncio
import itertools
import math
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

import grpc
import structlog

from services.telephony.grpc_errors import in_our_words
from services.telephony.model import (
    Answer,
    BargedIn,
    Expectation,
    Hearing,
    SpeechEnded,
    SpeechStarted,
    Transcribed,
)
from voice.speech.v1 import (
    AnswerKind,
    BotSpeech,
    CallEvent,
    CallStep,
    ListenAbandoned,
    ListenConfig,
    ListenFinished,
    ListenRequest,
    ListenResponse,
    SpeechServiceStub,
    TranscriptSource,
)
from voice.speech.v1 import Expectation as ExpectationProto
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import ProviderDown, VoiceError
from voicekit.interceptors import from_code
from voicekit.rpc import ChannelPool
from voicekit.telemetry import trace_headers

log = structlog.get_logger(__name__)

WAITING: Final = 3000 * BYTES_PER_MS
"""Bytes of a call's sound that may wait for the network; the oldest are told as silence."""
LARGEST: Final = 32_000
"""Bytes of sound in one step."""
LINKS: Final = 2
"""Links that new calls are spread over, so that not all of them hang on one connection and one pod."""
RENEW_AFTER: Final = 300.0
"""Seconds after which new calls go to a new link, so that pods that were added get their share."""
SOON: Final = 0.004
"""Seconds that a step waits for those of other calls where a turn hangs on it."""
LATER: Final = 0.02
"""Where none does."""
_FEW: Final = 8
"""Up to so many calls steps hardly meet: they wait for those alone that are here already."""
_CALLS_IN_ONE: Final = 60
"""Calls in one message. Each has up to some 60 KB in it, where half a minute is sent again after a loss, and gRPC
takes 4 MB."""
_KINDS: Final = {Answer.SHORT: AnswerKind.ANSWER_KIND_SHORT, Answer.OPEN: AnswerKind.ANSWER_KIND_OPEN}
_CODES: Final = {code.value[0]: code for code in grpc.StatusCode}


class LinkedCall:
    """One call on a link: the answer to the `Listening` port."""

    def __init__(self, number: int, call_id: str, expectation: Expectation, ready: Callable[[float], None]) -> None:
        """Begin a call; `ready` is called with the seconds that what is told may wait."""
        self.number, self._ready = number, ready
        config = ListenConfig(call_id=call_id, expectation=_expectation(expectation), trace=dict(trace_headers()))
        self._steps = deque([CallStep(call=number, config=config)])
        self._waiting = 0  # bytes of live sound among them
        self._takes_steps = True
        self._over = False
        self._events: asyncio.Queue[CallEvent | VoiceError] = asyncio.Queue()

    def replay(self, pcm: bytes) -> None:
        """Send sound of before; see the port."""
        for at in range(0, len(pcm), LARGEST):
            self._add(CallStep(call=self.number, audio=pcm[at : at + LARGEST]))

    def audio(self, pcm: bytes, *, soon: bool) -> None:
        """Send sound; see the port."""
        self._waiting += len(pcm)
        self._add(CallStep(call=self.number, audio=pcm), SOON if soon else LATER)
        if self._waiting > WAITING:
            self._silence_oldest()

    def expect(self, expectation: Expectation) -> None:
        """Tell what is awaited."""
        self._add(CallStep(call=self.number, expectation=_expectation(expectation)))

    def bot_speaks(self, speaking: bool) -> None:
        """Tell whether our side is heard."""
        self._add(CallStep(call=self.number, bot_speech=BotSpeech(speaking=speaking)))

    def finish(self) -> None:
        """Say that nothing follows."""
        self._add(CallStep(call=self.number, finished=ListenFinished()))
        self._takes_steps = False

    async def events(self) -> AsyncIterator[Hearing]:
        """Yield what is heard; see the port."""
        while not self._over or not self._events.empty():
            event = await self._events.get()
            if isinstance(event, VoiceError):
                raise event
            if heard := _hearing(event):
                yield heard

    # What follows is the link's.

    def hear(self, event: CallEvent | VoiceError) -> None:
        """Take in what has come for this call."""
        self._over = self._over or isinstance(event, VoiceError) or event.HasField("finished")
        self._events.put_nowait(event)

    def abandon(self) -> None:
        """Let speech know, unless it is over, that nobody wants to hear more; what has not left stays here."""
        self._steps.clear()
        self._takes_steps = not self._over
        self._add(CallStep(call=self.number, abandoned=ListenAbandoned()))
        self._takes_steps = False

    def take(self) -> list[CallStep]:
        """Return what is to be sent next, with no more sound than one step may have or one step more."""
        taken: list[CallStep] = []
        size = 0
        while self._steps and size < LARGEST:
            taken.append(self._steps.popleft())
            size += len(taken[-1].audio)
        self._waiting = max(0, self._waiting - size)
        return taken

    @property
    def has_more(self) -> bool:
        """True while something is to be sent."""
        return bool(self._steps)

    def _add(self, step: CallStep, within: float = SOON) -> None:
        if self._takes_steps:
            self._steps.append(step)
            self._ready(within)

    def _silence_oldest(self) -> None:
        """Replace the oldest sound that waits by the news that it was there: positions stay true."""
        for at, step in enumerate(self._steps):
            if step.audio:
                self._waiting -= len(step.audio)
                silence = CallStep(call=self.number)
                silence.silence.FromTimedelta(timedelta(milliseconds=len(step.audio) / BYTES_PER_MS))
                self._steps[at] = silence
                return


class Link:
    """One stream."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._loop = asyncio.get_running_loop()
        self.opened_at = self._loop.time()
        self.takes_calls = True
        """False once new calls must go elsewhere."""
        self._numbers = itertools.count(1)
        self._calls: dict[int, LinkedCall] = {}
        self._ready: dict[int, LinkedCall] = {}
        """Those with something to send, in the order in which they told so."""
        self._timer: asyncio.TimerHandle | None = None
        self._due_at = math.inf
        self._due = asyncio.Event()
        self._over = False
        self._stream: Any = SpeechServiceStub(channel).Listen(self._requests())
        self.reading = asyncio.create_task(self._read(), name="read a link")

    @property
    def calls(self) -> int:
        """Number of calls that it carries."""
        return len(self._calls)

    def begin(self, call_id: str, expectation: Expectation) -> LinkedCall:
        """Begin a call on this link."""
        number = next(self._numbers)
        call = self._calls[number] = LinkedCall(number, call_id, expectation, lambda within: self._wait(call, within))
        self._wait(call, SOON)
        return call

    def end(self, call: LinkedCall) -> None:
        """Carry a call no longer."""
        call.abandon()
        self._calls.pop(call.number, None)
        self._end_if_idle()

    def retire(self) -> None:
        """Take no new calls, and end with the last one."""
        self.takes_calls = False
        self._end_if_idle()

    async def close(self) -> None:
        """End at once; the calls are told."""
        self._stream.cancel()
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)

    def _wait(self, call: LinkedCall, within: float) -> None:
        """Have what `call` has told leave within so many seconds."""
        self._ready[call.number] = call
        due = self._loop.time() + (within if len(self._calls) > _FEW else 0.0)
        if due < self._due_at:
            if self._timer:
                self._timer.cancel()
            self._due_at, self._timer = due, self._loop.call_at(due, self._leave)

    def _leave(self) -> None:
        self._due_at, self._timer = math.inf, None
        self._due.set()

    def _end_if_idle(self) -> None:
        if not self._calls and not self.takes_calls:
            self._over = True
            self._due.set()

    async def _requests(self) -> AsyncIterator[ListenRequest]:
        """Yield what is to be sent; grpc reads this, no faster than the network takes it in."""
        while True:
            await self._due.wait()
            self._due.clear()
            while self._ready:
                yield self._message()
            if self._over:
                return

    def _message(self) -> ListenRequest:
        steps: list[CallStep] = []
        for _ in range(_CALLS_IN_ONE):
            if not self._ready:
                break
            number = next(iter(self._ready))
            call = self._ready.pop(number)
            steps += call.take()
            if call.has_more:
                self._ready[number] = call
        return ListenRequest(steps=steps)

    async def _read(self) -> None:
        error: VoiceError = ProviderDown("the stream to speech ended without a word")
        try:
            with in_our_words():
                async for response in self._stream:
                    self._take(response)
        except VoiceError as broken:
            error = broken
        finally:
            # gRPC would otherwise let `_requests` wait for ever.
            self.takes_calls, self._over = False, True
            self._due.set()
            for call in self._calls.values():
                call.hear(error)

    def _take(self, response: ListenResponse) -> None:
        for event in response.events:
            if call := self._calls.get(event.call):
                call.hear(self._failure(event) if event.HasField("failed") else event)
        if response.draining:
            self.retire()

    def _failure(self, event: CallEvent) -> VoiceError:
        log.warning("Speech does not hear a call any more.", reason=event.failed.reason)
        return from_code(_CODES.get(event.failed.code, grpc.StatusCode.UNKNOWN))


class Links:
    """The links of a process."""

    def __init__(self, channels: ChannelPool) -> None:
        """Prepare; links are opened as calls need them."""
        self._channels = channels
        self._links: deque[Link] = deque()
        self._open: set[Link] = set()

    @property
    def calls(self) -> int:
        """Number of calls that are carried."""
        return sum(link.calls for link in self._open)

    @contextmanager
    def call(self, call_id: str, expectation: Expectation) -> Iterator[LinkedCall]:
        """Carry one call for as long as the block lasts."""
        link = self._next()
        call = link.begin(call_id, expectation)
        try:
            yield call
        finally:
            link.end(call)

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(link.close() for link in self._open))

    def _next(self) -> Link:
        """Return the link whose turn it is, a new one where the old one should take no calls."""
        if len(self._links) < LINKS:
            link = self._opened()
        else:
            link = self._links.popleft()
            if not link.takes_calls or asyncio.get_running_loop().time() - link.opened_at > RENEW_AFTER:
                link.retire()
                link = self._opened()
        self._links.append(link)
        return link

    def _opened(self) -> Link:
        link = Link(self._channels.next())
        self._open.add(link)
        link.reading.add_done_callback(lambda _: self._open.discard(link))
        return link


def _expectation(expectation: Expectation) -> ExpectationProto:
    return ExpectationProto(answer=_KINDS[expectation.answer], language=expectation.language)


def _hearing(event: CallEvent) -> Hearing | None:
    """Return what was heard; None for partial words, of which no use is made."""
    match event.WhichOneof("event"):
        case "speech_started":
            return SpeechStarted(event.speech_started.utterance)
        case "barge_in":
            return BargedIn(event.barge_in.utterance)
        case "speech_ended":
            ended = event.speech_ended
            return SpeechEnded(ended.utterance, ended.started_ms, ended.ended_ms)
        case "transcript":
            words = event.transcript
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
