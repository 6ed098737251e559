"""One run: N calls are placed, answered one after another, held at N for a while, and ended."""

import asyncio
import gc
import itertools
import json
import random
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from bench.load.beat import Beat
from bench.load.borrower import Borrower, Story
from bench.load.clients import Desk, index_of
from bench.load.exchange import Exchange, Order
from bench.load.meters import Probe, ask_grpc, ask_http, busy_s, cpu_of, memory_of
from bench.load.rig import Rig
from bench.load.speech import NOISES, Stock
from local.system import WEBHOOK_SECRET
from voicekit.rpc import channel

ANSWERS_A_SECOND: Final = 15
SHORTEST_RAMP_S: Final = 2.0
SETTLE_S: Final = 3.0
CALL_S: Final = 35.0
"""A call lasts a little longer; so many phones ring that nobody has to be called in the window."""
QUIET_S: Final = 0.6
FEW: Final = 5
"""Under so many calls a window is twice as long, or hardly a turn would fall into it."""
PROBED: Final = 1 / 3
"""Share of the window, its last, in which loops are asked for signs of life: after CPU was counted, for it costs."""
INTERRUPT: Final = 1 / 3
"""Share of the borrowers who interrupt."""


@dataclass(slots=True)
class Run:
    """What one run showed. Times are the loop's."""

    calls: int
    frame_ms: int
    begins: float = 0.0
    ends: float = 0.0
    """Of the measured window."""
    counted: float = 0.0
    """Until when, from `begins`, CPU was counted."""
    stories: list[Story] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)
    """Of each service, in the window."""
    beside_s: dict[str, float] = field(default_factory=dict)
    """Of what else works for the calls."""
    generator_s: float = 0.0
    busy_s: float = 0.0
    """Of the product's cores, for whomever."""
    memory_mb: dict[str, float] = field(default_factory=dict)
    placing_cpu_s: dict[str, float] = field(default_factory=dict)
    placed: int = 0
    late: list[tuple[float, float, int]] = field(default_factory=list)
    waits: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """Probes of each service."""
    provider_log: list[dict[str, Any]] = field(default_factory=list)
    model_asked: int = 0
    """Requests to the model in the window."""
    never_ended: int = 0
    """Calls that the product still held when all were over."""


async def stop(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for it; what it failed with before is raised."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


class Driver:
    """Drives a rig through runs."""

    def __init__(self, rig: Rig, stock: Stock) -> None:
        self._rig, self._stock = rig, stock
        self._numbers = itertools.count(1)
        self._log_read = 0
        self.ready: deque[tuple[Order, Borrower]] = deque()
        self.probes: dict[str, Probe] = {}

    @classmethod
    @asynccontextmanager
    async def started(cls, rig: Rig, stock: Stock) -> AsyncIterator["Driver"]:
        """Put the generator in the carrier's place."""
        driver = cls(rig, stock)
        async with AsyncExitStack() as stack:
            driver.beat = Beat(stock.frame_ms)
            driver.exchange = await stack.enter_async_context(Exchange(driver.beat, WEBHOOK_SECRET))
            await driver.exchange.serve(rig.system.ports.exotel)
            driver.desk = Desk(rig, stock.borrowers)
            stack.push_async_callback(driver.desk.close)
            driver.client = await stack.enter_async_context(aiohttp.ClientSession())
            driver._make_probes(stack)
            try:
                yield driver
            finally:
                driver.exchange.refuse_all()
                driver.exchange.hang_up_all()
                await driver.exchange.settle()
                driver.beat.stop()

    beat: Beat
    exchange: Exchange
    desk: Desk
    client: aiohttp.ClientSession

    async def idle(self, seconds: float) -> dict[str, float]:
        """Return CPU-seconds a second of each service that has no call."""
        before = cpu_of(self._rig.measured)
        await asyncio.sleep(seconds)
        after = cpu_of(self._rig.measured)
        return {name: (after[name] - before[name]) / seconds for name in after}

    async def run(self, calls: int, seconds: float) -> Run:
        """Make one run."""
        run = Run(calls, self._stock.frame_ms)
        seconds *= 2 if calls < FEW else 1
        ramp_s = max(SHORTEST_RAMP_S, calls / ANSWERS_A_SECOND)
        replaced = calls * (ramp_s / 2 + SETTLE_S + seconds) / CALL_S
        await self._place(run, calls + round(replaced) + 1)
        gc.collect()
        gc.freeze()
        gc.disable()
        holding = asyncio.create_task(self.hold(run.stories, calls, ramp_s), name="hold")
        try:
            await asyncio.sleep(ramp_s + SETTLE_S)
            await self._measure(run, seconds)
        finally:
            gc.enable()
            gc.unfreeze()
            await stop(holding)
        run.never_ended = await self.end_all()
        run.provider_log = self.read_log()
        return run

    async def _place(self, run: Run, count: int) -> None:
        """Have phones ring, and wait until everything that is made beforehand is made."""
        before = cpu_of(self._rig.measured)
        run.placed = await self.ring(count)
        await self._quiet()
        after = cpu_of(self._rig.measured)
        run.placing_cpu_s = {name: after[name] - before[name] for name in after}

    async def ring(self, count: int) -> int:
        """Have so many more phones ring, each with a borrower beside it; return how many do."""
        customers = await self.desk.upload(count)
        rings = await self.desk.place(customers)
        known = {order.sid for order, _ in self.ready}
        self.ready.extend((each, self._borrower(each)) for each in self.exchange.ringing if each.sid not in known)
        return rings

    async def _quiet(self) -> None:
        """Wait until the provider is asked nothing any more."""
        sizes = [-1, -2, -3]
        while sizes[-1] != sizes[-2] or sizes[-2] != sizes[-3]:
            sizes.append(self._rig.provider_log.stat().st_size)
            await asyncio.sleep(QUIET_S)

    async def hold(self, stories: list[Story], calls: int, ramp_s: float) -> None:
        """Have borrowers pick up, spread over the ramp, each followed by another when the call is over."""

        async def line(after: float) -> None:
            await asyncio.sleep(after)
            while self.ready:
                order, borrower = self.ready.popleft()
                stories.append(borrower.story)
                await self.exchange.answer(order, borrower)
                await borrower.over.wait()

        async with asyncio.TaskGroup() as lines:
            for index in range(calls):
                lines.create_task(line(index * ramp_s / calls), name="line")

    async def _measure(self, run: Run, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        measured, beside, ours = self._rig.measured, self._rig.beside, {"generator": [0]}
        asked = await self._model_requests()
        self.beat.late.clear()
        busy = busy_s(self._rig.cores.product)
        before, before_beside, before_ours = cpu_of(measured), cpu_of(beside), cpu_of(ours)
        run.begins = loop.time()
        await asyncio.sleep(seconds * (1 - PROBED))
        after, after_beside, after_ours = cpu_of(measured), cpu_of(beside), cpu_of(ours)
        run.counted = loop.time()
        run.busy_s = busy_s(self._rig.cores.product) - busy
        run.waits = await self._ask(seconds * PROBED)
        run.ends = loop.time()
        run.late = list(self.beat.late)
        run.cpu_s = {name: after[name] - before[name] for name in after}
        run.beside_s = {name: after_beside[name] - before_beside[name] for name in after_beside}
        run.generator_s = after_ours["generator"] - before_ours["generator"]
        run.memory_mb = await asyncio.to_thread(memory_of, measured)
        run.model_asked = await self._model_requests() - asked

    async def end_all(self) -> int:
        """End what is left, wait until the product knows it, and return how many calls it still holds."""
        self.ready.clear()
        self.exchange.hang_up_all()
        self.exchange.refuse_all()
        await self.exchange.settle()
        held = await self.desk.live_calls()
        for _ in range(60):
            if not held:
                break
            await asyncio.sleep(0.25)
            held = await self.desk.live_calls()
        return held

    def _borrower(self, order: Order) -> Borrower:
        """Make who picks up; the language follows from the state that was uploaded."""
        number, index = next(self._numbers), index_of(order.phone)
        borrowers = self._stock.borrowers
        chance = random.Random(number)
        noise, interrupts = chance.choice(NOISES), chance.random() < INTERRUPT
        return Borrower(number, borrowers[index % len(borrowers)], noise, self._stock, interrupts=interrupts)

    def _make_probes(self, stack: AsyncExitStack) -> None:
        ports = self._rig.system.ports
        for name, web in zip(self._rig.telephonies, self._rig.webs, strict=True):
            self.probes[name] = Probe(ask_http(self.client, f"{web}/healthz"))
        for name in ("speech", "dialog"):
            to = channel(f"127.0.0.1:{getattr(ports, name)}", "")
            stack.push_async_callback(to.close)
            self.probes[name] = Probe(ask_grpc(to, name))

    async def _ask(self, seconds: float) -> dict[str, list[tuple[float, float]]]:
        """Ask all loops for signs of life, for so long."""
        asking = [asyncio.create_task(probe.run(), name="probe") for probe in self.probes.values()]
        await asyncio.sleep(seconds)
        for task in asking:
            task.cancel()
        await asyncio.wait(asking)
        return {name: probe.taken() for name, probe in self.probes.items()}

    async def _model_requests(self) -> int:
        url = f"http://127.0.0.1:{self._rig.system.ports.bedrock}/emulator/requests"
        async with self.client.get(url) as answer:
            body = await answer.json()
        return len(body["requests"] if isinstance(body, dict) else body)

    def read_log(self) -> list[dict[str, Any]]:
        """Return what the provider wrote since the last time."""
        with self._rig.provider_log.open("rb") as file:
            file.seek(self._log_read)
            data = file.read()
        self._log_read += len(data)
        return [json.loads(line) for line in data.splitlines()]
