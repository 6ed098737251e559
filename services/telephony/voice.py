"""How a call speaks: lines into a playback, tried again where speech broke off."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import structlog

from services.telephony.model import Line, Lines, Plan
from services.telephony.playback import Playback
from services.telephony.ports import Speech
from voicekit.audio import pad_to_frame
from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

PATIENCE: Final = 2.5
"""Seconds that speech may take for the next piece of sound."""
PAUSES: Final = (0.0, 0.5, 1.5)
"""Seconds before each new attempt: a pod that was lost is gone at once, one that is overloaded needs a moment."""
BORNE: Final = 7.0
"""Seconds after which no new attempt is made: so long a pause is borne when somebody has asked for it."""
HOLD_FROM: Final = 2
"""The failure from which on the borrower is asked to hold."""


class Voice:
    """Speaks the lines of one call."""

    def __init__(self, speech: Speech, call_id: str, playback: Playback, hold: Callable[[], bytes]) -> None:
        """Prepare; `hold` answers sound that asks the borrower to hold, or nothing where there is none."""
        self._speech, self._call_id, self._playback, self._hold = speech, call_id, playback, hold

    async def say(self, key: object, language: str, lines: Sequence[Line]) -> bool:
        """Feed the utterance `key` with `lines`; False when no attempt, in the time that is borne, could say all."""
        loop = asyncio.get_running_loop()
        said = failures = 0
        failing_since = 0.0
        while True:
            first = said
            try:
                async with self._speech.speak(self._call_id, language, lines[first:]) as audio:
                    while (piece := await _next(audio)) is not None:
                        line, pcm = piece
                        said = first + line
                        await self._playback.room()
                        self._playback.feed(key, said, pcm)
                self._playback.complete(key)
            except (VoiceError, TimeoutError):
                if said > first or not failures:  # where a line was said since, this is a new trouble
                    failures, failing_since = 0, loop.time()
                failures += 1
                log.warning("Speech broke off.", call_id=self._call_id, attempt=failures, line=said)
                self._playback.forget(key, said)
                if failures > len(PAUSES) or loop.time() - failing_since > BORNE:
                    return False
                if failures == HOLD_FROM:
                    self._playback.feed(key, said, self._hold())
                await asyncio.sleep(PAUSES[failures - 1])
            else:
                return True


async def _next(audio: AsyncIterator[tuple[int, bytes]]) -> tuple[int, bytes] | None:
    async with asyncio.timeout(PATIENCE):
        return await anext(audio, None)


class Fallbacks:
    """Sound for the moment when nobody can be asked: rendered early, kept by this process, by language."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self._sound: dict[tuple[str, Lines], bytes] = {}

    async def fetch(self, plan: Plan) -> None:
        """Have both lines of `plan` rendered, unless they are kept already. What fails is not kept."""
        for lines in (plan.hold, plan.goodbye):
            if lines and (plan.language, lines) not in self._sound:
                try:
                    self._sound[plan.language, lines] = await self._render(plan.language, lines)
                except (VoiceError, TimeoutError):
                    log.warning("A fallback line could not be rendered.", language=plan.language)

    def sound(self, language: str, lines: Lines) -> bytes:
        """Return the sound of `lines`; empty when it is not kept."""
        return self._sound.get((language, lines), b"")

    async def _render(self, language: str, lines: Lines) -> bytes:
        sound = bytearray()
        async with self._speech.speak("", language, lines) as audio:
            while (piece := await _next(audio)) is not None:
                sound += piece[1]
        return pad_to_frame(bytes(sound))
