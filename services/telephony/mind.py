"""How a call thinks: a stream to dialog, opened again elsewhere when it is lost."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

import structlog

from services.telephony.model import Brief, Facts, Played, Told, Turn
from services.telephony.ports import Conversation, Dialog
from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

PAUSES: Final = (0.0, 0.1, 0.2, 0.4, 0.8)
"""Seconds before each new stream; the last holds from then on. How long it goes on is the call's decision."""


@dataclass(frozen=True, slots=True)
class Said:
    """Dialog has said what to do; `again` when it repeats itself on a new stream."""

    turn: Turn
    again: bool = False


@dataclass(frozen=True, slots=True)
class MindReopened:
    """The stream was lost; another one begins by repeating the last turn."""


MindEvent = Said | MindReopened


class Mind:
    """Thinks for one call."""

    def __init__(
        self, dialog: Dialog, brief: Brief, put: Callable[[MindEvent], Awaitable[None]], snapshot: bytes = b""
    ) -> None:
        self._dialog, self._brief, self._put, self._snapshot = dialog, brief, put, snapshot
        self._stream: Conversation | None = None
        self._turns: set[int] = set()  # numbers of the stream's turns so far
        self._finished = False
        self.facts: Facts | None = None
        """What the whole conversation came to; known when `run` has returned after `finish`, unless dialog was lost."""

    def tell(self, event: Told) -> None:
        """Tell dialog what happened.

        What belongs to a stream that was lost is left out: the new one repeats its prompt, and is answered anew.
        """
        of_another = isinstance(event, Played) and event.turn not in self._turns
        if self._stream is None or not self._turns or of_another:
            return
        self._stream.tell(event)

    def finish(self, reason: str) -> None:
        """Say that the call has ended; `run` returns when dialog has ended the stream."""
        self._finished = True
        if self._stream:
            self._stream.finish(reason)

    async def run(self) -> None:
        """Converse until `finish`, over as many streams as it takes."""
        failures = 0
        while not self._finished:
            try:
                await self._converse(again=failures > 0)
            except VoiceError:
                log.warning("The stream to dialog was lost.", call_id=self._brief.call_id)
            finally:
                heard, self._stream = bool(self._turns), None
            if self._finished:
                return
            failures = 1 if heard else failures + 1
            await self._put(MindReopened())
            await asyncio.sleep(PAUSES[min(failures, len(PAUSES)) - 1])

    async def _converse(self, *, again: bool) -> None:
        self._turns.clear()
        async with self._dialog.converse(self._brief, self._snapshot) as self._stream:
            async for turn in self._stream.turns():
                self._turns.add(turn.number)
                self._snapshot = turn.snapshot
                await self._put(Said(turn, again))
                again = False
            self.facts = self._stream.facts
