"""What hearing and speaking need from outside.

Audio is 16-bit little-endian mono PCM at 8 kHz. A language is one of our eleven codes; an empty one means
that it is to be found out. What a provider calls it is the adapter's business.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from voicekit.errors import Overloaded, ProviderDown


class ProviderRefused(ProviderDown):
    """The provider will refuse the same request for as long as nobody acts: bad key, used-up quota, withdrawn model.

    It is not tried again; the next way is.
    """


class QueueFull(Overloaded):
    """A shared limit cannot serve this request in time."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"the provider's limit has no room for {wait_s:.1f} s")
        self.wait_s = wait_s
        """Seconds until there would have been room."""


class Source(Enum):
    """The way by which words came."""

    REALTIME = "realtime"
    STREAMING = "streaming"
    REQUEST = "request"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Partial:
    """What a recogniser understands of an utterance so far; replaces the one before."""

    utterance: int
    text: str


@dataclass(frozen=True, slots=True)
class Final:
    """What a recogniser understood of an utterance that has ended."""

    utterance: int
    text: str
    language: str = ""
    """One of ours when the recogniser was asked to find it out and could; empty otherwise."""
    language_confidence: float = 0.0
    """0 to 1; how sure it is of the language, never of the words. 0 when it does not say."""


class Dictation(Protocol):
    """An open session with a recogniser, which hears one utterance after another.

    Every method raises `ProviderDown` when the session is lost, `ProviderRefused` when a new one would be too.
    """

    async def begin(self, utterance: int, language: str) -> None:
        """Begin an utterance; `audio` belongs to it until `end`."""

    async def audio(self, pcm: bytes) -> None:
        """Send what follows of the utterance."""

    async def end(self) -> None:
        """End the utterance; its `Final` comes when it comes."""

    def heard(self) -> AsyncIterator[Partial | Final]:
        """Return what is understood, as it comes. Never ends but by an error."""


class Recogniser(Protocol):
    """A provider that hears while the borrower speaks."""

    source: Source
    eager: bool
    """Whether its finals tell of which utterance they are, so that one may be asked for and then not be wanted."""

    def open(self, language: str) -> AbstractAsyncContextManager[Dictation]:
        """Open a session that will first hear `language`; leaving the block ends it."""


class UtteranceRecogniser(Protocol):
    """A provider that hears a whole utterance at once."""

    async def recognise(self, pcm: bytes, language: str, *, within_s: float) -> Final:
        """Return the words of `pcm`, at most 25 s long; its `utterance` is 0.

        `ProviderDown` when they do not come within `within_s`, `QueueFull` when our own limit forbids asking.
        """


class Synthesiser(Protocol):
    """A provider that speaks."""

    def synthesise(self, text: str, language: str) -> AsyncGenerator[bytes, None]:
        """Return the audio of `text` as it is made, in pieces of any size, odd ones too.

        Closing the generator early stops the provider and leaves nothing open. Raises `ProviderDown`.
        """


class AudioStore(Protocol):
    """Rendered lines, shared by all pods. Never raises: a store that is down has nothing and keeps nothing."""

    async def get(self, key: str) -> bytes | None:
        """Return what `put` kept under `key`, if it is still there."""

    async def put(self, key: str, pcm: bytes, *, life_s: float) -> None:
        """Keep `pcm` for `life_s` seconds."""


class Limit(Protocol):
    """So many requests in any stretch of time, over all pods."""

    async def take(self, *, within_s: float) -> None:
        """Wait for this request's turn, which comes in the order of asking.

        `QueueFull` at once, and without using up a place, when the turn would not come within `within_s`.
        """
