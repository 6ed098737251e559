"""Has files read by a process of their own: a hostile file can neither stall nor fill the one that serves."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import IO, Final

import structlog

from services.customers.checking import MARK, READY, Ask, Message
from services.customers.findings import BadFile
from services.customers.upload_model import CleanFile
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

CHECK_SECONDS: Final = 60.0
COMMAND: Final = (sys.executable, "-m", "services.customers.check_process")
_END_SECONDS: Final = 5.0
_MAY_KNOW: Final = ("PATH", "PYTHONPATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "HOME", "TMPDIR")
"""Of the environment, what the process is told: no secret is among it."""
_TELLING: Final = re.compile(
    rf"{MARK}[\w.: ]+|memory allocation of \d+ bytes failed|Fatal Python error: [\w ]+|OpenBLAS [\w :]+"
)
"""Last words that cannot hold anything out of a file."""

Tell = Callable[[int, int], None]
"""Is told how many rows have been checked, and of how many."""


class _DiedError(Exception):
    """The process ended without a whole answer."""

    def __init__(self, *, through_file: bool) -> None:
        super().__init__()
        self.through_file = through_file
        """Whether it was the file that ended it, as far as can be told."""


class ProcessFileChecker:
    """Gives each file to a process of its own, one at a time, and kills it when it takes too long.

    One process may be kept ready: to start one takes longer than to check most files.
    """

    def __init__(self, timeout_s: float = CHECK_SECONDS, command: Sequence[str] = COMMAND) -> None:
        self._timeout_s, self._command = timeout_s, command
        self._turn = asyncio.Lock()
        self._spare: _Process | None = None

    async def check(
        self, data: bytes, *, lender_name: str, today: date, tell: Tell = lambda _checked, _total: None
    ) -> CleanFile:
        """Read a file; `BadFile` when it cannot be read as a whole, or not within time and memory.

        Raises `ProviderDown` when no process comes up to read it.
        """
        ask = Ask(lender_name=lender_name, today=today)
        async with self._turn:
            try:
                return await self._ask(ask, data, tell)
            except _DiedError:
                log.warning("The file is given to another process.")
                return await self._ask_again(ask, data, tell)

    async def prepare(self) -> None:
        """Keep a process ready for the next file, unless one is being read."""
        if not self._turn.locked():
            async with self._turn:
                with contextlib.suppress(ProviderDown):  # the next file will find out
                    self._spare = await self._ready_process()

    async def wait_until_ready(self) -> None:
        """Keep a process ready, and wait until it has come up; for who measures what a file takes after that."""
        await self.prepare()
        async with self._turn:
            if self._spare:
                await asyncio.to_thread(self._spare.come_up)

    async def close(self) -> None:
        """End the process that is kept ready."""
        async with self._turn:
            if self._spare:
                await asyncio.to_thread(self._spare.end)
            self._spare = None

    async def _ask_again(self, ask: Ask, data: bytes, tell: Tell) -> CleanFile:
        try:
            return await self._ask(ask, data, tell)
        except _DiedError as error:
            if error.through_file:
                raise BadFile("FILE_UNREADABLE", "The file could not be read.") from error
            raise ProviderDown("files cannot be read at present: try again") from error

    async def _ask(self, ask: Ask, data: bytes, tell: Tell) -> CleanFile:
        loop = asyncio.get_running_loop()

        def tell_here(checked: int, total: int) -> None:
            loop.call_soon_threadsafe(tell, checked, total)

        process = await self._ready_process()
        asking = loop.run_in_executor(None, process.check, ask, data, tell_here)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await asyncio.shield(asking)
        except TimeoutError as error:
            raise BadFile("FILE_UNREADABLE", f"The file could not be read within {self._timeout_s:g} s.") from error
        finally:
            process.kill()
            await asyncio.wait([asking])
            asking.exception()  # seen here, where nobody waits for it any more

    async def _ready_process(self) -> "_Process":
        spare, self._spare = self._spare, None
        if spare and spare.alive:
            return spare
        if spare:
            spare.end()
        try:
            return await asyncio.to_thread(_Process, self._command)
        except OSError as error:
            log.warning("No process to read files can be started.", error=str(error))
            raise ProviderDown("files cannot be read at present: try again") from error


class _Process:
    """One process, which checks one file. A thread talks to it.

    The event loop does not start it: uvloop forks, and the handlers that gRPC has installed for a fork abort some of
    the children before they become another program. `subprocess` starts them without these handlers.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._is_up = False
        known = {name: os.environ[name] for name in _MAY_KNOW if name in os.environ}
        with contextlib.ExitStack() as undo:
            self._errors = undo.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(  # noqa: S603  the command is ours
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=known | {"OPENBLAS_NUM_THREADS": "1"},
            )
            undo.pop_all()  # it has started: `end` closes all

    @property
    def alive(self) -> bool:
        """Whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """Kill it, if it still lives."""
        self._process.kill()

    def end(self) -> None:
        """Kill it, if it still lives, and let go of all that is its."""
        self._process.kill()
        with contextlib.suppress(OSError), self._errors, self._process:
            pass

    def come_up(self) -> None:
        """Wait until it takes a file; `_DiedError` when it does not come up."""
        if not self._is_up and _pipe(self._process.stdout).readline() != READY:
            self._note_end(had_file=False)
            raise _DiedError(through_file=False)
        self._is_up = True

    def check(self, ask: Ask, data: bytes, tell: Tell) -> CleanFile:
        """Have a file checked; `BadFile`, and `_DiedError` when there is no whole answer."""
        try:
            self.come_up()
            try:
                self._give(ask, data)
                return self._hear(tell)
            except (OSError, ValueError) as error:  # a pipe broke, or what came through it is no answer of ours
                # Nobody but the system kills in this way, and it does so when the machine's memory is used up.
                raise _DiedError(through_file=self._note_end(had_file=True) != -signal.SIGKILL) from error
        finally:
            self.end()

    def _give(self, ask: Ask, data: bytes) -> None:
        with _pipe(self._process.stdin) as told:
            told.write(ask.model_dump_json().encode() + b"\n")
            told.write(data)

    def _hear(self, tell: Tell) -> CleanFile:
        heard = _pipe(self._process.stdout)
        for line in heard:
            message = Message.model_validate_json(line)
            if message.progress:
                tell(message.progress.checked_rows, message.progress.total_rows)
            if found := message.found:
                lines, rejected = _exactly(heard, found.lines_bytes), _exactly(heard, found.rejected_bytes)
                if found.clean:
                    return replace(found.clean, lines=lines, report=replace(found.clean.report, rejected=rejected))
                if found.bad:
                    report = found.bad.report and replace(found.bad.report, rejected=rejected)
                    raise BadFile(found.bad.code, found.bad.message, report)
        raise OSError("its answer has no end")

    def _note_end(self, *, had_file: bool) -> int | None:
        """Log how it ended, and its last words where they hold nothing out of the file; return its code."""
        try:
            code: int | None = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        self._errors.seek(0)
        said = self._errors.read().decode(errors="replace").splitlines()
        told = [line for line in said if _TELLING.fullmatch(line)] if had_file else said
        last = told[-1][:200] if told else ""
        log.warning("The process that reads files gave no answer.", code=code, had_file=had_file, last_words=last)
        return code


def _exactly(heard: IO[bytes], size: int) -> bytes:
    data = heard.read(size)
    if len(data) != size:
        raise OSError("its answer is cut off")
    return data


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None  # noqa: S101  each was asked for
    return pipe
