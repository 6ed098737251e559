"""Speaks lines: from what is rendered already where it can, else as it is made.

A line is looked for among recorded prompts, in this process, in Redis, and only then asked of a provider, once,
however many wait for it. When the first way fails in the middle of a line, the second one renders it, and goes on
from what was said. A line that nobody listens to any more is not made to its end.

Keys are hashes of text, language and voice: no text is in Redis but as sound, and who asks for a line's sound has
its text already.
"""

import asyncio
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog

from services.speech.ports import AudioStore, Limit, Synthesiser
from services.speech.rendering import Rendering, Screen, after_what_was_said
from services.speech.stores import MemoryStore
from voicekit.audio import duration_ms
from voicekit.errors import ProviderDown, VoiceError
from voicekit.telemetry import meter, note_span, seconds

log = structlog.get_logger(__name__)
tts_log = structlog.get_logger("tts")
"""Its lines have the names by which operators of the earlier system look for them."""

_first_audio = seconds("speech_first_audio_seconds", "From asking a provider for a line to its first audio.")
_lines = meter().create_counter("speech_lines_total", description="Lines asked for, by where they came from.")


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence to be spoken."""

    text: str
    personal: bool = False
    """It holds a borrower's data."""


@dataclass(frozen=True, slots=True)
class SpeakingRules:
    """The figures of speaking."""

    first_piece_within_s: float = 1.5
    next_piece_within_s: float = 1.5
    whole_within_s: float = 4.5
    """The second way's time for a whole line."""
    live_wait_s: float = 1.0
    """How long a line that is wanted now may wait for the provider's limit."""
    static_life_s: float = 7 * 86400.0
    personal_life_s: float = 1800.0
    personal_life_here_s: float = 300.0
    """In this process; about a call's length."""


_AT_ONCE: Final = 3
"""Lines of one request that are prepared at a time."""

Recorded = Callable[[str, str], bytes | None]
"""Returns the recording of a text in a language, if there is one."""


class Speaking:
    """The voice of all calls of this process."""

    def __init__(
        self,
        ways: Sequence[Synthesiser],
        limit: Limit,
        shared: AudioStore,
        *,
        voice_name: Callable[[str], str],
        memory: MemoryStore,
        live_limit: Limit | None = None,
        recorded: Recorded = lambda _text, _language: None,
        rules: SpeakingRules | None = None,
    ) -> None:
        """Speak with the first of `ways`, and with the next where that fails.

        Args:
            ways: providers of the same voice.
            limit: of requests to them; `live_limit` that of lines which are wanted now, the same when None.
            shared: what all processes have rendered.
            voice_name: names the voice that speaks a language; part of what a rendition is known by.
            memory: what this process has at hand.
            recorded: lines that a person has spoken, which go before all else.
            rules: times.
        """
        self._ways, self._limit, self._shared, self._voice_name = ways, limit, shared, voice_name
        self._live_limit = live_limit or limit
        self._memory, self._recorded, self._rules = memory, recorded, rules or SpeakingRules()
        self._under_way: dict[str, tuple[Rendering, asyncio.Task[None]]] = {}

    async def ready(self, line: Line, language: str) -> bytes | None:
        """Return a line's audio, whole frames of it, if nobody needs to be asked for it."""
        if recording := self._recorded(line.text, language):
            return recording
        key = self._key(line, language)
        if found := self._memory.get(key):
            return found
        if key not in self._under_way and (found := await self._shared.get(key)):
            self._memory.put(key, found, life_s=self._life_here_s(line))
            return found
        return None

    async def render(self, line: Line, language: str, *, wait_s: float | None = None) -> AsyncGenerator[bytes, None]:
        """Return a line's audio as it is made; in all it is whole frames.

        Args:
            line: what to say.
            language: one of ours.
            wait_s: how long it may wait for the provider's limit; None for as long as somebody can who waits now.

        Raises `QueueFull` when it would wait longer, `ProviderDown` when no way works; audio may have come before.
        """
        key = self._key(line, language)
        if key not in self._under_way:
            rendering = Rendering()
            patience = self._rules.live_wait_s if wait_s is None else wait_s
            task = asyncio.create_task(self._make(rendering, key, line, language, patience), name="render a line")
            self._under_way[key] = rendering, task
            task.add_done_callback(lambda done: self._forget(key, done))
        rendering, task = self._under_way[key]
        rendering.listeners += 1
        if wait_s is None:
            rendering.wanted_now.set()
        try:
            async with aclosing(rendering.listen()) as pieces:
                # Who joins a rendering that waits for a later place does not wait as long.
                while (piece := await _next(pieces, self._longest_wait_s if wait_s is None else None)) is not None:
                    yield piece
        finally:
            rendering.listeners -= 1
            if not rendering.listeners and not rendering.over:
                self._forget(key, task)
                task.cancel()
                await asyncio.wait([task])

    def _forget(self, key: str, task: asyncio.Task[None]) -> None:
        if key in self._under_way and self._under_way[key][1] is task:
            del self._under_way[key]

    @property
    def _longest_wait_s(self) -> float:
        rules = self._rules
        return rules.live_wait_s + rules.first_piece_within_s + rules.whole_within_s + 0.5

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = [task for _, task in self._under_way.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def prepare(self, lines: Sequence[Line], language: str, *, within_s: float) -> list[int | None]:
        """Render lines, a few at a time, in their order.

        Returns:
            For each line how many milliseconds it plays; None for those that are not ready within `within_s`.
        """
        results: list[int | None] = [None] * len(lines)
        until = asyncio.get_running_loop().time() + within_s
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one(at: int, line: Line) -> None:
            async with turns:
                results[at] = await self._prepare(line, language, until)

        tasks = [asyncio.create_task(one(at, line)) for at, line in enumerate(lines)]
        try:
            await asyncio.wait(tasks, timeout=within_s)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in tasks:
            if not task.cancelled() and (error := task.exception()):
                raise error
        return results

    async def _prepare(self, line: Line, language: str, until: float) -> int | None:
        if found := await self.ready(line, language):
            return duration_ms(found)
        left = until - asyncio.get_running_loop().time()
        length = 0
        try:
            async with aclosing(self.render(line, language, wait_s=max(0.0, left))) as pieces:
                async for piece in pieces:
                    length += len(piece)
        except VoiceError as error:
            log.warning("A line could not be prepared.", error=str(error))
            return None
        return duration_ms(bytes(length))

    async def _make(self, rendering: Rendering, key: str, line: Line, language: str, wait_s: float) -> None:
        """Make a line's audio; its failure is the listeners' to hear."""
        began = asyncio.get_running_loop().time()
        try:
            await self._wait_for_place(rendering, wait_s)
            try:
                await self._make_first(rendering, line, language)
            except ProviderDown as error:
                log.warning("A line broke off; it is made another way.", error=str(error), said=rendering.length)
                await self._make_again(rendering, line, language)
            pcm = rendering.finish()
        except VoiceError as error:
            rendering.fail(error)
            return
        except Exception as error:
            rendering.fail(error)
            raise
        length, plays_ms = len(line.text), duration_ms(pcm)
        tts_log.info("TTS_SYNTHESIS_SUCCESS", text_length=length, language=language, duration_ms=plays_ms)
        took_s = asyncio.get_running_loop().time() - began
        note_span("speech.synthesis", took_s, text_length=length, language=language, duration_ms=plays_ms)
        self._memory.put(key, pcm, life_s=self._life_here_s(line))
        life_s = self._rules.personal_life_s if line.personal else self._rules.static_life_s
        await self._shared.put(key, pcm, life_s=life_s)

    async def _wait_for_place(self, rendering: Rendering, wait_s: float) -> None:
        """Wait for the provider's limit: a line that is prepared as long as it may, or until it is wanted now."""
        if not rendering.wanted_now.is_set():
            place = asyncio.ensure_future(self._limit.take(within_s=wait_s))
            wanted = asyncio.ensure_future(rendering.wanted_now.wait())
            try:
                await asyncio.wait([place, wanted], return_when=asyncio.FIRST_COMPLETED)
                if place.done():
                    return place.result()
            finally:
                wanted.cancel()
                place.cancel()
        return await self._live_limit.take(within_s=self._rules.live_wait_s)

    async def _make_first(self, rendering: Rendering, line: Line, language: str) -> None:
        loop = asyncio.get_running_loop()
        asked_at, screen = loop.time(), Screen(line.text)
        within_s = self._rules.first_piece_within_s
        async with aclosing(self._ways[0].synthesise(line.text, language)) as pieces:
            while (piece := await _next(pieces, within_s)) is not None:
                if (sound := screen.feed(piece)) and not rendering.length:
                    _first_audio.record(loop.time() - asked_at)
                    within_s = self._rules.next_piece_within_s
                rendering.add(sound)
        screen.check()
        _lines.add(1, {"from": "provider"})

    async def _make_again(self, rendering: Rendering, line: Line, language: str) -> None:
        """Make the whole line the last way there is, and go on with it where the first way broke off."""
        limit = self._live_limit if rendering.wanted_now.is_set() else self._limit
        await limit.take(within_s=self._rules.live_wait_s)
        screen, whole = Screen(line.text), bytearray()
        try:
            async with (
                asyncio.timeout(self._rules.whole_within_s),
                aclosing(self._ways[-1].synthesise(line.text, language)) as pieces,
            ):
                async for piece in pieces:
                    whole += screen.feed(piece)
        except TimeoutError:
            raise ProviderDown("the second way of speaking is too slow") from None
        screen.check()
        rendering.add(after_what_was_said(bytes(whole), rendering.length) if rendering.length else bytes(whole))
        _lines.add(1, {"from": "second way"})

    def _life_here_s(self, line: Line) -> float:
        return self._rules.personal_life_here_s if line.personal else self._rules.static_life_s

    def _key(self, line: Line, language: str) -> str:
        known_by = json.dumps([line.text, language, self._voice_name(language)], ensure_ascii=False)
        return hashlib.sha256(known_by.encode()).hexdigest()


async def _next(pieces: AsyncGenerator[bytes, None], within_s: float | None) -> bytes | None:
    """Return the next piece; None after the last; `ProviderDown` when it does not come within `within_s`."""
    try:
        async with asyncio.timeout(within_s):
            return await anext(pieces, None)
    except TimeoutError:
        raise ProviderDown("no audio came in time") from None
