"""Follows the record by one stream, and keeps the board and everybody who watches it up to date."""

import asyncio
import contextlib
import random
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Final

import structlog

from services.dashboard.board import LATEST, Board
from services.dashboard.hub import Hub, Message
from services.dashboard.model import Call, CallFilter, Change, LiveCall, Page
from services.dashboard.names import Names
from services.dashboard.ports import Calls, Forgotten, Phone
from voicekit.clock import INDIA, Now
from voicekit.errors import ProviderDown, VoiceError

log = structlog.get_logger(__name__)

SILENCE_SECONDS: Final = 30.0
"""The record gives a sign of life every 10 s; after this long without one it is asked anew."""
LONGEST_PAUSE: Final = 5.0
PAGES: Final = 10
"""Pages of 1000 calls that the present is read from."""


class Follower:
    """Follows the record."""

    def __init__(self, calls: Calls, phone: Phone, *, names: Names, board: Board, hub: Hub, now: Now) -> None:
        self._calls, self._phone, self._names = calls, phone, names
        self._board, self._hub, self._now = board, hub, now
        self._number: int | None = None  # of the last change taken in; none before the present has been read
        self.begun = asyncio.Event()
        """Set once the present has been read."""

    async def run(self) -> None:
        """Follow until cancelled; when the record is away, ask again, and tell everybody meanwhile."""
        pause = 0.2
        while True:
            reached = self._number
            try:
                await self._follow()
            except Forgotten:
                log.warning("Changes were missed: reading the present anew.")
                self._number = None
            except VoiceError as error:
                log.warning("The record cannot be followed.", error=type(error).__name__)
                self._set_up(up=False)
                # Of a record without any change, nothing can be asked "after 0": that means from now on.
                self._number = self._number or None
            pause = 0.2 if self._number != reached else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311 -- spreads out reconnects

    async def _follow(self) -> None:
        async with contextlib.aclosing(self._calls.watch(self._number or 0)) as changes:
            while True:
                change = await _next(changes)
                if self._number is None:
                    await self._begin(change.number)
                else:
                    await self._take(change)
                self._number = change.number
                self._set_up(up=True)

    async def _begin(self, number: int) -> None:
        """Read the present; whatever changes meanwhile has a higher number, and comes next."""
        calls, complete = await self._read_calls()
        self._board.replace(calls, await self._read_live(), complete=complete)
        wanted = [call.customer_id for place, call in enumerate(calls) if place < LATEST or call.status.lives]
        await self._names.learn(wanted)
        self._board.feed_up = True
        self._hub.begin(number)
        self.begun.set()

    async def _take(self, change: Change) -> None:
        if isinstance(change.what, Call):
            await self._names.learn([change.what.customer_id])
        told = self._board.apply(change.number, change.what) if change.what else None
        if told:
            self._hub.publish(Message(change.number, told.model_dump_json()))
        else:
            self._hub.reached(change.number)

    async def _read_calls(self) -> tuple[list[Call], bool]:
        """Return the latest calls, newest first, and whether they reach back to midnight in India."""
        midnight: datetime = self._now().astimezone(INDIA).replace(hour=0, minute=0, second=0, microsecond=0)
        found: list[Call] = []
        token = ""
        for _ in range(PAGES):
            page = await self._calls.list(CallFilter(), Page(size=1000, token=token))
            found += page.calls
            token = page.next_page_token
            if not token or found[-1].start_time < midnight:
                return found, True
        return found, False

    async def _read_live(self) -> dict[str, LiveCall]:
        try:
            return {call.call_id: call for call in await self._phone.list_live()}
        except VoiceError:
            return {}  # it only adds where a conversation stands, which the next turn tells too

    def _set_up(self, *, up: bool) -> None:
        if self._board.feed_up != up:
            self._board.feed_up = up
            self._hub.tell('{"type":"feed","up":%s}' % ("true" if up else "false"))


async def _next(changes: AsyncGenerator[Change, None]) -> Change:
    try:
        async with asyncio.timeout(SILENCE_SECONDS):
            return await anext(changes)
    except (TimeoutError, StopAsyncIteration) as error:
        raise ProviderDown("the record fell silent") from error
