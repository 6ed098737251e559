"""Hears one call: what was said, when, and whether it was an interruption.

The line is heard as it is read, a few hundred times faster than it comes, so there is no queue of audio here that
could grow old: a client that is ahead waits in gRPC's own window, which is half a second, and after a hiccup the
line is caught up with rather than cut, since what would be dropped are words.

Each turn that has ended gets one transcript, in the order of turns, whatever becomes of the recogniser; `answering`
tells how.
"""

import asyncio
import itertools
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final as Constant

import structlog

from services.speech.answering import Answering, AnsweringRules
from services.speech.asking import Asking
from services.speech.dictating import Dictator, Utterance
from services.speech.events import (
    BargeIn,
    BotSpeech,
    Event,
    Expectation,
    PartialWords,
    Silence,
    Sound,
    SpeechEnded,
    SpeechStarted,
    Step,
    Summary,
    Words,
)
from services.speech.ports import Recogniser, Source, UtteranceRecogniser
from services.speech.scoring import Scorer
from services.speech.turns import BargedIn, Ended, Paused, Started, TurnEvent, TurnRules, TurnTaker, WentOn
from services.speech.vad import VoiceModel, Window
from voicekit.audio import BYTES_PER_MS, silence
from voicekit.telemetry import meter, note_span, seconds

log = structlog.get_logger(__name__)

_words_after = seconds("speech_transcript_seconds", "From the pause that may end a turn to its words.")
_turns = meter().create_counter("speech_transcripts_total", description="Transcripts, by the way they came.")


_PRE_ROLL_MS: Constant = 300
"""Audio before the onset that is sent along, so that no first consonant is lost."""
_LONGEST_ONSET: Constant = (1000 + _PRE_ROLL_MS) * BYTES_PER_MS
"""Bytes that may pass between a first sound and the decision that it was speech, with the pre-roll."""
_LINE_STALLS_S: Constant = 2.0
"""A line that brings nothing for so long has ended the turn that was under way."""
_PIECE: Constant = 1000
"""Milliseconds of silence that are looked at in one go."""
_EVENTS_WAITING: Constant = 64
"""Beyond so many, partials are left out: the next one holds them."""


class Ears:
    """Hears calls."""

    def __init__(
        self,
        model: VoiceModel,
        ways: Sequence[Recogniser],
        request: UtteranceRecogniser,
        *,
        rules: AnsweringRules | None = None,
        turn_rules: TurnRules | None = None,
    ) -> None:
        """Hear with `ways`, the best first, and with `request` when they fail."""
        self._scorer, self._ways, self._request = Scorer(model), ways, request
        self._rules, self._turn_rules = rules or AnsweringRules(), turn_rules or TurnRules()

    @asynccontextmanager
    async def listen(self, steps: AsyncIterable[Step], first: Expectation) -> AsyncIterator[AsyncIterator[Event]]:
        """Hear a line to its end, of which a `Summary` tells. Leaving the block ends the hearing and all it began."""
        vad = self._scorer.line()
        hearing = _Hearing(
            partial(self._scorer.hear, vad), TurnTaker(self._turn_rules), self._ways, self._request, self._rules
        )
        task = asyncio.create_task(hearing.run(steps, first), name="hear")
        try:
            yield hearing.events(task)
        finally:
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled():
                task.exception()  # was raised to whoever read the events


class _Hearing:
    """One call's hearing. `run` is its story; the dictator and those who await words are its helpers."""

    def __init__(
        self,
        windows_of: Callable[[bytes], Awaitable[list[Window]]],
        turns: TurnTaker,
        ways: Sequence[Recogniser],
        request: UtteranceRecogniser,
        rules: AnsweringRules,
    ) -> None:
        self._windows_of, self._turns = windows_of, turns
        self._dictator = Dictator(ways, self._on_partial)
        self._answering = Answering(self._dictator, request, rules)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue()
        self._language = ""
        self._recent = bytearray()
        """The last of the line: enough for what was said before it was known to be speech, and the pre-roll."""
        self._asking: Asking | None = None
        """The turn that is under way."""
        self._takes = itertools.count(1)
        self._ended: asyncio.Queue[asyncio.Task[Words]] = asyncio.Queue()
        self._tasks = asyncio.TaskGroup()
        self._utterances = self._recognised = 0

    async def events(self, task: asyncio.Task[None]) -> AsyncIterator[Event]:
        """Return what is heard as it is; raises what `run`, which is `task`, raised."""
        task.add_done_callback(lambda _: self._events.put_nowait(None))
        while (event := await self._events.get()) is not None:
            yield event
        await task

    async def run(self, steps: AsyncIterable[Step], first: Expectation) -> None:
        """Hear the line to its end, and wait for the words of all turns."""
        async with self._tasks as tasks:
            await self._take(first)
            dictating = tasks.create_task(self._dictator.run(), name="dictate")
            answering = tasks.create_task(self._tell_words(), name="tell words")
            await self._hear(steps)
            self._apply(self._turns.finish())
            await self._ended.join()
            answering.cancel()
            dictating.cancel()
        summary = Summary(self._turns.at_ms, self._recognised // BYTES_PER_MS, self._utterances)
        self._events.put_nowait(summary)

    async def _hear(self, steps: AsyncIterable[Step]) -> None:
        loop = asyncio.get_running_loop()
        stall: asyncio.TimerHandle | None = None
        try:
            async for step in steps:
                if stall:
                    stall.cancel()
                await self._take(step)
                stall = loop.call_later(_LINE_STALLS_S, self._on_stall)
        finally:
            if stall:
                stall.cancel()

    def _on_stall(self) -> None:
        if self._turns.speaking:
            log.warning("The line brings nothing in the middle of a turn.")
            self._apply(self._turns.finish())

    async def _take(self, step: Step) -> None:
        match step:
            case Sound(pcm):
                await self._hear_sound(pcm)
            case Silence(ms):
                for begin in range(0, ms, _PIECE):
                    await self._hear_sound(silence(min(_PIECE, ms - begin)))
            case Expectation(answer, language):
                self._turns.expect(answer)
                self._language = self._dictator.language = language
            case BotSpeech(speaking):
                self._turns.bot_speaks(speaking)

    async def _hear_sound(self, pcm: bytes) -> None:
        for window in await self._windows_of(pcm):
            self._keep(window)
            self._apply(self._turns.feed(window.probability, window.level_dbfs))
        if self._asking:
            self._dictator.more()

    def _keep(self, window: Window) -> None:
        if self._asking:
            self._asking.hear(window.pcm)
            return
        self._recent += window.pcm
        if len(self._recent) > 2 * _LONGEST_ONSET:
            del self._recent[:-_LONGEST_ONSET]

    def _apply(self, events: list[TurnEvent]) -> None:
        for event in events:
            match event:
                case Started(at_ms):
                    self._begin(at_ms)
                case BargedIn(at_ms):
                    self._events.put_nowait(BargeIn(self._utterances, at_ms))
                case Paused(at_ms) if self._asking and self._dictator.eager:
                    self._asking.ask(at_ms)
                case WentOn() if self._asking:
                    self._asking.go_on()
                case Ended(started_ms, ended_ms) if self._asking:
                    self._end(self._asking, started_ms, ended_ms)

    def _begin(self, at_ms: int) -> None:
        self._utterances += 1
        said = (self._turns.at_ms - at_ms) * BYTES_PER_MS
        pcm = self._recent[-said - _PRE_ROLL_MS * BYTES_PER_MS :]
        take = Utterance(next(self._takes), self._language, at_ms, pcm, lead=max(0, len(pcm) - said))
        self._recent.clear()
        self._events.put_nowait(SpeechStarted(self._utterances, at_ms))
        self._asking = Asking(
            take, self._takes, self._dictator, self._answering, tasks=self._tasks, on_known=self._on_known
        )

    def _end(self, asking: Asking, started_ms: int, ended_ms: int) -> None:
        self._asking = None
        asking.ask(ended_ms)
        self._recent[:] = asking.sound[-_LONGEST_ONSET:]
        self._recognised += asking.recognised
        self._events.put_nowait(SpeechEnded(self._utterances, started_ms, ended_ms))
        words = self._words(asking, self._utterances, started_ms, ended_ms)
        self._ended.put_nowait(self._tasks.create_task(words, name="await words"))

    def _on_partial(self, take: Utterance) -> None:
        if self._asking is None or not self._asking.is_taking(take):
            return
        text = self._asking.with_partial(take.partial)
        if self._events.qsize() < _EVENTS_WAITING:
            self._events.put_nowait(PartialWords(self._utterances, text))
        self._apply(self._turns.understood(text))

    def _on_known(self, asking: Asking) -> None:
        if asking is self._asking:
            self._apply(self._turns.known(asking.text))

    async def _tell_words(self) -> None:
        """Tell the words of turns in the turns' order."""
        while True:
            task = await self._ended.get()
            self._events.put_nowait(await task)
            self._ended.task_done()

    async def _words(self, asking: Asking, utterance: int, started_ms: int, ended_ms: int) -> Words:
        final, source = await asking.words()
        took_s = asyncio.get_running_loop().time() - asking.ended_at
        _words_after.record(took_s, {"source": source.value})
        note_span("speech.words", took_s, source=source.value, utterance=utterance)
        _turns.add(1, {"source": source.value})
        if source is Source.NONE:
            log.error("No way brought the words of a turn.", utterance=utterance)
        return Words(utterance, final.text, final.language, final.language_confidence, started_ms, ended_ms, source)
