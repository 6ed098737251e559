"""Whether calls leave anything behind: they come and go for minutes, and what the processes hold ends as it began.

First a minute of calls warms caches and pools up, and everything is counted: memory, tasks, threads, open files and
sockets, and keys in Redis. Then calls come and go. Then it is counted again. Memory is looked at all the while: a
store fills up and an allocator finds its size, so that it may grow at first, but not in the second half. Ends with 1
when something was left.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any, Final

import redis.asyncio

from bench.lines import table
from bench.load.borrower import Story
from bench.load.drive import Driver, stop
from bench.load.meters import descriptors, memory_of, threads
from bench.load.rig import Cores, Latencies, Rig, on_cores, punctual, running
from bench.load.speech import Stock
from bench.load.watched import VARIABLE
from local.processes import Program
from local.server_process import CannotStart

WARM_UP_S: Final = 60.0
RESTS_S: Final = 15.0
"""Time in which what is over may be put away."""
MEMORY_EVERY_S: Final = 5.0
MEMORY_MB: Final = 4.0
"""By so much, and the share, the second half's end may be above its beginning: the allocator keeps pieces."""
MEMORY_SHARE: Final = 0.02
FEW: Final = 2
"""Tasks, threads and keys that may come and go at any moment: a ping, a warm socket."""
POOLED: Final = 12
"""Files: pools keep as many connections as were ever needed at once, and that may be reached late."""
_NO_END: Final = -1
BRISK_MS: Final = 30
"""For a character: we speak twice as fast as a person, so that calls are half as long, and twice as many."""


@dataclass(frozen=True, slots=True)
class Count:
    """What is held at one moment."""

    memory_mb: Mapping[str, float]
    tasks: Mapping[str, Mapping[str, int]]
    threads: Mapping[str, int]
    files: Mapping[str, int]
    lasting_keys: Mapping[str, int]
    """Redis keys that never expire, with the number of their members."""
    expiring_keys: Mapping[str, int]
    """Those that do, by their first two parts."""


class Soak:
    """One soak."""

    def __init__(self, rig: Rig, driver: Driver, folder: Path) -> None:
        self._rig, self._driver, self._folder = rig, driver, folder
        self._pids = {name: rig.system.processes.pid(name) for name in (*rig.telephonies, "speech", "dialog")}
        self.stories: list[Story] = []
        self.memory: list[Mapping[str, float]] = []
        """Megabytes of each process, every `MEMORY_EVERY_S`, since `watch_memory` began."""

    async def watch_memory(self) -> None:
        """Look at the memory now and then, until cancelled."""
        while True:
            self.memory.append(self.memory_now())
            await asyncio.sleep(MEMORY_EVERY_S)

    def memory_now(self) -> Mapping[str, float]:
        """Return the megabytes of each process."""
        return memory_of({name: [pid] for name, pid in self._pids.items()})

    async def come_and_go(self, calls: int, seconds: float) -> None:
        """Keep so many calls alive, each followed by another, and place as many as are used up."""
        await self._driver.ring(calls + 4)
        holding = asyncio.create_task(self._driver.hold(self.stories, calls, max(2.0, calls / 8)), name="hold")
        end = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < end:
            await asyncio.sleep(1)
            wanting = max(4, calls // 4) - len(self._driver.ready)
            if wanting > 0:
                await self._driver.ring(wanting)
        await stop(holding)
        held = await self._driver.end_all()
        if held:
            print(f"The product still holds {held} calls.", file=sys.stderr)

    async def count(self) -> Count:
        """Count what is held now."""
        tasks = {name: await self._tasks(name, pid) for name, pid in self._pids.items()}
        client: Any = redis.asyncio.Redis.from_url(self._rig.system.redis_url, decode_responses=True)
        async with client:
            lasting, expiring = await _keys(client)
        return Count(
            self.memory_now(),
            tasks,
            {name: threads(pid) for name, pid in self._pids.items()},
            {name: descriptors(pid) for name, pid in self._pids.items()},
            lasting,
            expiring,
        )

    async def _tasks(self, name: str, pid: int) -> Mapping[str, int]:
        target = self._folder / f"{name}.tasks"
        target.unlink(missing_ok=True)
        os.kill(pid, signal.SIGUSR2)
        for _ in range(500):  # it takes a moment, and as long as the loop is busy
            if target.exists():
                break
            await asyncio.sleep(0.02)
        found: Mapping[str, int] = json.loads(target.read_text(encoding="utf-8"))
        return found


async def _keys(client: Any) -> tuple[dict[str, int], dict[str, int]]:
    lasting: dict[str, int] = {}
    expiring: dict[str, int] = {}
    async for key in client.scan_iter(count=1000):
        if await client.ttl(key) != _NO_END:
            kind = ":".join(key.split(":")[:2])
            expiring[kind] = expiring.get(kind, 0) + 1
        else:
            size = {"zset": client.zcard, "set": client.scard, "hash": client.hlen, "list": client.llen}
            measure = size.get(await client.type(key), client.strlen)
            lasting[key] = await measure(key)
    return lasting, expiring


def differences(before: Count, after: Count) -> list[str]:
    """Return what was left behind, in words."""
    left = []
    for what, allowed_more in (("threads", FEW), ("files", POOLED)):
        for name, number in getattr(after, what).items():
            if number > getattr(before, what)[name] + allowed_more:
                left.append(f"{name} holds {number} {what}, {getattr(before, what)[name]} before")
    for name, tasks in after.tasks.items():
        if sum(tasks.values()) > sum(before.tasks[name].values()) + FEW:
            more = {kind: number for kind, number in tasks.items() if number > before.tasks[name].get(kind, 0)}
            left.append(f"{name} holds {sum(tasks.values())} tasks; more than before: {more}")
    for key, size in after.lasting_keys.items():
        if size > before.lasting_keys.get(key, 0) + FEW:
            left.append(f"Redis: {key} has {size} members, {before.lasting_keys.get(key, 0)} before")
    return left


def growth(memory: Sequence[Mapping[str, float]]) -> list[str]:
    """Return which processes' memory has grown over the second half, in words: by the medians of its first and last
    third.
    """
    second = memory[len(memory) // 2 :]
    third = max(1, len(second) // 3)
    left = []
    for name in second[0]:
        began, ended = (median(held[name] for held in part) for part in (second[:third], second[-third:]))
        if ended > began * (1 + MEMORY_SHARE) + MEMORY_MB:
            left.append(f"{name} went on growing: {began:.0f} MB at half time, {ended:.0f} at the end")
    return left


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m bench soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long calls come and go (10)")
    parser.add_argument("--calls", type=int, default=30, help="at once: 60 %% of what `bench load` found (30)")
    parser.add_argument("--warm-up", type=float, default=WARM_UP_S, help=f"seconds of calls before ({WARM_UP_S:g})")
    parser.add_argument("--nice", type=int, default=0, help="of all processes (0)")
    parser.add_argument("--keep", type=Path, help="folder for logs; a temporary one otherwise")
    return parser.parse_args()


async def soak(options: argparse.Namespace, folder: Path) -> bool:
    """Soak, print, and tell whether nothing was left."""
    stock, book = Stock(20), folder / "book.json"
    stock.write_book(book)
    all_cores = frozenset(os.sched_getaffinity(0))
    cores = Cores(frozenset({0}), all_cores - {0} or all_cores)

    def watched(program: Program) -> Program:
        _, service, *rest = program.arguments
        environment = {VARIABLE: str(folder / f"{program.name}.tasks"), "SPEECH_MEMORY_MB": "16"}
        arguments = ("-m", "bench.load.watched", service, *rest)
        return replace(program, arguments=arguments, environment={**program.environment, **environment})

    async with AsyncExitStack() as stack:
        rig = await stack.enter_async_context(
            running(folder, book, cores, Latencies(), milliseconds_a_character=BRISK_MS, adapt=watched)
        )
        stack.enter_context(on_cores(cores.rest))
        stack.enter_context(punctual())
        driver = await stack.enter_async_context(Driver.started(rig, stock))
        soaking = Soak(rig, driver, folder)
        await soaking.come_and_go(options.calls, options.warm_up)
        await asyncio.sleep(RESTS_S)
        before = await soaking.count()
        soaking.stories.clear()
        watching = asyncio.create_task(soaking.watch_memory(), name="watch memory")
        await soaking.come_and_go(options.calls, 60 * options.minutes)
        await stop(watching)
        await asyncio.sleep(RESTS_S)
        return report(before, await soaking.count(), soaking)


def report(before: Count, after: Count, soaking: Soak) -> bool:
    """Print what was held before, meanwhile and after; tell whether nothing was left and no call was dropped."""
    stories, memory = soaking.stories, soaking.memory
    rows = [
        [name, f"{before.memory_mb[name]:.0f} -> {after.memory_mb[name]:.0f}",
         f"{sum(before.tasks[name].values())} -> {sum(after.tasks[name].values())}",
         f"{before.threads[name]} -> {after.threads[name]}", f"{before.files[name]} -> {after.files[name]}"]
        for name in after.memory_mb
    ]  # fmt: skip
    print(table(["", "memory MB", "tasks", "threads", "files"], rows))
    tenths = [memory[round(at * (len(memory) - 1) / 10)] for at in range(11)]
    print("Memory, in tenths of the time:")
    print(table(["", *(f"{at}0 %" for at in range(11))], [[n, *(f"{at[n]:.0f}" for at in tenths)] for n in memory[0]]))
    print(f"Redis, keys that last: {dict(before.lasting_keys)} -> {dict(after.lasting_keys)}")
    print(f"Redis, keys that expire: {dict(before.expiring_keys)} -> {dict(after.expiring_keys)}")
    dropped = [story.dropped for story in stories if story.dropped]
    print(f"{len(stories)} calls, {sum(story.by_us for story in stories)} to their end, {len(dropped)} dropped.")
    left = [*growth(memory), *differences(before, after)]
    for line in (*left, *dropped[:5]):
        print(line)
    return not left and not dropped


def main() -> int:
    """Soak; 1 when something was left."""
    options = parse_arguments()
    os.setpriority(os.PRIO_PROCESS, 0, options.nice)
    with tempfile.TemporaryDirectory(prefix="bench-soak-") as temporary:
        folder = options.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        try:
            return 0 if asyncio.run(soak(options, folder)) else 1
        except CannotStart as problem:
            print(problem, file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
