"""Has files read by a process of their own: a hostile file can neither stall nor fill the one that serves."""

import asyncio
import sys
from dataclasses import replace
from datetime import date
from typing import Final

from services.customers.findings import BadFile, Findings
from services.customers.model import CleanFile

CHECK_SECONDS: Final = 60.0


class ProcessFileChecker:
    """Runs `check_file` as a program, one at a time, and kills it when it takes too long."""

    def __init__(self, timeout_s: float = CHECK_SECONDS) -> None:
        self._timeout_s = timeout_s
        self._turn = asyncio.Lock()

    async def check(self, data: bytes, *, lender_name: str, today: date) -> CleanFile:
        """Read a file; `BadFile` when it cannot be read as a whole, or not within time and memory."""
        async with self._turn:
            output = await self._run(data, "--lender", lender_name, "--today", today.isoformat())
        told, _, lines = output.partition(b"\n")
        findings = Findings.model_validate_json(told).root
        if isinstance(findings, CleanFile):
            return replace(findings, lines=lines)
        raise BadFile(*findings)

    async def _run(self, data: bytes, *arguments: str) -> bytes:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.customers.check_file", *arguments,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(self._timeout_s):
                output, _ = await process.communicate(data)
        except TimeoutError as error:
            raise BadFile("FILE_UNREADABLE", f"The file could not be read within {self._timeout_s:g} s.") from error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise BadFile("FILE_UNREADABLE", "The file could not be read.")
        return output
