"""What the borrower hears: a phone with a small playout buffer, fed by what arrives and when."""

from dataclasses import dataclass, field
from typing import Final

BUFFER_S: Final = 0.04
"""Seconds that a phone holds sound back before it plays the first of it."""
FRAME_S: Final = 0.02
"""What a phone has begun to play it plays to its end."""


@dataclass(slots=True)
class Ear:
    """The borrower's side of what we play. Times are the loop's."""

    runs_dry_at: float = 0.0
    """When all that has arrived will have been heard."""
    began_at: float = 0.0
    """When the present stretch of speech began to be heard."""
    heard_s: float = 0.0
    """Sound that arrived, in all."""
    gaps: list[tuple[float, float]] = field(default_factory=list)
    """(when, seconds) of silences within an utterance: after its first sound, before its mark."""
    leads: list[tuple[float, float]] = field(default_factory=list)
    """(when, seconds) of how far ahead of the ear the sender was, after each message of sound."""
    _within: bool = False

    def receive(self, seconds: float, now: float) -> None:
        """Take sound."""
        if now > self.runs_dry_at:
            if self._within:
                self.gaps.append((now, now - self.runs_dry_at))
                self.runs_dry_at = now
            else:
                self.began_at = self.runs_dry_at = now + BUFFER_S
        self._within = True
        self.runs_dry_at += seconds
        self.heard_s += seconds
        self.leads.append((now, self.runs_dry_at - now))

    def mark(self) -> None:
        """The utterance has no more sound."""
        self._within = False

    def clear(self, now: float) -> float:
        """Drop what is not played yet, and return when it is silent."""
        self._within = False
        if now < self.runs_dry_at:
            self.runs_dry_at = min(self.runs_dry_at, now + FRAME_S)
        return max(now, min(self.runs_dry_at, now + FRAME_S))

    def hears(self, now: float) -> bool:
        """Tell whether we are heard."""
        return self.began_at <= now < self.runs_dry_at
