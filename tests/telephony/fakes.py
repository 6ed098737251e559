"""Stand-ins for what telephony needs from outside: they do as a test tells them, and remember what they were told."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from services.telephony.model import (
    Brief,
    Ending,
    Expectation,
    Facts,
    FactsEvent,
    Hearing,
    Line,
    Next,
    Plan,
    Played,
    RecordEvent,
    StatusEvent,
    Told,
    Turn,
    TurnEvent,
)
from services.telephony.ports import CarrierCall
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import InvalidInput, NotFound, ProviderDown

MS_PER_LETTER = 20
LOUD = b"\x00\x10"


def sound_of(text: str) -> bytes:
    """A tone of 20 ms a letter: whole frames, and not silent."""
    return LOUD * (len(text) * MS_PER_LETTER * BYTES_PER_MS // 2)


def ms_of(text: str) -> int:
    return len(text) * MS_PER_LETTER


def turn(number: int, text: str = "", *, then: Next = Next.LISTEN, **more: object) -> Turn:
    """A turn that says one line, or several separated by |."""
    lines = tuple(Line(part) for part in text.split("|") if part)
    usual: dict[str, object] = {"language": "hi-IN", "state": f"STATE_{number}", "snapshot": b"s%d" % number}
    return Turn(number, then, lines=lines, **{**usual, **more})  # type: ignore[arg-type]  # fields by name, of any type


async def until(holds: Callable[[], object], within: float = 60.0) -> None:
    """Wait until something holds: under the virtual clock, looking costs nothing."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 -- many things may make it hold, and none of them tells
            await asyncio.sleep(0.02)


class FakeListening:
    def __init__(self, expectation: Expectation) -> None:
        self.expectations = [expectation]
        self.heard = bytearray()
        self.replayed = b""
        self.bot: list[tuple[float, bool]] = []
        self.finished = False
        self._events: asyncio.Queue[Hearing | Exception | None] = asyncio.Queue()

    def replay(self, pcm: bytes) -> None:
        self.replayed = pcm

    def audio(self, pcm: bytes, *, soon: bool) -> None:
        self.heard += pcm

    def expect(self, expectation: Expectation) -> None:
        self.expectations.append(expectation)

    def bot_speaks(self, speaking: bool) -> None:
        self.bot.append((asyncio.get_running_loop().time(), speaking))

    def finish(self) -> None:
        self.finished = True
        self._events.put_nowait(None)

    def say(self, *events: Hearing) -> None:
        """What speech tells next."""
        for event in events:
            self._events.put_nowait(event)

    def break_off(self) -> None:
        self._events.put_nowait(ProviderDown("gone"))

    async def events(self) -> AsyncIterator[Hearing]:
        while (event := await self._events.get()) is not None:
            if isinstance(event, Exception):
                raise event
            yield event


class FakeSpeech:
    def __init__(self) -> None:
        self.listenings: list[FakeListening] = []
        self.spoken: list[tuple[str, tuple[str, ...]]] = []
        self.prepared: list[tuple[str, ...]] = []
        self.ready = True
        self.down = False
        self.break_after: list[int | None] = []
        """For each of the next utterances: pieces after which it breaks; None for a good one."""
        self.piece = 4000
        self.delay = 0.0

    @property
    def ear(self) -> FakeListening:
        return self.listenings[-1]

    @asynccontextmanager
    async def listen(self, call_id: str, expectation: Expectation) -> AsyncIterator[FakeListening]:
        if self.down:
            raise ProviderDown("speech is away")
        self.listenings.append(FakeListening(expectation))
        yield self.listenings[-1]

    @asynccontextmanager
    async def speak(
        self, call_id: str, language: str, lines: Sequence[Line]
    ) -> AsyncIterator[AsyncIterator[tuple[int, bytes]]]:
        limit = self.break_after.pop(0) if self.break_after and call_id else None
        self.spoken.append((language, tuple(line.text for line in lines)))

        async def audio() -> AsyncIterator[tuple[int, bytes]]:
            pieces = 0
            for index, line in enumerate(lines):
                sound = sound_of(line.text)
                for at in range(0, len(sound), self.piece):
                    if self.down or (limit is not None and pieces >= limit):
                        raise ProviderDown("broke off")
                    await asyncio.sleep(self.delay)
                    yield index, sound[at : at + self.piece]
                    pieces += 1

        yield audio()

    async def prepare(self, call_id: str, language: str, lines: Sequence[Line], within: float) -> bool:
        if self.down:
            raise ProviderDown("speech is away")
        self.prepared.append(tuple(line.text for line in lines))
        return self.ready


class FakeConversation:
    def __init__(self, dialog: "FakeDialog", snapshot: bytes) -> None:
        self.snapshot = snapshot
        self.told: list[Told] = []
        self.finished: str | None = None
        self.facts: Facts | None = None
        self._dialog = dialog
        self._turns: asyncio.Queue[Turn | Exception | None] = asyncio.Queue()
        self._next: Next | None = None

    def say(self, turn: Turn) -> None:
        self._turns.put_nowait(turn)

    def break_off(self) -> None:
        self._turns.put_nowait(ProviderDown("gone"))

    def tell(self, event: Told) -> None:
        self.told.append(event)
        follows = isinstance(event, Played) and self._next is Next.CONTINUE and not event.interrupted
        if (follows or not isinstance(event, Played)) and not self._dialog.silent:
            self._dialog.go_on(self)

    def finish(self, reason: str) -> None:
        self.finished = reason
        self._turns.put_nowait(None)

    async def turns(self) -> AsyncIterator[Turn]:
        while (turn := await self._turns.get()) is not None:
            if isinstance(turn, Exception):
                raise turn
            self._next = turn.next
            yield turn


class FakeDialog:
    """Goes through its turns, one for each answer, and repeats the last one to whoever resumes."""

    def __init__(self, *turns: Turn) -> None:
        self.turns = list(turns)
        self.conversations: list[FakeConversation] = []
        self.briefs: list[Brief] = []
        self.silent = False
        self.down = False
        self.plan_answer = Plan("hi-IN", (Line("greeting"),), (Line("likely"),), (Line("hold on"),), (Line("bye bye"),))
        self._at = 0

    @property
    def talk(self) -> FakeConversation:
        return self.conversations[-1]

    @property
    def told(self) -> list[Told]:
        return [event for conversation in self.conversations for event in conversation.told]

    def go_on(self, conversation: FakeConversation) -> None:
        if self._at < len(self.turns):
            self._at += 1
            conversation.say(self.turns[self._at - 1])

    async def plan(self, brief: Brief) -> Plan:
        if self.down:
            raise ProviderDown("dialog is away")
        if not brief.call_id:
            raise InvalidInput("must not be empty", "call_id")
        return self.plan_answer

    @asynccontextmanager
    async def converse(self, brief: Brief, snapshot: bytes) -> AsyncIterator[FakeConversation]:
        if self.down:
            raise ProviderDown("dialog is away")
        self.briefs.append(brief)
        conversation = FakeConversation(self, snapshot)
        self.conversations.append(conversation)
        if snapshot and self._at:
            self._at -= 1
        if not self.silent:
            self.go_on(conversation)
        yield conversation


class FakeCustomers:
    def __init__(self) -> None:
        self.events: dict[str, list[RecordEvent]] = defaultdict(list)
        self.owners: dict[str, int] = {}
        self.down = False

    async def find_by_phone(self, phone: str) -> int:
        if self.down:
            raise ProviderDown("the record is away")
        if phone not in self.owners:
            raise NotFound("nobody")
        return self.owners[phone]

    async def begin_inbound(self, call_sid: str, customer_id: int) -> Brief:
        if self.down:
            raise ProviderDown("the record is away")
        if customer_id not in self.owners.values():
            raise NotFound("nobody")
        return Brief(f"inbound-{customer_id}", customer_id, "Asha", "Asha Finance", inbound=True)

    async def record(self, call_id: str, events: Sequence[RecordEvent]) -> None:
        if self.down:
            raise ProviderDown("the record is away")
        known = {event.key for event in self.events[call_id]}
        self.events[call_id] += [event for event in events if event.key not in known]

    def statuses(self, call_id: str) -> list[tuple[str, str]]:
        events = [event for event in self.events[call_id] if isinstance(event, StatusEvent)]
        return [(str(event.status), str(event.reason)) for event in events]

    def finals(self, call_id: str) -> list[Ending]:
        events = [event for event in self.events[call_id] if isinstance(event, StatusEvent)]
        return [Ending(event.status, str(event.reason)) for event in events if event.status.final]

    def turns(self, call_id: str) -> list[TurnEvent]:
        events = [event for event in self.events[call_id] if isinstance(event, TurnEvent)]
        return sorted(events, key=lambda event: event.sequence)

    def facts(self, call_id: str) -> list[Facts]:
        return [event.facts for event in self.events[call_id] if isinstance(event, FactsEvent)]


class FakeCarrier:
    def __init__(self) -> None:
        self.rung: list[tuple[str, str, str]] = []
        self.answers: list[str | Exception] = []
        self.calls: dict[str, CarrierCall] = {}
        self.listed: CarrierCall | None = None
        self.down = False
        self.latency = 0.7

    async def connect(self, phone: str, call_id: str, status_url: str) -> str:
        if self.down and not self.answers:
            raise ProviderDown("the carrier is away")
        self.rung.append((phone, call_id, status_url))
        await asyncio.sleep(self.latency)
        answer = self.answers.pop(0) if self.answers else f"sid-{len(self.rung)}"
        if isinstance(answer, Exception):
            raise answer
        self.calls.setdefault(answer, CarrierCall(answer, "in-progress", call_id, phone))
        return answer

    async def details(self, call_sid: str) -> CarrierCall | None:
        if self.down:
            raise ProviderDown("the carrier is away")
        return self.calls.get(call_sid)

    async def find(self, phone: str, call_id: str, since: datetime) -> CarrierCall | None:
        if self.down:
            raise ProviderDown("the carrier is away")
        return self.listed


@dataclass
class FakeLeg:
    """A leg that remembers what was sent, and when."""

    sent: list[tuple[float, bytes]] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    clears: list[float] = field(default_factory=list)
    closed_at: float | None = None

    def play(self, pcm: bytes) -> None:
        assert len(pcm) % 320 == 0
        assert pcm
        self.sent.append((asyncio.get_running_loop().time(), pcm))

    def mark(self, name: str) -> None:
        self.marks.append(name)

    def clear(self) -> None:
        self.clears.append(asyncio.get_running_loop().time())

    def close(self) -> None:
        if self.closed_at is None:
            self.closed_at = asyncio.get_running_loop().time()

    @property
    def sound(self) -> bytes:
        return b"".join(pcm for _, pcm in self.sent)

    @property
    def heard(self) -> dict[float, int]:
        """Bytes of each piece that the ear heard, by when it began to: a `clear` drops what was not played."""
        heard: dict[float, int] = {}
        until = 0.0
        for at, pcm in self.sent:
            starts = max(until, at)
            until = starts + len(pcm) / 16000
            cleared = min((clear for clear in self.clears if at <= clear < until), default=None)
            if cleared is not None:
                until = max(starts, cleared)
            heard[starts] = heard.get(starts, 0) + round((until - starts) * 8000) * 2
            if cleared is not None:
                until = cleared
        return {starts: count for starts, count in heard.items() if count}


MORNING = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)


def loop_clock() -> datetime:
    """The wall, as the loop's clock turns it."""
    return MORNING + timedelta(seconds=asyncio.get_running_loop().time())


def unix_time() -> float:
    """Redis's own clock."""
    return loop_clock().timestamp()
