"""One `Listen` stream: the hearing of many calls, whose steps come together and whose events leave together.

What goes wrong with a call ends that call alone; a client that is lost ends all of its calls.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator
from typing import Final

import structlog
from grpc import StatusCode

from services.speech import events
from services.speech.hearing import Ears
from services.speech.wire import bind_call, to_call_event, to_expectation, to_step
from voice.speech.v1 import CallEvent, CallStep, ListenConfig, ListenFailed, ListenRequest, ListenResponse
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import InvalidInput, Overloaded, WrongState
from voicekit.interceptors import code_of, to_voice_error
from voicekit.logs import trace_of
from voicekit.telemetry import follow_trace

log = structlog.get_logger(__name__)

_BEHIND: Final = 60_000 * BYTES_PER_MS
"""Bytes of a call that may wait to be heard: twice what a client sends again after a loss. A line is heard a few
hundred times faster than it is spoken, so that more waits only where something is wrong."""


class _Line:
    """What has come of one call and is not heard yet."""

    def __init__(self) -> None:
        self._steps: asyncio.Queue[events.Step | None] = asyncio.Queue()
        self._waiting = 0  # bytes of sound
        self.finished = False
        self.hearing: asyncio.Task[None] | None = None

    def add(self, step: events.Step) -> None:
        """Add a step; raises `Overloaded` when too many wait already."""
        if self.finished:
            raise InvalidInput("nothing follows `finished`", "step")
        if isinstance(step, events.Sound):
            self._waiting += len(step.pcm)
            if self._waiting > _BEHIND:
                raise Overloaded("more sound comes than is heard")
        self._steps.put_nowait(step)

    def finish(self) -> None:
        """Say that nothing follows."""
        self.finished = True
        self._steps.put_nowait(None)

    async def steps(self) -> AsyncIterator[events.Step]:
        """Return what comes, up to the end."""
        while (step := await self._steps.get()) is not None:
            if isinstance(step, events.Sound):
                self._waiting -= len(step.pcm)
            yield step


class Listening:
    """Serves one stream."""

    def __init__(self, ears: Ears, *, draining: bool) -> None:
        self._ears, self._draining = ears, draining
        self._lines: dict[int, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        """All that hear a call, also those of calls that are given up and are just ending."""
        self._last = 0
        """Number of the newest call: one that is not higher and has no line is over."""
        self._events: list[CallEvent] = []
        self._news = asyncio.Event()
        if draining:
            self._news.set()

    def drain(self) -> None:
        """Ask the client to begin no more calls here."""
        self._draining = True
        self._news.set()

    async def serve(self, requests: AsyncIterable[ListenRequest]) -> AsyncGenerator[ListenResponse, None]:
        """Hear the calls of `requests`; ends when the client has ended and all calls are over."""
        reading = asyncio.create_task(self._read(requests), name="read the stream")
        reading.add_done_callback(lambda _: self._news.set())
        told_draining = False
        try:
            while self._events or self._lines or not reading.done():
                await self._news.wait()
                self._news.clear()
                if self._events or self._draining > told_draining:
                    told, self._events, told_draining = self._events, [], self._draining
                    yield ListenResponse(events=told, draining=told_draining)
            await reading
        finally:
            tasks = [reading, *self._tasks]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, requests: AsyncIterable[ListenRequest]) -> None:
        async for request in requests:
            for step in request.steps:
                try:
                    self._take(step)
                except (InvalidInput, Overloaded) as error:
                    self._fail(step.call, error)
        for number, line in list(self._lines.items()):
            if not line.finished:
                self._fail(number, WrongState("the stream ended without `finished`"))

    def _take(self, step: CallStep) -> None:
        kind, line = step.WhichOneof("step"), self._lines.get(step.call)
        if kind == "abandoned":
            self._forget(step.call)
        elif line is None:
            if step.call > self._last:  # others were on their way when their call ended
                self._begin(step)
        elif kind == "finished":
            line.finish()
        else:
            line.add(to_step(step))

    def _begin(self, step: CallStep) -> None:
        self._last = step.call
        if step.WhichOneof("step") != "config":
            raise InvalidInput("the first step must be config", "step")
        first = to_expectation(step.config.expectation)
        line = self._lines[step.call] = _Line()
        line.hearing = asyncio.create_task(self._hear(step.call, line, step.config, first), name="hear a call")
        self._tasks.add(line.hearing)
        line.hearing.add_done_callback(self._tasks.discard)

    async def _hear(self, number: int, line: _Line, config: ListenConfig, first: events.Expectation) -> None:
        """Hear one call. A task of its own: what is bound to it is the call's alone."""
        try:
            bind_call(config.call_id)
            follow_trace(config.trace)
            async with self._ears.listen(line.steps(), first) as heard:
                async for event in heard:
                    self._tell(to_call_event(number, event))
            self._forget(number)
        except (Exception, BaseExceptionGroup) as error:
            self._fail(number, error)

    def _fail(self, number: int, error: BaseException) -> None:
        code, reason = code_of(error), str(to_voice_error(error))
        if code is StatusCode.INTERNAL:
            reason = "a mistake of ours; the log tells more"
            log.error("Hearing failed through a mistake of ours.", error=type(error).__name__, trace=trace_of(error))
        self._tell(CallEvent(call=number, failed=ListenFailed(code=code.value[0], reason=reason)))
        self._forget(number)

    def _tell(self, event: CallEvent) -> None:
        self._events.append(event)
        self._news.set()

    def _forget(self, number: int) -> None:
        line = self._lines.pop(number, None)
        if line and line.hearing and line.hearing is not asyncio.current_task():
            line.hearing.cancel()
        self._news.set()
