"""Imports customer files: each file once, good rows only, and a true record of what became of it."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from datetime import date
from typing import Final

import structlog

from services.customers.cells import read_name
from services.customers.findings import MAX_BYTES, BadCell, BadFile
from services.customers.ports import FileChecker, Upload, Uploads
from services.customers.upload_model import CleanFile, ImportResult, Phase, Progress, Report, UploadReport
from voicekit.clock import INDIA, Now, utc_now
from voicekit.errors import InvalidInput, Overloaded, ProviderDown, VoiceError

log = structlog.get_logger(__name__)

MAX_AT_ONCE: Final = 10
"""Files that are in memory at once, one that is read and others that wait for it."""
LOOK_SECONDS: Final = 0.5
"""How often the progress of an import is noted, and looked at by who follows it."""
ALIVE_SECONDS: Final = 5.0
"""How often an import notes that it is under way, also when it gets no further."""
_OURS: Final = (
    "The file was not imported through a mistake of ours: send it again, and tell us when that does not help."
)


class Importer:
    """Takes whole files; `uploads` is the record of what became of them."""

    def __init__(self, uploads: Uploads, checker: FileChecker, now: Now = utc_now) -> None:
        self.uploads, self._checker, self._now = uploads, checker, now
        self._running: dict[int, asyncio.Task[None]] = {}
        self._closing = asyncio.Event()

    async def start(self, filename: str, lender_name: str, data: bytes) -> Upload:
        """Begin to import a file and say under which id. What becomes of it stands in the record.

        Of the same file for the same lender, only the first is imported; the others are told its id, and confirm it.
        An import goes on when its caller is cancelled. Raises `InvalidInput` for what is no file at all.
        """
        if not 1 <= len(filename) <= 255:
            raise InvalidInput("1 to 255 characters", "filename")
        if len(data) > MAX_BYTES:
            raise BadFile("FILE_TOO_LARGE", f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB.")
        lender = _lender(lender_name)
        if len(self._running) >= MAX_AT_ONCE:
            raise Overloaded("too many files are being imported: send it again in a minute")
        upload = await self.uploads.begin(filename, lender, hashlib.sha256(data).hexdigest())
        if upload.is_new:
            task = asyncio.create_task(self._import(upload.id, lender, data), name=f"import {upload.id}")
            self._running[upload.id] = task
            task.add_done_callback(lambda _: self._ended(upload.id))
        return upload

    async def run(self, filename: str, lender_name: str, data: bytes) -> ImportResult:
        """Import a file and say what became of it; the same file for the same lender changes no borrower.

        Raises `InvalidInput` for a file that cannot be imported, `ProviderDown` when it may be sent again.
        """
        upload = await self.start(filename, lender_name, data)
        if task := self._running.get(upload.id):
            await asyncio.shield(task)
        else:
            async for report in self.follow(upload.id):
                if report.phase is Phase.FAILED:
                    raise (
                        BadFile(report.failure_code, report.failure)
                        if report.failure_code
                        else ProviderDown(report.failure)
                    )
        return await self._result(upload)

    async def follow(self, upload_id: int) -> AsyncGenerator[UploadReport]:
        """Yield how far an upload is, at once and at each change, until it has ended; `NotFound`.

        Raises `ProviderDown` when this process is about to end.
        """
        last: UploadReport | None = None
        while True:
            report = await self.uploads.get(upload_id)
            if report != last:
                last = report
                yield report
            if report.ended:
                return
            if self._closing.is_set():
                raise ProviderDown("the service is about to end: ask again")
            if upload_id not in self._running:
                await self.uploads.fail_abandoned()
            await self._next_look(upload_id)

    def close(self) -> None:
        """Tell all who follow an upload that this process is about to end; imports go on."""
        self._closing.set()

    async def drain(self) -> None:
        """Wait for imports under way."""
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _result(self, upload: Upload) -> ImportResult:
        report = await self.uploads.get(upload.id)
        problems, more = await self.uploads.problems(upload.id)
        known = report.total_rows - report.error_count
        return ImportResult(
            upload_id=upload.id,
            total_rows=report.total_rows,
            imported_rows=report.imported_count if upload.is_new else 0,
            updated_rows=report.updated_count if upload.is_new else 0,
            duplicate_rows=report.duplicate_count if upload.is_new else known,
            rejected_rows=report.error_count,
            problems=problems,
            more_problems=more,
            ignored_columns=report.ignored_columns,
            customer_ids=await self.uploads.customer_ids(upload.id),
            already_imported=not upload.is_new,
        )

    async def _next_look(self, upload_id: int) -> None:
        """Wait for a while, or until the import ends here, or this process."""
        closing = asyncio.create_task(self._closing.wait())
        try:
            task = self._running.get(upload_id)
            await asyncio.wait(
                [closing, task] if task else [closing], timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            closing.cancel()

    def _ended(self, upload_id: int) -> None:
        task = self._running.pop(upload_id)
        if task.cancelled() or task.exception():  # seen here, since the caller may be gone
            log.warning("A file was not imported.", upload_id=upload_id)

    async def _import(self, upload_id: int, lender: str, data: bytes) -> None:
        progress = _Told()
        telling = asyncio.create_task(self._tell(upload_id, progress), name=f"progress of {upload_id}")
        try:
            checked = await self._checker.check(
                data, lender_name=lender, today=self._today(), tell=progress.note_checked
            )
            progress.note_clean(checked)
            await self.uploads.finish(upload_id, checked, progress.note_written)
        except BadFile as error:
            await self._note_failure(upload_id, str(error), error.code, error.report)
            raise
        except Exception as error:
            await self._note_failure(upload_id, str(error) if isinstance(error, VoiceError) else _OURS)
            raise
        finally:
            telling.cancel()
            await asyncio.wait([telling])
            await self._checker.prepare()
        found = checked.report
        log.info("A file was imported.", upload_id=upload_id, rows=found.total_rows, rejected=found.rejected_rows)

    async def _tell(self, upload_id: int, progress: "_Told") -> None:
        """Note the progress of an import as it changes, and every few seconds that it is under way."""
        loop = asyncio.get_running_loop()
        last, at = None, loop.time()
        while True:
            now = progress.now()
            if now != last or loop.time() >= at + ALIVE_SECONDS:
                last, at = now, loop.time()
                with contextlib.suppress(VoiceError):  # the record is away for a moment; what counts is the end
                    await self.uploads.progress(upload_id, now)
            await asyncio.sleep(LOOK_SECONDS)

    async def _note_failure(self, upload_id: int, why: str, code: str = "", report: Report | None = None) -> None:
        try:
            await self.uploads.fail(upload_id, why, code, report)
        except VoiceError:  # it will be found to be abandoned
            log.warning("That an import failed could not be noted.", upload_id=upload_id)

    def _today(self) -> date:
        return self._now().astimezone(INDIA).date()


class _Told:
    """How far an import is, as those say who are at it."""

    def __init__(self) -> None:
        self._now = Progress(Phase.RECEIVED)

    def note_checked(self, checked: int, total: int) -> None:
        """Note how many rows were checked, and of how many."""
        self._now = Progress(Phase.CHECKING, total, checked)

    def note_clean(self, checked: CleanFile) -> None:
        """Note that all rows were checked."""
        total = checked.report.total_rows
        self._now = Progress(Phase.WRITING, total, total)

    def note_written(self, rows: int) -> None:
        """Note how many rows were sent to the record."""
        self._now = replace(self._now, written_rows=rows)

    def now(self) -> Progress:
        """Return how far it is."""
        return self._now


def _lender(name: str) -> str:
    try:
        return read_name(name)
    except BadCell as error:
        raise InvalidInput("who lends is said in every call, so it cannot be empty", "lender_name") from error
