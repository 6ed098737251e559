"""One call of the generator: a borrower who listens, answers, and sometimes interrupts; and what they notice."""

import asyncio
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

import orjson

from bench.load.ear import Ear
from bench.load.speech import Phrase, Stock, Words
from bench.load.wire import Socket, frame

REACTION_S: Final = 0.6
"""Silence after which a borrower takes it that we have finished."""
INTERRUPTS_AFTER_S: Final = 2.0
PATIENCE_S: Final = 8.0
"""Without an answer for so long, a turn counts as unanswered."""
_BYTES_A_SECOND: Final = 16000


class Kind(Enum):
    """What a borrower does at a turn."""

    SHORT = "short"
    """Answers in a word or two when we have finished."""
    LONG = "long"
    """Says a sentence when we have finished."""
    INTERRUPTS = "interrupts"
    """Says a sentence while we speak."""


@dataclass(slots=True)
class Turn:
    """One turn of the borrower's, as the wire showed it. Times are the loop's; 0 for what has not happened."""

    number: int
    kind: Kind
    phrase: Phrase
    onset: float = 0.0
    """True onset of the speech."""
    end: float = 0.0
    """Its true end."""
    cleared: float = 0.0
    """When `clear` came."""
    silent: float = 0.0
    """When the ear was silent after it."""
    answered: float = 0.0
    """When the first sound came after the end of the speech."""
    cut_off: bool = False
    """We began to answer before it ended."""


@dataclass(slots=True)
class Story:
    """What is known of a call when it is over."""

    number: int
    started: float = 0.0
    """When `start` was sent."""
    greeted: float = 0.0
    """When the first sound came."""
    ended: float = 0.0
    turns: list[Turn] = field(default_factory=list)
    ear: Ear = field(default_factory=Ear)
    false_clears: list[float] = field(default_factory=list)
    """When a `clear` came though nobody had interrupted."""
    close_code: int = 0
    by_us: bool = False
    """The product ended the call, after the last turn, as it should."""
    dropped: str = ""
    """Why the call counts as dropped; empty when it does not."""


class Borrower:
    """A call, from `start` to its end."""

    def __init__(self, number: int, words: Words, noise: str, stock: Stock, *, interrupts: bool) -> None:
        """Prepare; all audio is made here, before the call."""
        self.words, self._stock = words, stock
        self.story = Story(number)
        self.story.turns = [
            Turn(index, kind, stock.phrase(text, noise))
            for index, (kind, text) in enumerate(
                (
                    (Kind.SHORT, words.yes),
                    (Kind.INTERRUPTS if interrupts else Kind.LONG, words.again),
                    (Kind.SHORT, words.no),
                )
            )
        ]
        self._frames = [turn.phrase.frames(number, turn.number, stock.frame_ms) for turn in self.story.turns]
        self._idle = stock.idle[noise]
        self._at_idle = number * 7 % len(self._idle)
        self._socket: Socket | None = None
        self._next = 0
        """Index of the turn that comes next."""
        self._speaking: list[bytes] = []
        self._awaiting = True
        """We are to be heard first."""
        self._marks: list[tuple[float, bytes]] = []
        self._sent = 0
        self._prefix = b""
        self.over = asyncio.Event()

    def start(self, socket: Socket, call_sid: str, account: str, phone: str, exophone: str) -> None:
        """Begin the stream."""
        sid = f"{self.story.number:032x}"
        media = {"encoding": "raw", "sample_rate": "8000", "bit_rate": "128"}
        start = {"stream_sid": sid, "call_sid": call_sid, "account_sid": account, "from": phone, "to": exophone,
                 "custom_parameters": {}, "media_format": media}  # fmt: skip
        self._socket = socket
        self._prefix = f'","stream_sid":"{sid}","media":{{"chunk":"'.encode()
        socket.send(b'{"event":"connected"}')
        self.story.started = asyncio.get_running_loop().time()
        socket.send(orjson.dumps({"event": "start", "sequence_number": "1", "stream_sid": sid, "start": start}))

    def tick(self, due: float) -> None:
        """Send the frame whose last sample was spoken at `due`."""
        self._echo_marks(due)
        if self._speaking:
            payload = self._speaking.pop()
        else:
            self._maybe_speak(due)
            self._at_idle = (self._at_idle + 1) % len(self._idle)
            payload = self._idle[self._at_idle]
        self._sent += 1
        number, at = b"%d" % (self._sent + 1), b"%d" % ((self._sent - 1) * self._stock.frame_ms)
        message = b'{"event":"media","sequence_number":"%b%b%d","timestamp":"%b","payload":"%b"}}' % (
            number, self._prefix, self._sent, at, payload)  # fmt: skip
        if self._socket:
            self._socket.write(frame(message))

    def take(self, text: bytes) -> None:
        """Take a message of the product's."""
        now = asyncio.get_running_loop().time()
        message = orjson.loads(text)
        match message["event"]:
            case "media":
                self._hear(len(message["media"]["payload"]) * 3 // 4 / _BYTES_A_SECOND, now)
            case "clear":
                self._clear(now)
            case "mark":
                self.story.ear.mark()
                self._marks.append((self.story.ear.runs_dry_at, message["mark"]["name"].encode()))

    def closed(self, code: int) -> None:
        """Take it that the product, or the network, has closed the socket."""
        self.story.close_code = code
        last = self.story.turns[-1]
        if last.answered and code == 1000:
            self.story.by_us = True
        else:
            self.story.dropped = f"the socket was closed with {code} after {self._next} turns"
        self._end()

    def hang_up(self) -> None:
        """End the call from this side."""
        if self.over.is_set():
            return
        if self._socket:
            stop = {"reason": "callended"}
            sid = f"{self.story.number:032x}"
            self._socket.send(orjson.dumps({"event": "stop", "stream_sid": sid, "stop": stop}))
            self._socket.close()
        self._end()

    def _end(self) -> None:
        if not self.over.is_set():
            self.story.ended = asyncio.get_running_loop().time()
            self.over.set()

    def _maybe_speak(self, due: float) -> None:
        """Begin the next turn with the frame after this one, when it is time."""
        story = self.story
        if self._awaiting:
            asked = story.turns[self._next - 1].end if self._next else story.started
            if due - asked > PATIENCE_S and not story.dropped:
                story.dropped = f"nothing was heard after {self._next} turns"
                self.hang_up()
            return
        if self._next >= len(story.turns):
            return
        turn, ear = story.turns[self._next], story.ear
        if turn.kind is Kind.INTERRUPTS:
            ready = ear.hears(due) and due - ear.began_at >= INTERRUPTS_AFTER_S
        else:
            ready = due - ear.runs_dry_at >= REACTION_S
        if ready:
            turn.onset, turn.end = due + turn.phrase.onset_s, due + turn.phrase.end_s
            self._speaking = self._frames[self._next][::-1]
            self._next += 1
            self._awaiting = True

    def _hear(self, seconds: float, now: float) -> None:
        story = self.story
        if not story.greeted:
            story.greeted, self._awaiting = now, False
        elif self._awaiting and self._next:
            self._answer(story.turns[self._next - 1], now)
        story.ear.receive(seconds, now)

    def _answer(self, turn: Turn, now: float) -> None:
        if now >= turn.end:
            self._awaiting = False
            if turn.kind is not Kind.INTERRUPTS or turn.cleared:  # or we have only talked on
                turn.answered = now
        elif turn.kind is not Kind.INTERRUPTS or turn.cleared:
            turn.cut_off = True

    def _clear(self, now: float) -> None:
        turn = self.story.turns[self._next - 1] if self._next else None
        if turn and turn.kind is Kind.INTERRUPTS and not turn.cleared and now >= turn.onset and not turn.answered:
            turn.cleared, turn.silent = now, self.story.ear.clear(now)
        else:
            self.story.false_clears.append(now)
            self.story.ear.clear(now)

    def _echo_marks(self, due: float) -> None:
        while self._marks and self._marks[0][0] <= due and self._socket:
            _, name = self._marks.pop(0)
            sid = f"{self.story.number:032x}".encode()
            self._socket.send(b'{"event":"mark","stream_sid":"%b","mark":{"name":"%b"}}' % (sid, name))
