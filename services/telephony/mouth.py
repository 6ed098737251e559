"""Our side of a call: what is being said, how far it was heard, and falling silent."""

import asyncio
from collections.abc import Callable
from typing import Final

from services.telephony.events import Event, LineEnded, VoiceLost
from services.telephony.journal import Journal
from services.telephony.model import Played, Turn
from services.telephony.parts import Parts
from services.telephony.playback import Playback
from services.telephony.ports import Leg
from services.telephony.recording import Recording
from services.telephony.voice import Voice

PAUSES: Final = 2
"""How often a turn is paused for what may be an interruption: a noisy room must not make us stutter."""


class Mouth:
    """Says one thing at a time: a turn of dialog's, or sound of our own.

    What becomes of it is posted: `LineEnded` when it has been heard, `VoiceLost` when it cannot be said.
    """

    def __init__(
        self,
        call_id: str,
        leg: Leg,
        parts: Parts,
        journal: Journal,
        *,
        now_ms: Callable[[], int],
        post: Callable[[Event], None],
        on_audible: Callable[[bool], None],
        recording: Recording | None,
        hold: Callable[[], bytes],
    ) -> None:
        self._playback = Playback(
            leg,
            parts.pacer,
            chunk_ms=parts.out_chunk_ms,
            on_audible=on_audible,
            on_ended=lambda heard_ms: post(LineEnded(self._key, heard_ms)),
            recording=recording,
        )
        self._voice = Voice(parts.speech, call_id, self._playback, hold)
        self._journal, self._now_ms, self._post = journal, now_ms, post
        self._key: object | None = None
        self._began_ms = 0
        self._pauses = 0
        self._speaking: asyncio.Task[None] | None = None
        self.turn: Turn | None = None
        """The turn that is being said; None when nothing is, or sound of our own."""

    @property
    def may_be_cut(self) -> bool:
        """True while a turn is heard that the borrower may interrupt."""
        return self.turn is not None and self.turn.interruptible and self._playback.playing

    @property
    def paused(self) -> bool:
        """True from `pause` to `resume`, or to what is said instead."""
        return self._playback.paused

    @property
    def gaps(self) -> int:
        """How often a line ran dry before its end."""
        return self._playback.gaps

    @property
    def silent(self) -> bool:
        """True when nothing is being said."""
        return self._key is None

    def is_about(self, event: LineEnded | VoiceLost) -> bool:
        """Tell whether an event is about what is being said, and not about something before."""
        return self._key is not None and event.key is self._key

    def say(self, turn: Turn, tasks: asyncio.TaskGroup) -> None:
        """Say a turn's lines, in place of whatever is being said."""
        key = self._begin(turn)

        async def speak() -> None:
            if not await self._voice.say(key, turn.language, turn.lines):
                self._post(VoiceLost(key))

        self._speaking = tasks.create_task(speak(), name="speak")

    def play(self, sound: bytes) -> bool:
        """Play sound of our own, in place of whatever is being said; False when there is none."""
        if not sound:
            self.hush()
            return False
        key = self._begin(None)
        self._playback.feed(key, 0, sound)
        self._playback.complete(key)
        return True

    def goes_on_as(self, turn: Turn) -> None:
        """Go on with what is being said under another number: dialog has repeated it."""
        self.turn = turn

    def pause(self) -> bool:
        """Fall silent until `resume`, since somebody may want the floor; False when this turn goes on all the same."""
        if not self.may_be_cut or self._pauses >= PAUSES or not self._playback.pause():
            return False
        self._pauses += 1
        return True

    def resume(self) -> None:
        """Go on where the borrower stopped hearing; not paused, do nothing."""
        self._playback.resume()

    def close(self, heard_ms: int) -> Played | None:
        """Put away what was heard to its end, and tell what was played; None when it was no turn."""
        turn, began_ms = self.turn, self._began_ms
        self._forget()
        if turn is None:
            return None
        self._journal.we_said(turn, began_ms, self._now_ms(), interrupted=False)
        return Played(turn.number, heard_ms, len(turn.lines))

    def hush(self, *, interrupted: bool = False, failed: bool = False) -> Played | None:
        """Fall silent, here and at the carrier, and tell how far the turn got; None when no turn was being said."""
        heard = self._playback.stop()
        turn, began_ms = self.turn, self._began_ms
        self._forget()
        if turn is None:
            return None
        self._journal.we_said(turn, began_ms, self._now_ms(), interrupted=True)
        return Played(turn.number, heard.ms, heard.lines, interrupted, failed)

    def _begin(self, turn: Turn | None) -> object:
        self.hush()
        key = self._playback.begin(f"t{turn.number}" if turn else "own")
        self._key, self.turn, self._began_ms, self._pauses = key, turn, self._now_ms(), 0
        return key

    def _forget(self) -> None:
        if self._speaking:
            self._speaking.cancel()
        self._speaking, self._key, self.turn = None, None, None
