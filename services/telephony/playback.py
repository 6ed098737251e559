"""What the borrower hears of us, and when: a clock of sent samples, which needs no echo of the carrier's."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.telephony.pacer import TICK, Pacer
from services.telephony.ports import Leg
from services.telephony.recording import Recording
from services.telephony.rewind import LastSent
from voicekit.audio import BYTES_PER_MS, FRAME_BYTES, FRAME_MS

AHEAD_LOW: Final = 0.2
"""Seconds that the carrier always has to play, while there is anything to send."""
AHEAD_HIGH: Final = 0.4
"""Seconds that it has at most: so much a `clear` must drop."""
BEAT: Final = 0.15
"""Seconds of silence after a `clear`: what follows it at once could be dropped with what it was to drop."""
QUEUE_BYTES: Final = 5000 * BYTES_PER_MS
"""Bytes that wait here at most; who makes them waits in `room`."""
NEARLY_OVER: Final = 0.7
"""Seconds before its end from which an utterance is not paused any more: a word said into them is its answer."""


@dataclass(frozen=True, slots=True)
class Heard:
    """How far a line got."""

    ms: int
    lines: int
    """How many sentences were heard to their end."""


class Playback:
    """Plays one utterance after another into a leg.

    `on_audible` is called with True when the ear begins to hear an utterance and False when it no longer does;
    `on_ended` with its length in milliseconds when the utterance has been heard to its end. Both are called at the
    ear's time, not the sender's.
    """

    def __init__(
        self,
        leg: Leg,
        pacer: Pacer,
        *,
        chunk_ms: int,
        on_audible: Callable[[bool], None],
        on_ended: Callable[[int], None],
        recording: Recording | None = None,
    ) -> None:
        self._leg, self._pacer = leg, pacer
        self._chunk = chunk_ms // FRAME_MS * FRAME_BYTES
        # A large piece needs more room, or the carrier would have less than AHEAD_LOW before it may go.
        self._high = max(AHEAD_HIGH, AHEAD_LOW + chunk_ms / 1000 + TICK) + 1e-9
        self._on_audible, self._on_ended, self._recording = on_audible, on_ended, recording
        self._room = asyncio.Event()
        self._quiet_until = 0.0
        self._heard_at = 0.0  # when the ear will have heard all that was sent
        self._last_sent = LastSent(round(self._high * 1000))
        self._utterance: object | None = None
        self._reset()
        self.due = 0.0
        self.gaps = 0
        """How often an utterance ran dry before its end."""

    def _reset(self) -> None:
        self._queue: deque[tuple[int, bytes]] = deque()  # (index of the line, sound)
        self._queued = 0
        self._fed = self._sent = 0  # bytes of this utterance
        self._line_ends: list[tuple[int, int]] = []  # (index of the line, where it ends so far), in bytes
        self._complete = False
        self._audible = False
        self._dry = False
        self._mark = ""
        self._paused_at: int | None = None  # bytes that were heard
        self._room.set()

    @property
    def playing(self) -> bool:
        """True from `begin` until the utterance was heard or stopped."""
        return self._utterance is not None

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`."""
        return self._paused_at is not None

    @property
    def started(self) -> bool:
        """True when some of the utterance has been sent."""
        return self._sent > 0

    def begin(self, mark: str) -> object:
        """Begin an utterance and return its key; the one before it is stopped. `mark` is sent after its last sound."""
        self.stop()
        self._utterance = object()
        self._mark = mark
        self._last_sent = LastSent(round(self._high * 1000))
        return self._utterance

    def feed(self, key: object, line: int, pcm: bytes) -> None:
        """Add sound of sentence `line`; of an utterance that is no longer played it is dropped."""
        if key is not self._utterance or not pcm:
            return
        self._queue.append((line, pcm))
        self._queued += len(pcm)
        self._fed += len(pcm)
        if self._line_ends and self._line_ends[-1][0] == line:
            self._line_ends[-1] = (line, self._fed)
        else:
            self._line_ends.append((line, self._fed))
        if self._queued > QUEUE_BYTES:
            self._room.clear()
        self._pacer.add(self)

    def forget(self, key: object, line: int) -> None:
        """Drop what was not sent of sentence `line`, the last one fed: it will be fed anew."""
        if key is not self._utterance:
            return
        while self._queue and self._queue[-1][0] == line:
            dropped = len(self._queue.pop()[1])
            self._queued -= dropped
            self._fed -= dropped
        if self._line_ends and self._line_ends[-1][0] == line:
            self._line_ends.pop()

    def complete(self, key: object) -> None:
        """Say that the utterance has no more sound. A broken frame at its end is filled with silence."""
        if key is not self._utterance:
            return
        if rest := -self._fed % FRAME_BYTES:
            self._queue.append((self._line_ends[-1][0], bytes(rest)))
            self._queued += rest
            self._fed += rest
        self._complete = True
        self._pacer.add(self)

    async def room(self) -> None:
        """Wait until there is room for more sound."""
        await self._room.wait()

    def pause(self) -> bool:
        """Fall silent at once, also at the carrier, to go on with `resume`; False when there is nothing to pause.

        What was not heard waits to be sent again, from a moment before: nobody loses a word.
        """
        if self._utterance is None or not self._sent or self.paused or self._is_nearly_over():
            return False
        heard = self._heard_bytes() // FRAME_BYTES * FRAME_BYTES
        began = max((end for _, end in self._line_ends if end <= heard), default=0)
        again = self._last_sent.back(self._sent - heard, heard - began)
        self._silence_carrier()
        self._paused_at = heard
        self._sent -= len(again)
        self._queue_again(again)
        self._pacer.drop(self)
        if self._audible:
            self._audible = False
            self._on_audible(False)
        return True

    def resume(self) -> None:
        """Go on after a pause."""
        if self.paused:
            self._paused_at = None
            self._pacer.add(self)

    def _is_nearly_over(self) -> bool:
        left = self._heard_at - asyncio.get_running_loop().time() + self._queued / BYTES_PER_MS / 1000
        # Nor when its mark may be on its way already, which a `clear` could drop.
        return self._complete and left < max(NEARLY_OVER, self._high)

    def _queue_again(self, sound: bytes) -> None:
        at, pieces = self._sent, []
        for line, end in self._line_ends:
            if at < end and at < self._sent + len(sound):
                until = min(end, self._sent + len(sound))
                pieces.append((line, sound[at - self._sent : until - self._sent]))
                at = until
        self._queue.extendleft(reversed(pieces))
        self._queued += len(sound)

    def _silence_carrier(self) -> None:
        now = asyncio.get_running_loop().time()
        self._leg.clear()
        self._quiet_until, self._heard_at = now + BEAT, now
        if self._recording:
            self._recording.silenced()

    def stop(self) -> Heard:
        """Fall silent at once, also at the carrier, and tell how far the utterance got."""
        heard = self.heard()
        if self._utterance is None:
            return heard
        self._utterance = None
        if self._sent and not self.paused:
            self._silence_carrier()
        self._heard_at = asyncio.get_running_loop().time()
        was_audible = self._audible
        self._pacer.drop(self)
        self._reset()
        if was_audible:
            self._on_audible(False)
        return heard

    def heard(self) -> Heard:
        """Tell how much of the utterance has been heard by now."""
        heard = self._heard_bytes()
        ended = sum(heard >= end for _, end in self._line_ends)
        if ended and ended == len(self._line_ends) and not self._complete:
            ended -= 1  # the last sentence may go on
        return Heard(heard // BYTES_PER_MS, ended)

    def _heard_bytes(self) -> int:
        if self._paused_at is not None:
            return self._paused_at
        unheard = max(0.0, self._heard_at - asyncio.get_running_loop().time())
        return max(0, self._sent - round(unheard * 1000) * BYTES_PER_MS)

    def tick(self, now: float) -> bool:
        """Send what is due, and tell what has been heard; False when nothing is left to do for now."""
        if self._utterance is None or self.paused:
            return False
        self._send(now)
        if self._complete and not self._queued and self._mark:
            self._leg.mark(self._mark)
            self._mark = ""
        if self._queued:
            self.due = self._heard_at - AHEAD_LOW - self._chunk / BYTES_PER_MS / 1000
            return True
        if not self._complete:
            if self._sent and not self._dry and now >= self._heard_at:
                self._dry = True
                self.gaps += 1
            self.due = self._heard_at
            return not self._dry
        self.due = self._heard_at
        if now < self._heard_at:
            return True
        self._end()
        return False

    def _send(self, now: float) -> None:
        while self._queued and now >= self._quiet_until:
            ahead = self._heard_at - now
            size = min(self._chunk, self._queued - self._queued % FRAME_BYTES)
            if size == 0 or ahead + size / BYTES_PER_MS / 1000 > self._high:
                return
            # A short piece costs a message; it goes only at the end, or when the ear would run dry.
            if size < self._chunk and not self._complete and ahead > AHEAD_LOW / 2:
                return
            self._play(self._take(size), now)

    def _play(self, pcm: bytes, now: float) -> None:
        starts_at = max(self._heard_at, now)
        self._heard_at = starts_at + len(pcm) / BYTES_PER_MS / 1000
        self._sent += len(pcm)
        self._dry = False
        self._leg.play(pcm)
        self._last_sent.add(pcm)
        if self._recording:
            self._recording.bot(pcm, starts_at - now)
        if not self._audible:
            self._audible = True
            self._on_audible(True)

    def _take(self, size: int) -> bytes:
        """Take so many bytes off the queue."""
        taken = bytearray()
        while len(taken) < size:
            line, piece = self._queue.popleft()
            need = size - len(taken)
            taken += piece[:need]
            if len(piece) > need:
                self._queue.appendleft((line, piece[need:]))
        self._queued -= size
        if self._queued <= QUEUE_BYTES // 2:
            self._room.set()
        return bytes(taken)

    def _end(self) -> None:
        self._utterance = None
        was_audible, heard_ms = self._audible, self._sent // BYTES_PER_MS
        self._reset()
        if was_audible:
            self._on_audible(False)
        self._on_ended(heard_ms)
