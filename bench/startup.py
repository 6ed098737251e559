"""How long each service takes from its process to ready, against an empty `python`.

Starts the whole system once, with its databases and emulated providers, then each service again and again, one at a
time. Prints a table: the median, the slowest, how many times `python -c pass` of the same run, and the seconds of one
core; on a busy machine only the last tells of the service. Ends with 1 when a median is above two seconds.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bench.lines import table
from local.cases import Cases
from local.providers import Providers
from local.system import System, running

ALLOWED_S: Final = 2.0
SERVICES: Final = ("customers", "dialog", "speech", "telephony", "dashboard", "dialer")
EMPTY: Final = "python -c pass"
_EMULATED: Final = Providers(sarvam=False, exotel=False, bedrock=False)


class Start(NamedTuple):
    """One start."""

    seconds: float
    """Until it was ready."""
    core_s: float
    """Of one core, of the process itself."""


def empty_python() -> Start:
    """Start an interpreter that has nothing to do, and wait for its end."""
    before, began = _of_children(), time.perf_counter()
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return Start(time.perf_counter() - began, _of_children() - before)


def _of_children() -> float:
    times = os.times()
    return times.children_user + times.children_system


async def start(system: System, name: str) -> Start:
    """Stop a service, and start it again until it says that it is ready."""
    await system.processes.stop(name)
    began = time.perf_counter()
    await system.start(name)
    return Start(time.perf_counter() - began, _core_seconds(system.processes.pid(name)))


def _core_seconds(pid: int) -> float:
    """Return what a process has used so far, by the kernel's own account."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    user, system = fields[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


async def measure(folder: Path, rounds: int) -> Mapping[str, Sequence[Start]]:
    """Return the starts of each service, and those of an empty interpreter."""
    starts: dict[str, list[Start]] = {name: [] for name in (EMPTY, *SERVICES)}
    async with running(folder, Cases((), {}), _EMULATED, None) as system:
        for _ in range(rounds):
            starts[EMPTY].append(empty_python())
            for name in SERVICES:
                starts[name].append(await start(system, name))
    return starts


def seconds(starts: Sequence[Start]) -> float:
    """Return the median."""
    return statistics.median(start.seconds for start in starts)


def report(starts: Mapping[str, Sequence[Start]]) -> str:
    """Return the table."""
    rows = [
        (
            name,
            f"{seconds(each):.2f}",
            f"{max(start.seconds for start in each):.2f}",
            f"{seconds(each) / seconds(starts[EMPTY]):.0f}",
            f"{statistics.median(start.core_s for start in each):.2f}",
        )
        for name, each in starts.items()
    ]
    return table(("start to ready", "median s", "slowest s", "times python", "core s"), rows)


def too_slow(starts: Mapping[str, Sequence[Start]]) -> Sequence[str]:
    """Return what is above what is allowed."""
    return [name for name, each in starts.items() if seconds(each) > ALLOWED_S]


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench startup", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="starts of each service, of which the median counts")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "logs").mkdir()
        starts = asyncio.run(measure(Path(folder), options.rounds))
    print(report(starts))
    slow = too_slow(starts)
    if slow:
        print(f"Above {ALLOWED_S:g} s: {', '.join(slow)}")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
