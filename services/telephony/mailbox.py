"""What a narrator reads: one queue of events, and the alarms that it sets for itself."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

E = TypeVar("E")


class Mailbox(Generic[E]):
    """A queue that is bounded for those who can wait.

    Streams and sockets wait for room, so a flood slows down whoever makes it. The call's own clock cannot wait; it
    posts, and there is never more than one of each of its events.
    """

    def __init__(self, room: int = 32) -> None:
        self._events: asyncio.Queue[tuple[E, bool]] = asyncio.Queue()
        self._room = asyncio.Semaphore(room)

    async def put(self, event: E) -> None:
        """Add `event`, when there is room."""
        await self._room.acquire()
        self._events.put_nowait((event, True))

    def post(self, event: E) -> None:
        """Add `event` now."""
        self._events.put_nowait((event, False))

    async def get(self) -> E:
        """Take the oldest event."""
        event, waited = await self._events.get()
        if waited:
            self._room.release()
        return event


@dataclass(frozen=True, slots=True)
class Elapsed:
    """An alarm went off."""

    name: str
    setting: object


class Alarms:
    """Named alarms; setting one again replaces it, and a stopped one is never heard of again."""

    def __init__(self, post: Callable[[Elapsed], None]) -> None:
        self._post = post
        self._set: dict[str, tuple[object, asyncio.TimerHandle]] = {}

    def set(self, name: str, delay: float) -> None:
        """Go off in `delay` seconds."""
        self.stop(name)
        setting = object()
        handle = asyncio.get_running_loop().call_later(delay, self._post, Elapsed(name, setting))
        self._set[name] = (setting, handle)

    def stop(self, *names: str) -> None:
        """Stop alarms, also those that went off and were not read yet."""
        for name in names:
            if alarm := self._set.pop(name, None):
                alarm[1].cancel()

    def stop_all(self) -> None:
        """Stop every alarm."""
        self.stop(*list(self._set))

    def rang(self, event: Elapsed) -> bool:
        """Take note of an alarm that went off; False when it was stopped or set again since."""
        alarm = self._set.get(event.name)
        if alarm is None or alarm[0] is not event.setting:
            return False
        del self._set[event.name]
        return True
