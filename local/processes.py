"""Our own programs as child processes: started in order, told apart in the log, stopped in reverse order or with us."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from local.leash import leashed
from local.server_process import CannotStart

START_TIMEOUT_S: Final = 30.0
STOP_TIMEOUT_S: Final = 15.0
_LINES_SHOWN: Final = 15
# What runs on this machine is reached directly, also where the way out is a proxy.
_NO_PROXY: Final = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}

Ready = Callable[[], Awaitable[bool]]
"""Asks a program whether it is ready; False, or any `OSError`, means not yet."""
Sink = Callable[[str, str], None]
"""Takes a program's name and one line that it printed."""


@dataclass(frozen=True)
class Program:
    """A program of ours, as it is started."""

    name: str
    arguments: Sequence[str]
    """What follows `python`, such as ("-m", "services.speech")."""
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Ready | None = None
    """How to know that it is ready; None when it is as soon as it runs."""


class Processes:
    """Programs that run until they are stopped. When one ends by itself, `failed` is set and says which."""

    def __init__(
        self, log_directory: Path, sink: Sink | None = None, environment: Mapping[str, str] | None = None
    ) -> None:
        """Write each program's lines to a file of its own below `log_directory`, and hand them to `sink` too.

        `environment`, or our own without one, is told to all, and goes behind what a program is told itself.
        """
        self._directory, self._sink = log_directory, sink
        self._environment = os.environ if environment is None else environment
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._stopping: set[str] = set()
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def start(self, program: Program) -> None:
        """Start `program` and wait until it is ready; `CannotStart` ends with the last lines that it printed."""
        process = await asyncio.create_subprocess_exec(
            *leashed([sys.executable, *program.arguments]),
            env={**self._environment, **_NO_PROXY, **program.environment, "PYTHONUNBUFFERED": "1"},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for us; we stop the others in order
        )
        self._running[program.name] = process
        self._stopping.discard(program.name)
        self._readers[program.name] = asyncio.create_task(self._read(program.name, process), name=program.name)
        if program.ready:
            await self._wait_until_ready(program, process)

    def pid(self, name: str) -> int:
        """Return the process id of a program that runs."""
        return self._running[name].pid

    async def stop(self, name: str) -> None:
        """Tell one program to stop, wait, and kill it when it does not."""
        await self._end(name, signal.SIGTERM)

    async def kill(self, name: str) -> None:
        """Kill one program without a warning, as a machine that fails would."""
        await self._end(name, signal.SIGKILL)

    async def stop_all(self) -> None:
        """Stop every program, the last started first."""
        for name in reversed(list(self._running)):
            await self.stop(name)

    async def _end(self, name: str, how: signal.Signals) -> None:
        process = self._running.pop(name, None)
        if process is None:
            return
        self._stopping.add(name)
        if process.returncode is None:
            process.send_signal(how)
            try:
                async with asyncio.timeout(STOP_TIMEOUT_S):
                    await process.wait()
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)
                await process.wait()
        await self._readers.pop(name)

    async def _read(self, name: str, process: asyncio.subprocess.Process) -> None:
        assert process.stdout  # noqa: S101 -- asked for above; tells the type checker
        with self._log(name) as file:
            async for line in process.stdout:
                with contextlib.suppress(OSError):  # a full disk must not leave the pipe unread
                    file.write(line)
                if self._sink:
                    self._sink(name, line.decode(errors="replace").rstrip())
        code = await process.wait()
        if name not in self._stopping and not self.failed.done():
            self.failed.set_result(f"{name} ended by itself with code {code}")

    async def _wait_until_ready(self, program: Program, process: asyncio.subprocess.Process) -> None:
        assert program.ready  # noqa: S101 -- the caller has looked
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                while process.returncode is None:
                    if await _ask(program.ready):
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise CannotStart(self._explain(program.name, f"was not ready within {START_TIMEOUT_S:g} s")) from None
        raise CannotStart(self._explain(program.name, f"ended with code {process.returncode}"))

    def _log(self, name: str) -> BinaryIO:
        """Open a program's log; nowhere, when somebody has taken the folder away or lets nobody write there."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return self.log_of(name).open("ab", buffering=0)
        except OSError:
            return Path(os.devnull).open("ab", buffering=0)

    def log_of(self, name: str) -> Path:
        """Return the file that holds what `name` printed."""
        return self._directory / f"{name}.log"

    def _explain(self, name: str, what: str) -> str:
        log = self.log_of(name)
        lines = log.read_text(errors="replace").splitlines()[-_LINES_SHOWN:] if log.exists() else []
        return "\n".join([f"{name} {what}. The end of {log}:", *lines])


async def _ask(ready: Ready) -> bool:
    try:
        return await ready()
    except OSError:
        return False
