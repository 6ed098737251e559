"""What a process costs, asked of the kernel; how long its loop keeps others waiting, asked from outside."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

import aiohttp
import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

PROBES_A_SECOND: Final = 40
_CPUCLOCK_SCHED: Final = 2


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process with all its threads, to the microsecond (/proc has hundredths of a second)."""
    return time.clock_gettime((~pid << 3) | _CPUCLOCK_SCHED)


def cpu_of(pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Return the CPU seconds of each service."""
    return {name: sum(map(cpu_s, of)) for name, of in pids.items()}


def busy_s(cores: Iterable[int]) -> float:
    """Return the seconds that cores have worked, for whomever, and that their host took from them."""
    wanted, ticks = {f"cpu{core}" for core in cores}, 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *numbers = line.split()
        if name in wanted:
            user, nice, system, _idle, _waiting, *rest = map(int, numbers)
            ticks += user + nice + system + sum(rest[:3])
    return ticks / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    """Return the memory of a process, its share of shared pages included, in MB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


def memory_of(pids: Mapping[str, Iterable[int]]) -> dict[str, float]:
    """Return the memory of each service."""
    return {name: sum(map(pss_mb, of)) for name, of in pids.items()}


def descriptors(pid: int) -> int:
    """Count the open files and sockets of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


def threads(pid: int) -> int:
    """Count the threads of a process."""
    return sum(1 for _ in Path(f"/proc/{pid}/task").iterdir())


Ask = Callable[[], Awaitable[None]]


class Probe:
    """Asks a process for a sign of life forty times a second; the answer comes when its loop has time for it.

    What is measured includes the question's own way, some tenths of a millisecond, and the asker's lateness.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._waits: list[tuple[float, float]] = []

    def taken(self) -> list[tuple[float, float]]:
        """Return (when asked, seconds until the answer) since the last time."""
        taken, self._waits = self._waits, []
        return taken

    async def run(self) -> None:
        """Ask for ever; cancel it to stop."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            asked = loop.time()
            try:
                await self._ask()
                self._waits.append((asked, loop.time() - asked))
            except (grpc.aio.AioRpcError, aiohttp.ClientError, OSError, TimeoutError):
                self._waits.append((asked, float("inf")))
            due = max(due + 1 / PROBES_A_SECOND, loop.time() - 1)
            await asyncio.sleep(max(0.0, due - loop.time()))


def ask_grpc(channel: grpc.aio.Channel, service: str) -> Ask:
    """Ask the gRPC health service, which every loop answers itself."""
    check = health_pb2_grpc.HealthStub(channel).Check
    request = health_pb2.HealthCheckRequest(service=f"{service}-liveness")

    async def ask() -> None:
        await check(request, timeout=10)

    return ask


def ask_http(client: aiohttp.ClientSession, url: str) -> Ask:
    """Ask for a page, over a connection that stays open."""

    async def ask() -> None:
        async with client.get(url) as answer:
            await answer.read()

    return ask
