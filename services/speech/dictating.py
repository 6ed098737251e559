"""Keeps a recogniser listening for the length of a call, whatever becomes of its sessions.

An utterance's audio is kept until its words have come. When a session is lost, another is opened, and what it has
not answered is dictated to it from the beginning. A way that refuses is left for good; one that keeps failing lets
the next one have a try.
"""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final as Constant

import structlog

from services.speech.ports import Dictation, Final, Partial, ProviderRefused, Recogniser, Source
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

_PIECE: Constant = 200 * BYTES_PER_MS
"""At most so much of an utterance goes in one message."""
_FAILURES_BEFORE_NEXT: Constant = 3
_REASON_WITHIN_S: Constant = 0.05
_LONG_SESSION_S: Constant = 5.0
"""A session that lasted so long counts as one that worked."""
_FIRST_PAUSE_S: Constant = 0.2
_LONGEST_PAUSE_S: Constant = 5.0


@dataclass(eq=False)
class Utterance:
    """One utterance, from its first sound until its words have come."""

    number: int
    language: str
    started_ms: int
    pcm: bytearray = field(default_factory=bytearray)
    lead: int = 0
    """Bytes of `pcm` before the speech began."""
    ended_ms: int | None = None
    ended_at: float = 0.0
    """By the loop's clock."""
    sent: int = 0
    """Bytes that the present session has been sent."""
    partial: str = ""
    partial_sent: int = 0
    """Bytes that had been sent when the partial came."""
    words: "asyncio.Future[tuple[Final, Source]]" = field(default_factory=asyncio.Future)

    @property
    def over(self) -> bool:
        """True when no more audio follows."""
        return self.ended_ms is not None

    @property
    def speech_bytes(self) -> int:
        """How much of `pcm` lies before the end of the speech."""
        ended_ms = self.started_ms if self.ended_ms is None else self.ended_ms
        return self.lead + (ended_ms - self.started_ms) * BYTES_PER_MS


class Dictator:
    """Dictates a call's utterances."""

    def __init__(self, ways: Sequence[Recogniser], on_partial: Callable[[Utterance], None]) -> None:
        self._ways = deque(ways)
        self._on_partial = on_partial
        self._waiting: dict[int, Utterance] = {}
        self._news = asyncio.Event()
        self._restart = asyncio.Event()
        self.language = ""
        """The language that the next session should begin with."""
        self.lost = asyncio.Event()
        """Set while there is no session; not yet while the first one is being opened."""

    @property
    def eager(self) -> bool:
        """True when words may be asked for in case they are wanted: a session is there that tells takes apart."""
        return bool(self._ways) and self._ways[0].eager and not self.lost.is_set()

    @property
    def deaf(self) -> bool:
        """True when every way has refused."""
        return not self._ways

    def begin(self, utterance: Utterance) -> None:
        """Dictate this utterance too; `more` tells when audio was added to it, or that it is over."""
        self._waiting[utterance.number] = utterance
        self._news.set()

    def more(self) -> None:
        """Look again at the utterances."""
        self._news.set()

    def forget(self, utterance: Utterance) -> None:
        """Wait no longer for its words."""
        self._waiting.pop(utterance.number, None)
        self._news.set()

    def restart(self) -> None:
        """Open another session: the present one does not answer."""
        self._restart.set()

    async def run(self) -> None:
        """Keep a session open; returns when every way has refused."""
        loop = asyncio.get_running_loop()
        failures = 0
        while self._ways:
            way, tried_at = self._ways[0], loop.time()
            try:
                async with way.open(self._next_language()) as dictation:
                    await self._converse(dictation, way.source)
            except ProviderRefused as error:
                log.warning("A recogniser refuses us; the next way is taken.", way=way.source.value, error=str(error))
                self._ways.popleft()
                failures = 0
                continue
            except ProviderDown as error:
                log.warning("A recogniser was lost.", way=way.source.value, error=str(error))
            finally:
                self.lost.set()
            failures = 1 if loop.time() - tried_at > _LONG_SESSION_S else failures + 1
            if failures % _FAILURES_BEFORE_NEXT == 0:
                self._ways.rotate(-1)
            await asyncio.sleep(_pause_s(failures))

    def _next_language(self) -> str:
        first = next(iter(self._waiting.values()), None)
        return first.language if first else self.language

    async def _converse(self, dictation: Dictation, source: Source) -> None:
        self.lost.clear()
        self._restart.clear()
        await _until_one_ends(self._dictate(dictation), self._listen(dictation, source), self._asked_to_restart())

    async def _asked_to_restart(self) -> None:
        await self._restart.wait()
        raise ProviderDown("the recogniser does not answer")

    async def _dictate(self, dictation: Dictation) -> None:
        last = 0
        while True:
            utterance = next((each for each in self._waiting.values() if each.number > last), None)
            if utterance is None:
                await self._news_comes()
                continue
            last = utterance.number
            utterance.sent = utterance.partial_sent = 0
            await dictation.begin(utterance.number, utterance.language)
            await self._dictate_one(dictation, utterance)
            await dictation.end()

    async def _dictate_one(self, dictation: Dictation, utterance: Utterance) -> None:
        while True:
            piece = bytes(utterance.pcm[utterance.sent : utterance.sent + _PIECE])
            if piece:
                await dictation.audio(piece)
                utterance.sent += len(piece)
            elif utterance.over or utterance.number not in self._waiting:
                return
            else:
                await self._news_comes()

    async def _news_comes(self) -> None:
        await self._news.wait()
        self._news.clear()

    async def _listen(self, dictation: Dictation, source: Source) -> None:
        async for heard in dictation.heard():
            utterance = self._waiting.get(heard.utterance)
            if utterance is None or utterance.words.done():
                continue  # late, or said twice
            if isinstance(heard, Final) and utterance.over:
                utterance.words.set_result((heard, source))
            elif heard.text and isinstance(heard, Partial):
                utterance.partial, utterance.partial_sent = heard.text, utterance.sent
                self._on_partial(utterance)


def _pause_s(failures: int) -> float:
    if failures == 1:
        return 0.0  # somebody may be in the middle of a sentence
    longest = min(_FIRST_PAUSE_S * 2.0 ** (failures - 2), _LONGEST_PAUSE_S)
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 -- spreads reconnects, guards nothing


async def _until_one_ends(*parts: Awaitable[None]) -> None:
    """Run all until one fails, end the others, and fail as it did; a refusal goes before any other reason."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # A socket that closes fails sender and listener, and only the listener knows why.
        done, _ = await asyncio.wait(tasks, timeout=_REASON_WITHIN_S)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in sorted(done, key=lambda task: not isinstance(task.exception(), ProviderRefused)):
        task.result()
