"""Words in which the stories of calls are told."""

import asyncio
import itertools
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from emulators.exotel import call as exotel
from emulators.exotel.persona import Agent, Persona, Pickup
from emulators.sarvam.journal import Rendered
from services.customers.model import CallRecord, CallStatus, Customer, Speaker, StatusUpdate
from services.dialog.scenes import Part, Saying
from services.dialog.script import Script
from services.dialog.servicer import to_brief
from services.dialog.templates import AFTER_VERIFICATION, Prompt
from services.dialog.turns import Brief
from tests.support.memory_record import FINAL
from tests.support.studio import Studio
from tests.support.whole_system import WholeSystem
from tests.telephony.fakes import MORNING, until
from tests.telephony.world import AGENT
from voice.customers.v1 import BeginCallRequest, CallsServiceStub
from voice.telephony.v1 import PlaceCallRequest, TelephonyServiceStub
from voicekit.languages import LANGUAGES

REACTION = 0.4
"""Seconds between the last word of ours and the borrower's first."""
PATIENCE = 60.0
ONSET_MS = 240
"""So much of a line, 50 ms of silence included, tells it from all others."""


def borrower(
    state: str, *, phone: str = "+919999900012", name: str = "Kamala Devi", loan_id: str = "LN00204521"
) -> Customer:
    """Somebody who owes 4,550 rupees."""
    return Customer(
        id=0,
        name=name,
        phone_number=phone,
        state=state,
        loan_id=loan_id,
        lender_name="Asha Finance",
        amount_paise=455_000,
        due_date=date(2026, 12, 5),
        language_code="",
        call_status=CallStatus.READY,
        version=1,
        updated_at=MORNING,
    )


@dataclass
class World:
    """Everything there is."""

    system: WholeSystem
    studio: Studio
    stories: list["Call"] = field(default_factory=list)
    _requests: "itertools.count[int]" = field(default_factory=itertools.count)

    async def calls(self, customer: Customer, persona: Persona | None = None) -> "Call":
        """Ring a borrower, who is put on record first; returns while the phone rings."""
        added = self.system.customers.add(customer)
        if persona:
            self.system.exotel.set_persona(added.phone_number, persona)
        return await self._rings(added)

    async def calls_again(self, before: "Call") -> "Call":
        """Ring the borrower of an earlier call."""
        customer_id = before.record.call.customer_id
        self.system.customers.change(customer_id, call_status=CallStatus.READY)
        return await self._rings(await self.system.customers.get(customer_id))

    async def _rings(self, customer: Customer) -> "Call":
        request_id = f"request-{next(self._requests)}"
        brief, call = await asyncio.gather(self._places(customer.id, request_id), self.system.exotel.next_call())
        return self._story(call, brief, request_id)

    async def places_again(self, call: "Call") -> None:
        """Ask once more to have an attempt placed, as who got no answer does."""
        await self._places(call.record.call.customer_id, call.request_id)

    async def _places(self, customer_id: int, request_id: str) -> Brief:
        """Begin an attempt and have it placed, as whoever works the queue does."""
        begin = BeginCallRequest(request_id=request_id, customer_id=customer_id)
        begun = await _stub(CallsServiceStub, self.system.to_customers).BeginCall(begin, timeout=5)
        place = PlaceCallRequest(brief=begun.brief, phone_number=begun.phone_number)
        await _stub(TelephonyServiceStub, self.system.to_telephony).PlaceCall(place, timeout=45)
        return to_brief(begun.brief)

    async def is_rung_by(self, phone: str, customer: Customer | None = None) -> "Call":
        """Somebody rings us: `customer` if that is whose phone it is."""
        known = self.system.customers.add(customer) if customer else borrower("", name="")
        call = self.system.exotel.dial_in(phone)
        brief = Brief(
            call_id=call.sid,
            customer_id=known.id,
            customer_name=known.name,
            lender_name=known.lender_name,
            loan_id=known.loan_id,
            amount_paise=known.amount_paise,
            due_date=known.due_date.isoformat(),
            state=known.state,
            inbound=True,
        )
        return self._story(call, brief)

    def agent_answers(self, *, talks_for: float = 20.0) -> None:
        self.system.exotel.set_agent(AGENT, Agent(talk_s=talks_for))

    def agent_does_not_answer(self) -> None:
        self.system.exotel.set_agent(AGENT, Agent(pickup=Pickup("no-answer")))

    def synthesised_before_answer(self, call: "Call") -> list[str]:
        return [line.text for line in self._rendered if line.at < call.answered_at]

    def synthesised_after_answer(self, call: "Call") -> list[str]:
        return [line.text for line in self._rendered if line.at >= call.answered_at]

    @property
    def _rendered(self) -> list[Rendered]:
        return self.system.sarvam.provider.journal.rendered

    def _story(self, call: exotel.Call, brief: Brief, request_id: str = "") -> "Call":
        story = Call(self, call, brief, request_id)
        self.stories.append(story)
        return story


class Call:
    """One call, as the borrower has it, and what the record knows of it."""

    def __init__(self, world: World, call: exotel.Call, brief: Brief, request_id: str) -> None:
        self._world, self.line, self._brief, self.request_id = world, call, brief, request_id
        self._heard_until = 0.0
        self._speaking: asyncio.Task[None] | None = None

    # What the borrower does.

    async def says(self, text: str, language: str) -> None:
        """Answer, after a moment of thought."""
        await asyncio.sleep(REACTION)
        await self.line.caller.says(text, language)

    def begins_to_say(self, text: str, language: str) -> None:
        """Speak, over our words if need be, while the story goes on."""
        self._speaking = asyncio.create_task(self.line.caller.says(text, language), name="the borrower speaks")

    async def has_said_it(self) -> None:
        assert self._speaking
        await self._speaking

    async def plays(self, pcm: bytes) -> None:
        """Let something else than words be heard."""
        await self.line.caller.plays(pcm)

    async def says_nothing_for(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def presses(self, digits: str) -> None:
        await asyncio.sleep(REACTION)
        await self.line.caller.presses(digits)

    async def hangs_up(self) -> None:
        await self.line.caller.hangs_up()

    # What the borrower hears.

    async def hears(self, prompt: Prompt, language: str, part: Part = Part.WHOLE, *, again: bool = False) -> None:
        """Hear every sentence of a prompt, in order, each exactly as the voice has spoken it.

        `again` hears also what has begun before, such as the sentence of which the beginning was heard.
        """
        if again:
            self._heard_until -= ONSET_MS / 1000
        for text in self.words(prompt, language, part):
            await self._hears(text, language)

    async def hears_beginning_of(self, prompt: Prompt, language: str, part: Part = Part.WHOLE) -> None:
        await self._hears(self.words(prompt, language, part)[0], language, first=ONSET_MS * 16)

    async def hears_silence(self, *, within_ms: int) -> None:
        await self.line.caller.hears_silence(within_ms=within_ms)

    async def _hears(self, text: str, language: str, first: int | None = None) -> None:
        """Hear the sound of a sentence, or the first bytes of it, after what was heard before."""
        deadline = _now() + PATIENCE
        while True:
            await self.line.caller.stream()
            sound = self._world.studio.known_sound_of(text, language)  # a moment ago it may not have been spoken yet
            ends = self.line.ears[-1].find(sound[:first], self._heard_until) if sound else None
            if ends is not None and ends <= _now() + 1e-6:
                self._heard_until = ends
                return
            if _now() >= deadline or self.line.over.is_set():
                raise AssertionError(f"not heard: {text}; on record: {[turn.text for turn in self.record.turns]}")
            await self.line.pulse.wait(deadline if ends is None else ends)

    def words(self, prompt: Prompt, language: str, part: Part = Part.WHOLE) -> list[str]:
        """The sentences of a prompt for this borrower."""
        script = Script(self._brief, MORNING.date())
        return [line.text for line in script.lines(language, Saying(prompt, part))]

    def heard_anything_private(self) -> bool:
        """Whether any sentence that is for the borrower alone reached the ear, in whatever language."""
        sounds = [
            sound
            for language in LANGUAGES
            for prompt in AFTER_VERIFICATION
            for text in self.words(prompt, language)
            if (sound := self._world.studio.known_sound_of(text, language))
        ]
        assert sounds
        return any(self.line.heard.find(sound[: ONSET_MS * 16]) >= 0 for sound in sounds)

    # What became of it.

    @property
    def answered_at(self) -> float:
        """The loop's time at which the phone was picked up."""
        event = next(event for event in self.line.events if event.name == "answered")
        return self.line.began + event.at_s

    @property
    def record(self) -> CallRecord:
        calls = self._world.system.calls.all
        return next(
            each for each in calls if self.line.sid == each.call.call_sid or each.call.id == self._brief.call_id
        )

    @property
    def state(self) -> str:
        """Where the conversation is, as any pod may read it."""
        return self._world.system.sessions.sessions[self.line.sid]["state"]

    @property
    def finals(self) -> list[StatusUpdate]:
        """Final statuses that hold."""
        return [update for update in self.record.history if update.applied and update.status in FINAL]

    @property
    def statuses(self) -> list[str]:
        """Statuses that held, in order."""
        return [str(update.status) for update in self.record.history if update.applied]

    @property
    def outcome(self) -> tuple[str, str, str]:
        """Status, reason and disposition."""
        call = self.record.call
        return str(call.status), call.reason, call.disposition

    @property
    def said_by_borrower(self) -> list[str]:
        return [turn.text for turn in self.record.turns if turn.speaker is Speaker.BORROWER]

    @property
    def response_times(self) -> list[float]:
        """Seconds from each end of the borrower's words to the first sound of ours after it."""
        spoken = [self.line.began + event.at_s for event in self.line.events if event.name == "caller_spoke"]
        starts = [span.start for span in self.line.spans]
        return [min(start for start in starts if start > at) - at for at in spoken if at < starts[-1]]

    async def ends(self) -> tuple[str, str, str]:
        """Wait for the end on the line and on record."""
        await self.line.ends()
        await until(lambda: self.finals, within=180.0)
        await asyncio.sleep(1.0)
        return self.outcome


def _stub(kind: Any, channel: object) -> Any:
    """Typed as Any: the generated stub is one class for blocking and asyncio channels."""
    return kind(channel)


def _now() -> float:
    return asyncio.get_running_loop().time()
