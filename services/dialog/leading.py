"""Leads one call while it lives: reads what happens, in order, and waits for what is being decided."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from services.dialog.conversation import Conversation
from services.dialog.deciding import Decider, Verdict
from services.dialog.ports import Doubt
from services.dialog.turns import Finished, Happening, Heard, KeyPressed, NoInput, Played, Summary, Turn
from voicekit.telemetry import meter, note_span

_understood = meter().create_counter("dialog_answers_total", description="Answers of borrowers, by meaning.")
_ended = meter().create_counter("dialog_conversations_total", description="Conversations, by what they came to.")

FILLER_AFTER_S: Final = 1.2
"""How long a borrower waits for an answer before hearing that one is on its way."""


@dataclass(frozen=True, slots=True)
class _StillDeciding:
    doubt: Doubt


@dataclass(frozen=True, slots=True)
class _Decided:
    doubt: Doubt
    verdict: Verdict


class _PeerLost:
    pass


class Leader:
    """One call's narrator: everything that happens is an event on one queue, which `_narrate` alone reads."""

    def __init__(self, conversation: Conversation, decider: Decider, say: Callable[[Turn], Awaitable[None]]) -> None:
        """Take the conversation, who decides in doubt, and where turns go."""
        self._conversation, self._decider, self._say = conversation, decider, say
        self._events: asyncio.Queue[Happening | _StillDeciding | _Decided | _PeerLost] = asyncio.Queue(maxsize=32)
        self._deciding: asyncio.Task[None] | None = None
        self._heard_at = 0.0

    async def lead(self, happenings: AsyncIterator[Happening], snapshot: bytes = b"") -> Summary | None:
        """Lead the call to its end and return what it came to; None when the other side was lost before."""
        await self._say(self._conversation.begin(snapshot))
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen(happenings), name="listen")
            summary = await self._narrate(tasks)
            listening.cancel()
            self._stop_deciding()
        _ended.add(1, {"disposition": summary.facts.disposition if summary else "peer_lost"})
        return summary

    async def _listen(self, happenings: AsyncIterator[Happening]) -> None:
        async for happening in happenings:
            await self._events.put(happening)
        await self._events.put(_PeerLost())

    async def _narrate(self, tasks: asyncio.TaskGroup) -> Summary | None:
        while True:
            event = await self._events.get()
            match event:
                case Finished(reason):
                    return self._conversation.finish(reason)
                case _PeerLost():
                    return None
            answer = self._answer(event)
            if isinstance(answer, Doubt):
                self._deciding = tasks.create_task(self._decide(answer), name="decide")
            elif answer is not None:
                _count(answer, asyncio.get_running_loop().time() - self._heard_at)
                await self._say(answer)

    def _answer(self, event: Happening | _StillDeciding | _Decided | _PeerLost) -> Turn | Doubt | None:
        answer: Turn | Doubt | None = None
        match event:
            case Heard():
                self._heard_at = asyncio.get_running_loop().time()
                self._stop_deciding()
                answer = self._conversation.heard(event)
            case KeyPressed(digit):
                answer = self._conversation.key_pressed(digit)
            case NoInput():
                answer = self._conversation.no_input()
            case Played():
                answer = self._conversation.played(event)
            case _StillDeciding(doubt):
                answer = self._conversation.still_deciding(doubt)
            case _Decided(doubt, verdict):
                answer = self._conversation.decided(doubt, verdict)
        return answer

    async def _decide(self, doubt: Doubt) -> None:
        async with asyncio.TaskGroup() as both:
            pause = both.create_task(self._fill_the_pause(doubt), name="fill the pause")
            verdict = await self._decider.decide(doubt)
            pause.cancel()
        await self._events.put(_Decided(doubt, verdict))

    async def _fill_the_pause(self, doubt: Doubt) -> None:
        await asyncio.sleep(FILLER_AFTER_S)
        await self._events.put(_StillDeciding(doubt))

    def _stop_deciding(self) -> None:
        if self._deciding:
            self._deciding.cancel()
            self._deciding = None


def _count(turn: Turn, took_s: float) -> None:
    if turn.understanding:
        told = turn.understanding
        labels = {"intent": told.intent, "decided_by": told.decided_by, "language": turn.language}
        _understood.add(1, labels)
        note_span("dialog.answer", took_s, state=turn.state, **labels)
