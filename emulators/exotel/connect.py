"""The Connect applet: asks whom to dial, dials, and reports each step of the agent's leg."""

import asyncio

from emulators.exotel.call import AgentLeg, Call
from emulators.exotel.clock import Clock
from emulators.exotel.dialplan import DialPlan, plan_for, read_plan
from emulators.exotel.flow import Connect
from emulators.exotel.numbers import normalise, written
from emulators.exotel.params import agent_params, call_params
from emulators.exotel.persona import Agent, People
from emulators.exotel.pulse import unless
from emulators.exotel.variant import Variant
from emulators.exotel.webhooks import Answer, Webhooks

_MOST_POLLS = 10
_SLOW_S = 1.0


class Connector:
    """Runs one Connect applet of one call."""

    def __init__(
        self, call: Call, applet: Connect, *, people: People, webhooks: Webhooks, clock: Clock, variant: Variant
    ) -> None:
        self._call = call
        self._applet = applet
        self._people = people
        self._webhooks = webhooks
        self._clock = clock
        self._variant = variant

    async def run(self) -> bool:
        """Try the agents, and return whether one took the call (and the talk is over)."""
        for poll in range(_MOST_POLLS):
            plan = await self._plan(again=poll > 0)
            if plan is None or not plan.destination.numbers or self._call.hung_up.is_set():
                break
            leg = await self._ring(plan)
            if leg is not None:
                await self._talk(leg, plan)
                self._call.transfer.call_type = "completed"
                return True
            if self._call.hung_up.is_set() or not plan.fetch_after_attempt:
                break
        if self._call.transfer.legs:
            self._call.transfer.call_type = "client-hangup" if self._call.hung_up.is_set() else "incomplete"
        return False

    async def _plan(self, *, again: bool) -> DialPlan | None:
        if not self._applet.url:
            return None if again else plan_for(list(self._applet.numbers))
        if again and self._variant.overlapping_polls:
            answer, _ = await asyncio.gather(self._ask(self._applet.url), self._ask(self._applet.url))
        else:
            answer = await self._ask(self._applet.url)
        if answer.status != 200 and self._applet.fallback_url:
            answer = await self._ask(self._applet.fallback_url)
        return self._read(answer)

    async def _ask(self, url: str) -> Answer:
        query = call_params(self._call, self._clock, self._variant) | agent_params(self._call.transfer.legs)
        headers = {"Exotel-Version": "1.0"}
        answer = await self._webhooks.get(url, query, timeout_s=self._applet.timeout_s, headers=headers)
        self._call.note("connect_asked", answer=answer.status)
        if answer.seconds > _SLOW_S:
            self._broke("slow-connect", f"{answer.seconds:.1f} s")
        return answer

    def _read(self, answer: Answer) -> DialPlan | None:
        if answer.status != 200:
            self._broke("connect-answer", f"status {answer.status} {answer.error}".strip())
            return None
        try:
            return read_plan(answer)
        except ValueError as error:
            self._broke("connect-answer", str(error))
            return None

    async def _ring(self, plan: DialPlan) -> AgentLeg | None:
        """Ring the numbers, one after another or at once, until one answers."""
        parallel = plan.parallel_ringing
        at_once = parallel.max_parallel_attempts if parallel and parallel.activate else 1
        numbers = plan.destination.numbers
        for first in range(0, len(numbers), at_once):
            legs = [AgentLeg(normalise(number)) for number in numbers[first : first + at_once]]
            self._call.transfer.legs += legs
            answered = await unless(self._call.hung_up, self._ring_together(legs, plan))
            for leg in legs:
                if leg.status == "ringing":
                    await self._end(leg, plan, "canceled", "NA")
            if answered or self._call.hung_up.is_set():
                return answered
        return None

    async def _ring_together(self, legs: list[AgentLeg], plan: DialPlan) -> AgentLeg | None:
        ringing = {asyncio.create_task(self._ring_one(leg, plan)) for leg in legs}
        try:
            while ringing:
                done, ringing = await asyncio.wait(ringing, return_when=asyncio.FIRST_COMPLETED)
                if answered := next((leg for task in done if (leg := task.result())), None):
                    return answered
        finally:
            for task in ringing:
                task.cancel()
            await asyncio.gather(*ringing, return_exceptions=True)
        return None

    async def _ring_one(self, leg: AgentLeg, plan: DialPlan) -> AgentLeg | None:
        pickup = self._agent(leg).pickup
        leg.dialled_at = self._clock.now()
        await self._report(leg, plan, "Dial")
        await self._report(leg, plan, "Ringing")
        await asyncio.sleep(min(pickup.delay_s, plan.max_ringing_duration))
        if pickup.kind != "answers" or pickup.delay_s > plan.max_ringing_duration:
            await self._end(leg, plan, pickup.kind if pickup.kind != "answers" else "no-answer", "NA")
            return None
        leg.status, leg.answered_at = "in-progress", self._clock.now()
        await self._report(leg, plan, "Answered")
        return leg

    async def _talk(self, leg: AgentLeg, plan: DialPlan) -> None:
        longest = min(self._agent(leg).talk_s, plan.max_conversation_duration)
        await unless(self._call.hung_up, asyncio.sleep(longest))
        await self._end(leg, plan, "completed", "customer" if self._call.hung_up.is_set() else "agent")

    async def _end(self, leg: AgentLeg, plan: DialPlan, status: str, by: str) -> None:
        leg.status, leg.ended_by, leg.ended_at = status, by, self._clock.now()
        await self._report(leg, plan, "Terminal")

    async def _report(self, leg: AgentLeg, plan: DialPlan, event: str) -> None:
        self._call.note(f"agent_{event.lower()}", status=leg.status)
        if not plan.dial_passthru_event_url:
            return
        fields = call_params(self._call, self._clock, self._variant) | {
            "EventType": event,
            "DialWhomNumber": written(leg.number, self._variant),
            "DialCallStatus": leg.status,
            "Status": leg.status,
        }
        answer = await self._webhooks.get(plan.dial_passthru_event_url, fields, timeout_s=self._applet.timeout_s)
        if not answer.accepted:
            self._broke("callback-status", f"dial event {event}: {answer.status} {answer.error}".strip())

    def _agent(self, leg: AgentLeg) -> Agent:
        return self._people.agents.get(leg.number, Agent())

    def _broke(self, rule: str, detail: str) -> None:
        self._call.findings.add(rule, self._clock.now() - self._call.began, detail)
