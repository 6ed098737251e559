"""The telephone exchange: places calls, lets phones ring, and takes those that answer through their flow."""

import asyncio
import random
from collections import deque
from collections.abc import Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Self

import structlog
from aiohttp import web

from emulators.exotel.applets import FlowRunner
from emulators.exotel.call import Call, CallRequest
from emulators.exotel.callbacks import Callbacks
from emulators.exotel.caller import Caller
from emulators.exotel.clock import Clock
from emulators.exotel.flow import Flow
from emulators.exotel.numbers import normalise
from emulators.exotel.options import ApiFault, Options
from emulators.exotel.persona import Agent, People, Persona
from emulators.exotel.pulse import Pulse, unless
from emulators.exotel.recording import record
from emulators.exotel.webhooks import Webhooks

log = structlog.get_logger(__name__)


class Exotel:
    """An emulated account. Enter it inside a running loop; `serve` opens its API on a port."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calls: dict[str, Call] = {}
        """All calls by sid, the oldest first."""
        self.faults: deque[ApiFault] = deque()
        """What goes wrong with the next requests to `Calls/connect`, one each."""
        self.url = ""
        """Base URL of the API once served, without a slash at the end."""
        self._random = random.Random(options.seed)
        self._unseen: list[Call] = []
        self._placed = Pulse()
        self._finished: deque[Call] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._crashes: list[BaseException] = []

    async def __aenter__(self) -> Self:
        self.clock = Clock(self.options.started)
        self._webhooks = Webhooks()
        self.callbacks = Callbacks(self._webhooks, self.clock, self.options.variant, self.options.habits)
        self._flows = FlowRunner(
            people=lambda: self.options.people,
            webhooks=self._webhooks,
            clock=self.clock,
            variant=self.options.variant,
            sids=self._random,
            stream_is_free=lambda: self.active_streams < self.options.max_streams,
        )
        self._runner: web.AppRunner | None = None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._runner:
            await self._runner.cleanup()
        await self._webhooks.close()
        if self._crashes and error is None:
            raise BaseExceptionGroup("the emulator failed", self._crashes)

    async def serve(self, app: web.Application, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve the API (`app.build`) and return its base URL; port 0 takes a free one."""
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self.url = f"http://{host}:{self._runner.addresses[0][1]}"
        return self.url

    @property
    def active_streams(self) -> int:
        """How many streams are live."""
        return sum(call.stream is not None for call in self.calls.values())

    async def next_call(self, number: str = "", *, timeout_s: float = 60.0) -> Call:
        """Wait for the next call that is placed (to that person), and return it while the phone still rings.

        Each call is returned once; `TimeoutError` when none comes.
        """
        wanted = normalise(number) if number else ""
        async with asyncio.timeout(timeout_s):
            while True:
                for call in self._unseen:
                    if wanted in ("", call.request.customer):
                        self._unseen.remove(call)
                        return call
                await self._placed.wait()

    def rings(self, number: str) -> int:
        """Count the calls that were placed to a person."""
        return sum(
            call.request.customer == normalise(number) and call.request.direction == "outbound-api"
            for call in self.calls.values()
        )

    def set_persona(self, number: str, *personas: Persona) -> None:
        """Say who has a number: one persona for each call from now on in turn, the last one for all later calls."""
        past = tuple(self.persona_of(number) for _ in range(self.rings(number)))
        people = self.options.people
        self.options.people = replace(people, personas={**people.personas, normalise(number): past + personas})

    def set_agent(self, number: str, agent: Agent) -> None:
        """Say how a human agent's phone behaves."""
        people = self.options.people
        self.options.people = replace(people, agents={**people.agents, normalise(number): agent})

    def add_people(self, people: People) -> None:
        """Add personas and agents, in place of those that had the same numbers."""
        for number, personas in people.personas.items():
            self.set_persona(number, *personas)
        for number, agent in people.agents.items():
            self.set_agent(number, agent)

    def persona_of(self, number: str) -> Persona:
        """Tell who picks up the next call to a number."""
        personas = self.options.people.personas.get(normalise(number), ())
        return personas[min(self.rings(number), len(personas) - 1)] if personas else self.options.default_persona

    def flow_of(self, app_id: str) -> Flow | None:
        """Find a flow by its app id."""
        return self.options.flows.get(app_id) or self.options.flows.get("default")

    def place(self, request: CallRequest) -> Call:
        """Place an outgoing call."""
        persona = self.persona_of(request.customer)
        busy = [c for c in self.calls.values() if c.request.customer == request.customer and not c.over.is_set()]
        call = self._create(request, persona)
        if busy:
            call.findings.add("double-dial", 0.0, f"call {busy[0].sid[:8]} still went on")
        if request.customer[-10:] in request.custom_field + request.status_callback:
            call.findings.add("personal-data", 0.0, "CustomField or StatusCallback")
        self._spawn(self._ring(call))
        return call

    def dial_in(self, number: str, *, persona: Persona | None = None, exophone: str = "") -> Call:
        """Let a person ring the ExoPhone: the default flow answers at once."""
        request = CallRequest(
            customer=normalise(number),
            exophone=exophone or self.options.exophones[0],
            app_id="default",
            direction="incoming",
        )
        call = self._create(request, persona or self.persona_of(number))
        self._spawn(self._answer(call))
        return call

    def _create(self, request: CallRequest, persona: Persona) -> Call:
        sid = f"{self._random.getrandbits(128):032x}"
        call = Call(sid, self.options.account_sid, request, seed=self._random.getrandbits(32))
        call.caller = Caller(call, persona)
        self.calls[sid] = call
        call.note("created", direction=request.direction)
        self._unseen.append(call)
        self._placed.beat()
        return call

    async def _ring(self, call: Call) -> None:
        persona = call.caller.persona
        call.status = "ringing"
        call.note("ringing")
        kind, delay_s = persona.pickup.kind, persona.pickup.delay_s
        if persona.dnd == "failed":
            kind, delay_s = "failed", 1.0
        await unless(call.hung_up, asyncio.sleep(min(delay_s, call.request.ring_s)))
        if call.hung_up.is_set():  # the customer rejects the call
            await self._finish(call, "busy")
        elif kind == "answers" and delay_s <= call.request.ring_s:
            await self._answer(call)
        else:
            late = delay_s > call.request.ring_s or kind == "answers"
            await self._finish(call, "no-answer" if late else kind)

    async def _answer(self, call: Call) -> None:
        flow = self.flow_of(call.request.app_id)
        call.status, call.answered_at = "in-progress", self.clock.now()
        call.note("answered")
        self._spawn(self.callbacks.report(call, "answered"))
        acting = asyncio.create_task(self._act(call))
        limit = asyncio.get_running_loop().call_later(call.request.time_limit_s, call.hang_up, "carrier", "time limit")
        try:
            if flow:
                await self._flows.run(call, flow)
        finally:
            limit.cancel()
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
        await self._finish(call, "completed")

    async def _act(self, call: Call) -> None:
        try:
            await call.caller.act()
        except AssertionError as error:
            call.note("caller_gave_up", reason=str(error))
        except Exception as error:
            self._crashes.append(error)
            log.exception("The caller failed.")

    async def _finish(self, call: Call, status: str) -> None:
        call.status, call.ended_at = status, self.clock.now()
        call.hung_up.set()
        call.over.set()
        call.note("ended", status=status, findings=sorted(call.findings.rules()))
        if self.options.record_dir and call.answered_at is not None:
            record(call, self.options.record_dir)
        self._finished.append(call)
        if len(self._finished) > self.options.keep_audio:
            self._finished.popleft().forget()
        await self.callbacks.report(call, "terminal")

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._reap)

    def _reap(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._crashes.append(error)
            log.error("A call failed.", exc_info=error)
