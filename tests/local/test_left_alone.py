"""Whoever starts programs may be killed at any moment; nothing of theirs may stay."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.server_process import Account

ROOT = Path(__file__).parents[2]
PROGRAMS = 11
"""Postgres, Redis, three emulators, four services, the dialer and the dashboard."""
STARTS_ONE = """
import asyncio, pathlib, sys
from local.processes import Processes, Program

async def main() -> None:
    processes = Processes(pathlib.Path(sys.argv[1]))
    await processes.start(Program("one", ["-c", "import time\\nwhile True: time.sleep(0.05)"]))
    print(processes.pid("one"), flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def until(holds: Callable[[], bool], within: float = 30.0) -> None:
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 -- strangers, who tell nobody when they end
            await asyncio.sleep(0.05)


def stat(pid: int) -> tuple[str, int, str]:
    """State, parent and time of birth of a process."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return fields[0], int(fields[1]), fields[19]


def alive(pid: int, born: str) -> bool:
    try:
        state, _, birth = stat(pid)
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX" and birth == born  # the number may be somebody else's by now


def processes() -> dict[int, tuple[str, int, str]]:
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            found[int(entry.name)] = stat(int(entry.name))
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has just ended
    return found


def below(root: int) -> dict[int, str]:
    """All processes that `root` has started, and those that these have, with their times of birth."""
    everybody, family = processes(), {root}
    while more := {pid for pid, (_, parent, _) in everybody.items() if parent in family} - family:
        family |= more
    return {pid: everybody[pid][2] for pid in family - {root}}


async def killed(parent: asyncio.subprocess.Process) -> None:
    parent.kill()
    await parent.wait()


async def test_a_program_ends_when_whoever_started_it_is_killed(tmp_path: Path) -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTS_ONE, str(tmp_path), cwd=ROOT, stdout=subprocess.PIPE
    )
    assert parent.stdout
    pid = int(await parent.stdout.readline())
    born = stat(pid)[2]
    await killed(parent)
    await until(lambda: not alive(pid, born))


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A place for the temporary files of what is killed, open to Postgres' user too."""
    with tempfile.TemporaryDirectory(prefix="open-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.mark.timeout(180)
async def test_nothing_of_a_whole_system_stays_when_it_is_killed(tmp_path: Path, temporary: Path) -> None:
    command = [sys.executable, "-m", "local", "up", "--folder", str(tmp_path / "run")]
    with (tmp_path / "printed").open("wb") as printed:
        parent = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env={**os.environ, "TMPDIR": str(temporary)}, stdout=printed, stderr=printed
        )
    try:
        await until(
            lambda: b"Everything runs" in (tmp_path / "printed").read_bytes() or parent.returncode is not None, 90
        )
        family = below(parent.pid)
    finally:
        await killed(parent)
    assert len(family) >= PROGRAMS, (tmp_path / "printed").read_text()
    await until(lambda: not any(alive(pid, born) for pid, born in family.items()))


def test_a_program_is_started_with_no_signal_ignored_but_those_that_we_were_told_to_ignore() -> None:
    look = ["grep", "SigIgn", "/proc/self/status"]
    plain = subprocess.run(look, capture_output=True, text=True, check=True)
    assert Account(os.geteuid(), os.getegid()).run(look).stdout == plain.stdout
