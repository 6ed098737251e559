"""The person on the phone: what a test, or a persona's script, can make them do and hear."""

import asyncio
from collections.abc import Callable
from typing import Final

from emulators import voices
from emulators.audio import read_telephone, tone
from emulators.exotel import persona as p
from emulators.exotel.call import Call
from emulators.exotel.stream import Stream

PATIENCE_S: Final = 60.0


class Caller:
    """A customer with a phone in the hand. Whatever is not heard in time raises `AssertionError`."""

    def __init__(self, call: Call, persona: p.Persona) -> None:
        self.call = call
        self.persona = persona
        call.mouth.noise_dbfs = persona.noise_dbfs
        self._now = asyncio.get_running_loop().time
        self._listened_until = 0.0

    async def says(self, text: str, language: str = "", *, voice: str = "") -> None:
        """Speak, over the bot's words if need be, and return when the last word has been said."""
        await self.plays(
            voices.synthesise(
                text,
                language or self.persona.language,
                voice=voice or self.persona.voice,
                rate_wpm=self.persona.rate_wpm,
            )
        )

    async def plays(self, pcm: bytes) -> None:
        """Let 8 kHz PCM be heard in the caller's phone, and return when all of it was sent."""
        await self.stream()
        self.call.note("caller_speaks", ms=len(pcm) // 16)
        self.call.mouth.say(pcm)
        while self.call.mouth.speaking:
            await self.call.pulse.wait()
        self._listened_until = self._now()
        self.call.note("caller_spoke")

    async def presses(self, digits: str, *, gap_ms: int = 300, flat: bool | None = None) -> None:
        """Press keys, `gap_ms` apart; `flat` overrides the variant's message."""
        for index, digit in enumerate(digits):
            if index:
                await asyncio.sleep(gap_ms / 1000)
            await (await self.stream()).press(digit, flat=flat)
            self.call.note("key_pressed")

    async def hangs_up(self) -> None:
        """Hang up."""
        self.call.hang_up("user")

    async def drops(self, moment: p.DropMoment = "between messages") -> None:
        """Break the stream without a close frame, now; `before start` breaks the next one as soon as it is open."""
        if moment == "before start":
            self.call.drop_next_stream = True
        else:
            (await self.stream()).drop(moment)

    async def hears_speech(self, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the bot is heard speaking (after what was listened to before)."""
        await self._until(self._speech_begins, timeout_s, "the bot's voice")

    async def hears_bot_finish(self, *, quiet_ms: int = 600, timeout_s: float = PATIENCE_S) -> None:
        """Wait until the bot has spoken and has then been silent for `quiet_ms`."""
        await self._until(lambda: self._speech_ends(quiet_ms / 1000), timeout_s, "the end of the bot's words")
        self._listened_until = self._now()

    async def hears_silence(self, *, within_ms: int, for_ms: int = 400) -> None:
        """Check that the bot falls silent within `within_ms`, and stays so for `for_ms`."""
        began = self._now()
        deadline = began + within_ms / 1000 + 1e-6
        while True:
            now = self._now()
            quiet_from = max([began, *(span.end for span in self.call.spans if span.start <= now)])
            if min(now, quiet_from) > deadline:
                raise AssertionError(f"the bot still spoke {within_ms} ms later")
            if now >= quiet_from + for_ms / 1000 - 1e-6:
                return
            next_word = [span.start for span in self.call.spans if span.start > now]
            await self.call.pulse.wait(min([quiet_from + for_ms / 1000, *next_word]))

    async def hears(self, pcm: bytes, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until exactly this 8 kHz PCM has been heard, wholly and without a gap (also if that was before)."""
        await self._until(lambda: self._pcm_ends(pcm), timeout_s, f"those {len(pcm) // 16} ms of audio")

    async def stream(self, *, timeout_s: float = PATIENCE_S) -> Stream:
        """Wait for the live stream."""
        await self._until(lambda: self._now() if self.call.stream else None, timeout_s, "a live stream")
        return self.call.streams[-1]

    async def act(self) -> None:
        """Do the persona's steps, in order."""
        for step in self.persona.steps:
            await self._do(step)

    async def _do(self, step: p.Step) -> None:
        match step:
            case p.WaitForBot(quiet_ms, patience_s):
                try:
                    await self.hears_bot_finish(quiet_ms=quiet_ms, timeout_s=patience_s)
                except AssertionError:
                    self.call.note("caller_lost_patience")
                await asyncio.sleep(self.persona.reaction_ms / 1000)
            case p.Say(text, language, voice):
                await self.says(text, language, voice=voice)
            case p.Play(wav):
                await self.plays(read_telephone(wav))
            case p.Beep(ms, hz):
                await self.plays(tone(ms, hz))
            case p.Press(digits, gap_ms):
                await self.presses(digits, gap_ms=gap_ms)
            case p.Interrupt(after_s):
                await self.hears_speech()
                await asyncio.sleep(after_s)
            case p.StaySilent(None):
                await self.call.over.wait()
            case p.StaySilent(float() | int() as seconds):
                await asyncio.sleep(seconds)
            case p.Noise(dbfs):
                self.call.mouth.noise_dbfs = dbfs
            case p.HangUp():
                await self.hangs_up()
            case p.LoseNetwork(moment):
                await self.drops(moment)

    async def _until(self, find: Callable[[], float | None], timeout_s: float, what: str) -> None:
        """Wait for the moment that `find` tells, asking anew after each change."""
        deadline = self._now() + timeout_s
        while True:
            at = find()
            if at is not None and at <= self._now() + 1e-6:
                return
            if self._now() >= deadline:
                raise AssertionError(f"the caller did not hear {what} within {timeout_s} s")
            if self.call.over.is_set():
                raise AssertionError(f"the call was over before the caller heard {what}")
            await self.call.pulse.wait(deadline if at is None else min(at, deadline))

    def _speech_begins(self) -> float | None:
        return next((span.start for span in self.call.spans if span.end > self._listened_until), None)

    def _speech_ends(self, quiet_s: float) -> float | None:
        last = max((ear.spans[-1].end for ear in self.call.ears if ear.spans), default=0.0)
        return last + quiet_s if last > self._listened_until else None

    def _pcm_ends(self, pcm: bytes) -> float | None:
        found = (ear.find(pcm) for ear in self.call.ears if ear.rate_hz == 8000)
        return min((at for at in found if at is not None), default=None)
