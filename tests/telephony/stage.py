"""One call's session on a stage: a line that brings silence, and a borrower who speaks when told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.telephony.journal import Journal
from services.telephony.model import (
    BargedIn,
    Brief,
    Ending,
    SpeechEnded,
    SpeechStarted,
    Transcribed,
    Turn,
)
from services.telephony.notes import Notes
from services.telephony.pacer import Pacer
from services.telephony.parts import Parts
from services.telephony.recorder import Recorder
from services.telephony.session import CallSession
from services.telephony.voice import Fallbacks
from tests.telephony.fakes import (
    FakeCustomers,
    FakeDialog,
    FakeLeg,
    FakeSpeech,
    loop_clock,
    sound_of,
    until,
)
from voicekit.audio import silence

BRIEF = Brief("call-1", 7, "Asha", "Asha Finance")


@dataclass
class Stage:
    session: CallSession
    leg: FakeLeg
    speech: FakeSpeech
    dialog: FakeDialog
    customers: FakeCustomers
    call: asyncio.Task[Ending]
    notes: dict[str, str]
    transfers: list[float] = field(default_factory=list)
    _utterance: int = 0

    @property
    def now(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def position(self) -> int:
        """How much of the line has come in, as speech knows it."""
        return self.session._ears.position_ms

    async def says(self, text: str, *, seconds: float = 0.6, pause: float = 0.4, barges: bool = False) -> None:
        """Speak for some seconds; after a pause speech tells the words."""
        self._utterance += 1
        began = self.position
        self.speech.ear.say(SpeechStarted(self._utterance))
        if barges:
            await asyncio.sleep(min(0.3, seconds))
            self.speech.ear.say(BargedIn(self._utterance))
            await asyncio.sleep(max(0.0, seconds - 0.3))
        else:
            await asyncio.sleep(seconds)
        ended = self.position
        await asyncio.sleep(pause)
        self.speech.ear.say(
            SpeechEnded(self._utterance, began, ended),
            Transcribed(self._utterance, text, "hi-IN", 0.9, began, ended),
        )
        await asyncio.sleep(0.05)

    async def hears(self, text: str, within: float = 20.0) -> None:
        """Wait until `text` has been sent whole and heard."""
        await until(lambda: sound_of(text) in self.leg.sound, within)
        await asyncio.sleep(0.45)

    async def told(self, event: object, within: float = 30.0) -> None:
        """Wait until dialog has been told `event`."""
        await until(lambda: event in self.dialog.told, within)


@asynccontextmanager
async def stage(*turns: Turn, speech: FakeSpeech | None = None, **parts: object) -> AsyncIterator[Stage]:
    speech, dialog, customers, leg = speech or FakeSpeech(), FakeDialog(*turns), FakeCustomers(), FakeLeg()
    recorder, fallbacks = Recorder(customers), Fallbacks(speech)
    notes: dict[str, str] = {}
    transfers: list[float] = []
    await fallbacks.fetch(dialog.plan_answer)

    async def keep(fields: dict[str, str]) -> bool:
        notes.update(fields)
        return True

    async def transfer() -> None:
        transfers.append(asyncio.get_running_loop().time())
        assert leg.closed_at is None

    session = CallSession(
        BRIEF,
        leg,
        Parts(speech, dialog, Pacer(), fallbacks, **parts),  # type: ignore[arg-type]  # fields by name
        Journal(recorder, BRIEF.call_id, loop_clock),
        Notes(keep),  # type: ignore[arg-type]  # a dict is a Mapping that may be kept
        plan=dialog.plan_answer,
        before_transfer=transfer,
    )

    async def line() -> None:
        while True:  # the line brings 100 ms of silence ten times a second
            await asyncio.sleep(0.1)
            session.hear(silence(100))

    sound, call = asyncio.create_task(line()), asyncio.create_task(session.run())
    yield Stage(session, leg, speech, dialog, customers, call, notes, transfers)
    sound.cancel()
    call.cancel()
    await asyncio.gather(call, sound, return_exceptions=True)
    await recorder.drain(5)
