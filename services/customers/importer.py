"""Imports customer files: each file once, good rows only, and a true record of what became of it."""

import asyncio
import hashlib
from datetime import date
from typing import Final

import structlog

from services.customers.cells import read_name
from services.customers.findings import MAX_BYTES, BadCell, BadFile
from services.customers.model import ImportResult
from services.customers.ports import FileChecker, Upload, Uploads
from voicekit.clock import INDIA, Now, utc_now
from voicekit.errors import InvalidInput, ProviderDown, VoiceError

log = structlog.get_logger(__name__)

IMPORT_SECONDS: Final = 120.0
"""How long an import may take. One that is recorded as under way for much longer has died with its process."""


class Importer:
    """Takes whole files."""

    def __init__(self, uploads: Uploads, checker: FileChecker, now: Now = utc_now) -> None:
        self._uploads, self._checker, self._now = uploads, checker, now
        self._running: set[asyncio.Task[ImportResult]] = set()

    async def run(self, filename: str, lender_name: str, data: bytes) -> ImportResult:
        """Import a file and say what became of it; the same file for the same lender changes nothing.

        An import that has begun goes on when its caller is cancelled, so that the record stays true.
        Raises `InvalidInput` for a file that cannot be read as a whole, `WrongState` while the same one is imported.
        """
        if not 1 <= len(filename) <= 255:
            raise InvalidInput("1 to 255 characters", "filename")
        if len(data) > MAX_BYTES:
            raise BadFile("FILE_TOO_LARGE", f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB.")
        lender = _lender(lender_name)
        upload = await self._uploads.begin(filename, lender, hashlib.sha256(data).hexdigest())
        if upload.earlier:
            return upload.earlier
        task = asyncio.create_task(self._import(upload, lender, data), name="import")
        self._running.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    async def drain(self) -> None:
        """Wait for imports under way."""
        await asyncio.gather(*self._running, return_exceptions=True)

    def _ended(self, task: asyncio.Task[ImportResult]) -> None:
        self._running.discard(task)
        if task.cancelled() or task.exception():  # seen here, since the caller may be gone
            log.warning("A file was not imported.")

    async def _import(self, upload: Upload, lender: str, data: bytes) -> ImportResult:
        try:
            async with asyncio.timeout(IMPORT_SECONDS):
                checked = await self._checker.check(data, lender_name=lender, today=self._today())
                result = await self._uploads.finish(upload.id, checked)
        except TimeoutError as error:
            await self._uploads.fail(upload.id, f"not done within {IMPORT_SECONDS:.0f} s")
            raise ProviderDown("the import took too long") from error
        except Exception as error:
            await self._uploads.fail(upload.id, str(error) if isinstance(error, VoiceError) else type(error).__name__)
            raise
        log.info("A file was imported.", upload_id=upload.id, rows=result.total_rows, rejected=result.rejected_rows)
        return result

    def _today(self) -> date:
        return self._now().astimezone(INDIA).date()


def _lender(name: str) -> str:
    try:
        return read_name(name)
    except BadCell as error:
        raise InvalidInput("who lends is said in every call, so it cannot be empty", "lender_name") from error
