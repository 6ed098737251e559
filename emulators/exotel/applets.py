"""Runs a flow: one applet after another, until it ends or the customer has gone."""

import asyncio
import random
from collections.abc import Callable

from yarl import URL

from emulators.exotel.call import Call
from emulators.exotel.clock import Clock
from emulators.exotel.connect import Connector
from emulators.exotel.ear import Ear
from emulators.exotel.flow import HANGUP, Applet, Connect, Flow, Greeting, Passthru, Voicebot
from emulators.exotel.params import agent_params, call_params, stream_params
from emulators.exotel.persona import People
from emulators.exotel.pulse import unless
from emulators.exotel.stream import Stream, StreamOutcome
from emulators.exotel.variant import Variant
from emulators.exotel.webhooks import Answer, Webhooks
from emulators.voices import synthesise

_MOST_APPLETS = 30
_RESOLVER_TIMEOUT_S = 5.0
_SLOW_RESOLVER_S = 1.0
_SLOW_PASSTHRU_S = 0.5


class FlowRunner:
    """Knows what each applet does."""

    def __init__(
        self,
        *,
        people: Callable[[], People],
        webhooks: Webhooks,
        clock: Clock,
        variant: Variant,
        sids: random.Random,
        stream_is_free: Callable[[], bool],
    ) -> None:
        self._people = people
        self._webhooks = webhooks
        self._clock = clock
        self._variant = variant
        self._sids = sids
        self._stream_is_free = stream_is_free

    async def run(self, call: Call, flow: Flow) -> None:
        """Take an answered call through the flow, then hang up."""
        name, outcome = flow.start, None
        async with asyncio.TaskGroup() as background:
            for _ in range(_MOST_APPLETS):
                applet = flow.applets.get(name)
                if applet is None or not self._runs(call, applet):
                    break
                call.note("applet", applet=name)
                match applet:
                    case Voicebot():
                        outcome = await self._voicebot(call, applet)
                        name = applet.next
                    case Passthru(wait=True):
                        name = await self._passthru(call, applet, outcome)
                    case Passthru():
                        background.create_task(self._passthru(call, applet, outcome))
                        name = applet.on_200
                    case Connect():
                        outcome = None
                        name = applet.answered if await self._connect(call, applet) else applet.unanswered
                    case Greeting():
                        await self._greet(call, applet)
                        name = applet.next
            call.hang_up("system", HANGUP)

    def _runs(self, call: Call, applet: Applet) -> bool:
        """After the customer has gone, only Passthru is left to run, if the variant says so."""
        return not call.hung_up.is_set() or (isinstance(applet, Passthru) and self._variant.passthru_after_hangup)

    async def _voicebot(self, call: Call, applet: Voicebot) -> StreamOutcome:
        sid = f"{self._sids.getrandbits(128):032x}"
        if not self._stream_is_free():
            return StreamOutcome(sid, "", "failed", "NA", detailed_status="Streaming_call_throttled")
        url = applet.url if URL(applet.url).scheme in ("ws", "wss") else await self._resolve(call, applet.url)
        if not url:
            return StreamOutcome(sid, applet.url, "failed", "NA", error="3009 failed to establish ws conn: no url")
        if call.hung_up.is_set():
            return StreamOutcome(sid, url, "cancelled", "user")
        stream = Stream(sid, call, url, self._variant)
        call.streams.append(stream)
        return await stream.run()

    async def _resolve(self, call: Call, url: str) -> str:
        params = call_params(call, self._clock, self._variant)
        if self._variant.resolver_method == "POST":
            answer = await self._webhooks.post_form(url, params, timeout_s=_RESOLVER_TIMEOUT_S)
        else:
            answer = await self._webhooks.get(url, params, timeout_s=_RESOLVER_TIMEOUT_S)
        call.note("resolver_asked", answer=answer.status)
        if answer.seconds > _SLOW_RESOLVER_S:
            self._broke(call, "slow-resolver", f"{answer.seconds:.1f} s")
        body = answer.json()
        found = body.get("url") if answer.status == 200 and isinstance(body, dict) else None
        if isinstance(found, str) and found.startswith(("ws://", "wss://")):
            self._check_privacy(call, found)
            return found
        self._broke(call, "resolver", f"status {answer.status} {answer.error}".strip())
        return ""

    async def _passthru(self, call: Call, applet: Passthru, outcome: StreamOutcome | None) -> str:
        params = call_params(call, self._clock, self._variant) | agent_params(call.transfer.legs)
        if outcome:
            params |= stream_params(outcome, self._variant)
        if self._variant.passthru_method == "POST":
            answer = await self._webhooks.post_form(applet.url, params, timeout_s=applet.timeout_s)
        else:
            answer = await self._webhooks.get(applet.url, params, timeout_s=applet.timeout_s)
        self._judge_passthru(call, answer)
        call.note("passthru_answered", answer=answer.status)
        return applet.on_200 if answer.status == 200 else applet.otherwise

    def _judge_passthru(self, call: Call, answer: Answer) -> None:
        if answer.status not in (200, 302):
            self._broke(call, "passthru-status", f"{answer.status} {answer.error}".strip())
        if answer.seconds > _SLOW_PASSTHRU_S:
            self._broke(call, "slow-passthru", f"{1000 * answer.seconds:.0f} ms")

    async def _connect(self, call: Call, applet: Connect) -> bool:
        return await Connector(
            call,
            applet,
            people=self._people(),
            webhooks=self._webhooks,
            clock=self._clock,
            variant=self._variant,
        ).run()

    async def _greet(self, call: Call, applet: Greeting) -> None:
        pcm = synthesise(applet.text, applet.language)
        ear = Ear(8000, self._clock.now(), call.pulse)
        call.ears.append(ear)
        ear.receive(pcm, self._clock.now())
        await unless(call.hung_up, asyncio.sleep(len(pcm) / 16000))
        ear.close(self._clock.now())

    def _check_privacy(self, call: Call, url: str) -> None:
        if call.request.customer[-10:] in url:
            self._broke(call, "personal-data", "the socket's URL")

    def _broke(self, call: Call, rule: str, detail: str) -> None:
        call.findings.add(rule, self._clock.now() - call.began, detail)
