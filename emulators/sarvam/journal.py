"""What the emulator was asked, what it spoke and what it understood: for tests and for the bill."""

import asyncio
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple


class Request(NamedTuple):
    """One HTTP request or handshake."""

    at: float
    """Loop time in seconds."""
    method: str
    path: str
    query: dict[str, str]
    body: dict[str, Any]
    """JSON or form fields; a file stands as its size in bytes."""


class Rendered(NamedTuple):
    """One text that was spoken."""

    at: float
    """Loop time in seconds at which it was asked for."""
    text: str
    language: str
    pcm: bytes
    """8 kHz PCM just as a client hears it that asked for 8 kHz: after mu-law, when that was the codec."""
    path: str
    request_id: str


class Understood(NamedTuple):
    """One utterance that was recognised."""

    at: float
    text: str
    language: str | None
    seconds: float
    """Length of its audio."""
    distance: float
    path: str


@dataclass(slots=True)
class Usage:
    """What would be billed."""

    stt_seconds: float = 0.0
    tts_characters: int = 0
    text_characters: int = 0
    requests: int = 0
    sockets: int = 0


@dataclass
class Journal:
    """All of it, in order."""

    requests: list[Request] = field(default_factory=list)
    rendered: list[Rendered] = field(default_factory=list)
    understood: list[Understood] = field(default_factory=list)
    frames: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    """Messages that clients sent over sockets, without audio: loop time, path, message."""
    usage: Usage = field(default_factory=Usage)

    def clear(self) -> None:
        """Forget everything."""
        for notes in (self.requests, self.rendered, self.understood, self.frames):
            notes.clear()
        self.usage = Usage()

    def note_frame(self, path: str, message: dict[str, Any]) -> None:
        """Note one message of a client; those that carry audio are left out."""
        if "audio" not in message:
            self.frames.append((asyncio.get_running_loop().time(), path, message))


class RequestIds:
    """Makes ids such as `20261122_9890ed08-...`; the same seed makes the same ones."""

    def __init__(self, now: Callable[[], datetime], seed: int) -> None:
        self._now, self._random = now, random.Random(seed)

    def __call__(self) -> str:
        """Make the next one."""
        return f"{self._now():%Y%m%d}_{uuid.UUID(int=self._random.getrandbits(128), version=4)}"
