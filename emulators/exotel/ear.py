"""What the phone's ear hears: a queue of audio that plays in real time, and a record of what was played."""

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from emulators.audio import samples
from emulators.exotel.pulse import Pulse

PACKET: Final = 160
"""Samples that the provider plays at once: 320 bytes at every rate, 20 ms at 8 kHz."""
_VOICED_RMS: Final = 184.0
"""-45 dBFS over one packet: louder is speech, quieter is a pause."""


@dataclass(slots=True)
class Span:
    """A stretch of voiced audio, in seconds of the loop's clock."""

    start: float
    end: float


class Ear:
    """Plays what is received in order and in real time.

    Nothing ticks: a chunk's place in time is known when it arrives, and changes only when `clear` cuts the queue.
    """

    def __init__(self, rate_hz: int, opened: float, pulse: Pulse) -> None:
        self.rate_hz = rate_hz
        self.opened = opened
        self.spans: list[Span] = []
        """Voiced stretches, played and still to be played, in order."""
        self._sound = bytearray()
        """The whole timeline from `opened` to the end of the queue, gaps included."""
        self._messages: deque[tuple[int, int]] = deque()
        """First sample, and the one after the last, of each message that is still being played."""
        self._marks: list[tuple[int, str]] = []
        self._pulse = pulse

    def receive(self, pcm: bytes, now: float) -> float:
        """Queue audio behind what already waits, and return for how many seconds the queue had been dry.

        A last packet that is not full is filled up with silence, which is heard as a gap.
        """
        position, end = self._sample(now), self._end
        dry = max(0, position - end) if end else 0
        start = max(position, end)
        pcm += bytes(-len(pcm) % (2 * PACKET))
        self._sound += bytes(2 * (start - end)) + pcm
        while self._messages and self._messages[0][1] <= position:
            self._messages.popleft()
        self._messages.append((start, self._end))
        self._find_voice(start, pcm)
        self._pulse.beat()
        return dry / self.rate_hz

    def ahead(self, now: float) -> float:
        """Tell how many seconds of audio wait to be played."""
        return max(0, self._end - self._sample(now)) / self.rate_hz

    def mark(self, name: str) -> None:
        """Remember a mark at the end of the queue."""
        self._marks.append((self._end, name))
        self._pulse.beat()

    def due_marks(self, now: float) -> list[str]:
        """Take the marks whose position has been played."""
        position = self._sample(now)
        due = [name for at, name in self._marks if at <= position]
        self._marks = [(at, name) for at, name in self._marks if at > position]
        return due

    def next_mark_at(self) -> float | None:
        """Tell when the next mark will be due; None when none waits."""
        return self._time(self._marks[0][0]) if self._marks else None

    def clear(self, now: float, cuts: Literal["message", "packet"], marks: Literal["dropped", "flushed"]) -> None:
        """Drop what has not begun to play; the marks behind it go too, or come due at once."""
        position = self._sample(now)
        if cuts == "message":
            cut = next((end for start, end in self._messages if start <= position < end), position)
        else:
            cut = min(-(-position // PACKET) * PACKET, max(self._end, position))
        waiting = [name for at, name in self._marks if at > cut]
        self._cut(cut)
        if marks == "flushed":
            self._marks += [(position, name) for name in waiting]

    def close(self, now: float) -> None:
        """Fall silent at once: queued audio dies with its stream."""
        self._cut(self._sample(now))

    def played(self, now: float) -> bytes:
        """Give what was heard from `opened` until now, silence where nothing played; PCM at `rate_hz`."""
        until = 2 * self._sample(now)
        return bytes(self._sound[:until]).ljust(until, b"\0")

    def find(self, pcm: bytes, after: float = 0.0) -> float | None:
        """Tell when the given PCM will have been played wholly and without a gap; None when it is not queued.

        Only playing that ends after the given reading of the clock counts.
        """
        at = self._sound.find(pcm, max(0, 2 * self._sample(after) - len(pcm)))
        while at % 2 and at != -1:
            at = self._sound.find(pcm, at + 1)
        return None if at == -1 else self._time((at + len(pcm)) // 2)

    @property
    def _end(self) -> int:
        return len(self._sound) // 2

    def _cut(self, cut: int) -> None:
        del self._sound[2 * cut :]
        self._messages = deque((start, min(end, cut)) for start, end in self._messages if start < cut)
        at = self._time(cut)
        self.spans = [Span(span.start, min(span.end, at)) for span in self.spans if span.start < at]
        self._marks = [mark for mark in self._marks if mark[0] <= cut]
        self._pulse.beat()

    def _find_voice(self, start: int, pcm: bytes) -> None:
        packets = samples(pcm).reshape(-1, PACKET).astype(np.float32)
        for index in np.flatnonzero(np.sqrt(np.mean(packets**2, axis=1)) > _VOICED_RMS):
            begin = self._time(start + int(index) * PACKET)
            end = self._time(start + int(index + 1) * PACKET)
            if self.spans and begin - self.spans[-1].end < 1e-6:
                self.spans[-1].end = end
            else:
                self.spans.append(Span(begin, end))

    def _sample(self, now: float) -> int:
        return max(0, round((now - self.opened) * self.rate_hz))

    def _time(self, sample: int) -> float:
        return self.opened + sample / self.rate_hz
