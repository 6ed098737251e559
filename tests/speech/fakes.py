"""Providers of our own making, for the thinking's tests."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from emulators.audio import tone
from services.speech.events import BotSpeech, Event, Expectation, Silence, Sound, Step
from services.speech.ports import Final, Partial, QueueFull, Source
from voicekit.errors import ProviderDown


@dataclass
class FakeDictation:
    """A session; `said` is what it was told, by utterance."""

    owner: "FakeRecogniser"
    language: str
    said: dict[int, bytearray] = field(default_factory=dict)
    ended: list[int] = field(default_factory=list)
    closed: bool = False
    inbox: asyncio.Queue[Partial | Final | ProviderDown] = field(default_factory=asyncio.Queue)
    current: int = 0

    async def begin(self, utterance: int, language: str) -> None:
        self.current, self.language = utterance, language
        self.said[utterance] = bytearray()

    async def audio(self, pcm: bytes) -> None:
        self.said[self.current] += pcm
        self.owner.on_audio(self)

    async def end(self) -> None:
        self.ended.append(self.current)
        self.owner.on_end(self)

    async def heard(self) -> AsyncIterator[Partial | Final]:
        while True:
            item = await self.inbox.get()
            if isinstance(item, ProviderDown):
                raise item
            yield item

    def finish(self, utterance: int, text: str, after_s: float = 0.2) -> None:
        final = Final(utterance, text)
        asyncio.get_running_loop().call_later(after_s, self.inbox.put_nowait, final)

    def die(self, error: ProviderDown | None = None) -> None:
        self.inbox.put_nowait(error or ProviderDown("the session was lost"))


@dataclass
class FakeRecogniser:
    """Answers every utterance with `texts[number]`; what else it does, a test sets."""

    texts: dict[int, str] = field(default_factory=dict)
    source: Source = Source.REALTIME
    eager: bool = True
    sessions: list[FakeDictation] = field(default_factory=list)
    opening: list[ProviderDown | None] = field(default_factory=list)
    """What becomes of the next attempts to open a session; None: they work."""
    opened: int = 0
    on_audio: Callable[[FakeDictation], None] = lambda _: None
    on_end: Callable[[FakeDictation], None] = lambda _: None

    def __post_init__(self) -> None:
        self.on_end = self.answer

    def answer(self, session: FakeDictation) -> None:
        session.finish(session.current, self.texts.get(session.current, f"words {session.current}"))

    @asynccontextmanager
    async def open(self, language: str) -> AsyncIterator[FakeDictation]:
        self.opened += 1
        await asyncio.sleep(0.15)
        if self.opening and (error := self.opening.pop(0)):
            raise error
        session = FakeDictation(self, language)
        self.sessions.append(session)
        try:
            yield session
        finally:
            session.closed = True


@dataclass
class FakeRequest:
    """Hears whole utterances; `outcome` is a text or an error."""

    outcome: str | ProviderDown | QueueFull = "whole words"
    takes_s: float = 0.4
    asked: list[tuple[bytes, str]] = field(default_factory=list)

    async def recognise(self, pcm: bytes, language: str, *, within_s: float) -> Final:
        self.asked.append((pcm, language))
        if within_s < self.takes_s:
            await asyncio.sleep(within_s)
            raise ProviderDown("too late")
        await asyncio.sleep(self.takes_s)
        if isinstance(self.outcome, str):
            return Final(0, self.outcome)
        raise self.outcome


async def in_real_time(*parts: bytes | Step, piece_ms: int = 100) -> AsyncIterator[Step]:
    """A line's steps as a call brings them: audio piece by piece, each when it has been spoken."""
    for part in parts:
        match part:
            case bytes():
                for at in range(0, len(part), piece_ms * 16):
                    piece = part[at : at + piece_ms * 16]
                    await asyncio.sleep(len(piece) / 16000)
                    yield Sound(piece)
            case Silence(ms):
                await asyncio.sleep(ms / 1000)
                yield part
            case Sound() | Expectation() | BotSpeech():
                yield part


E_ = TypeVar("E_", bound=Event)


def of(events: list[Event], kind: type[E_]) -> list[E_]:
    """Those events that are of one kind."""
    return [event for event in events if isinstance(event, kind)]


@dataclass
class FakeSynthesiser:
    """Speaks a tone, 60 ms a character, in pieces; `script` says what else happens, attempt by attempt."""

    piece_bytes: int = 1600
    first_after_s: float = 0.2
    every_s: float = 0.03
    break_after: int | None = None
    """Pieces after which it fails."""
    stall_after: int | None = None
    error: ProviderDown = field(default_factory=lambda: ProviderDown("it broke"))
    asked: list[tuple[str, str]] = field(default_factory=list)
    open: int = 0
    """Requests under way."""
    sound: Callable[[str], bytes] = lambda text: tone(len(text) * 60, 300)

    async def synthesise(self, text: str, language: str) -> AsyncGenerator[bytes, None]:
        self.asked.append((text, language))
        self.open += 1
        try:
            pcm = self.sound(text)
            await asyncio.sleep(self.first_after_s)
            for index, at in enumerate(range(0, len(pcm), self.piece_bytes)):
                if index == self.break_after:
                    raise self.error
                if index == self.stall_after:
                    await asyncio.Event().wait()
                yield pcm[at : at + self.piece_bytes]
                await asyncio.sleep(self.every_s)
        finally:
            self.open -= 1


class NoLimit:
    """Lets every request through, and counts them."""

    def __init__(self) -> None:
        self.taken = 0

    async def take(self, *, within_s: float) -> None:
        self.taken += 1


class DictStore:
    """A shared store that works."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[bytes, float]] = {}

    async def get(self, key: str) -> bytes | None:
        return self.kept[key][0] if key in self.kept else None

    async def put(self, key: str, pcm: bytes, *, life_s: float) -> None:
        self.kept[key] = pcm, life_s


async def until(condition: Callable[[], bool | Awaitable[bool]], *, within_s: float = 5.0) -> None:
    """Wait until something outside this task has come about, which tells nobody when it does."""
    async with asyncio.timeout(within_s):
        for step_s in itertools.repeat(0.005):
            met = condition()
            if await met if isinstance(met, Awaitable) else met:
                return
            await asyncio.sleep(step_s)
