"""Hands numbered messages out to many, and keeps the last ones for those who come back."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from voicekit.errors import Overloaded

KEEP: Final = 1000
"""Messages kept for those who come back."""
LIMIT: Final = 2000
"""Messages that may wait for one member; who is slower is dropped, and comes back with the last number."""


class Message(NamedTuple):
    """What all members get."""

    number: int
    body: str


class Member:
    """One who listens."""

    def __init__(self, first: list[str], limit: int) -> None:
        self._waiting = deque(first)
        self._limit = limit
        self._news = asyncio.Event()
        self._news.set()
        self._too_slow = False

    def offer(self, body: str) -> None:
        """Add a message, unless too many wait."""
        self._too_slow = self._too_slow or len(self._waiting) >= self._limit
        if not self._too_slow:
            self._waiting.append(body)
        self._news.set()

    def restart(self, body: str) -> None:
        """Replace all that waits."""
        self._waiting.clear()
        self.offer(body)

    async def take(self) -> list[str]:
        """Wait for messages and return them, in order; `Overloaded` when this member is too slow."""
        await self._news.wait()
        if self._too_slow:
            raise Overloaded("The connection is too slow.")
        self._news.clear()
        batch = list(self._waiting)
        self._waiting.clear()
        return batch


class Hub:
    """Everybody who listens, and what was told last."""

    def __init__(self, snapshot: Callable[[int], str], *, keep: int = KEEP, limit: int = LIMIT) -> None:
        """Take `snapshot`, which tells the present as of a number."""
        self._snapshot = snapshot
        self._keep, self._limit = keep, limit
        self._ring: deque[Message] = deque()
        self._floor = self._last = 0
        self._members: set[Member] = set()

    def __len__(self) -> int:
        return len(self._members)

    def begin(self, number: int) -> None:
        """Forget what was told: everybody gets the present, as of `number`."""
        self._ring.clear()
        self._floor = self._last = number
        for member in self._members:
            member.restart(self._snapshot(number))

    def publish(self, message: Message) -> None:
        """Tell all, and keep it for a while."""
        self._ring.append(message)
        if len(self._ring) > self._keep:
            self._floor = self._ring.popleft().number
        self._last = message.number
        self.tell(message.body)

    def reached(self, number: int) -> None:
        """Note that everything up to `number` has been told."""
        self._last = number

    def tell(self, body: str) -> None:
        """Tell all who listen now; it has no number and is not kept."""
        for member in self._members:
            member.offer(body)

    def join(self, after: int | None) -> Member:
        """Add a member: it gets what came after the number it saw last, or, where that is not kept, the present."""
        if after is not None and self._floor <= after <= self._last:
            first = [message.body for message in self._ring if message.number > after]
        else:
            first = [self._snapshot(self._last)]
        member = Member(first, self._limit)
        self._members.add(member)
        return member

    def leave(self, member: Member) -> None:
        """Remove a member."""
        self._members.discard(member)
