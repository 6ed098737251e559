"""Measures what a borrower notices: how long the greeting is in coming, and each answer."""

import asyncio

from services.telephony import metrics
from voicekit.telemetry import note_span


class Stopwatch:
    """One call's; starts when the call does."""

    def __init__(self) -> None:
        self._began = 0.0
        self._words_ended_at: float | None = None

    def start(self) -> None:
        """Count from now."""
        self._began = asyncio.get_running_loop().time()

    def now_ms(self) -> int:
        """Return the milliseconds since the start."""
        return round((asyncio.get_running_loop().time() - self._began) * 1000)

    def fell_silent(self, *, since: float) -> None:
        """The borrower has said something, and has been silent for `since` seconds."""
        self._words_ended_at = asyncio.get_running_loop().time() - since

    def heard_us(self, *, greeting: bool, state: str, language: str) -> None:
        """Our side begins to be heard: as an answer, or, before there was one, as the greeting."""
        now = asyncio.get_running_loop().time()
        if self._words_ended_at is not None:
            metrics.turn_response.record(now - self._words_ended_at)
            note_span("turn", now - self._words_ended_at, state=state, language=language)
            self._words_ended_at = None
        elif greeting:
            metrics.greeting.record(now - self._began)
            note_span("greeting", now - self._began, language=language)
