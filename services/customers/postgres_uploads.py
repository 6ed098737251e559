"""Uploaded files, as Postgres keeps them."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import asyncpg

from services.customers.ports import Rejected, Upload
from services.customers.postgres import Database
from services.customers.rejects import unpack
from services.customers.upload_model import (
    CleanFile,
    FileFormat,
    LoanRow,
    Phase,
    Problem,
    Progress,
    Report,
    UploadReport,
)
from voicekit.errors import NotFound, WrongState

if TYPE_CHECKING:
    from services.customers.postgres import Connection

BULK_SECONDS: Final = 60.0
MAX_IDS: Final = 10_000
ABANDONED: Final = timedelta(seconds=60)
"""An import that has said nothing for so long has died with its process; it says something every few seconds."""
KEEP_REPORTS: Final = timedelta(days=30)
"""How long rejected rows and reasons are kept; they hold names and phones. The counts stay."""
_PIECE: Final = 256 * 1024
SELECT_UPLOAD: Final = """
    SELECT
        id, filename, lender_name, upload_time, status, failure, failure_code, total_rows, processed_count,
        imported_count, updated_count, duplicate_count, error_count, warning_count, phase, checked_count, written_count,
        format, ignored_columns, kept_rejected_count, finished_at, confirmed_at
    FROM file_uploads
"""
_UPSERT: Final = """
    WITH changed AS (
        SELECT s.* FROM staged AS s LEFT JOIN customers AS c USING (lender_name, loan_id)
        WHERE (c.name, c.phone_number, c.state, c.amount_paise, c.due_date)
                IS DISTINCT FROM (s.name, s.phone_number, s.state, s.amount_paise, s.due_date)
            OR (s.language_code <> '' AND s.language_code <> c.language_code)
            OR (s.alternate_phone <> '' AND s.alternate_phone <> c.alternate_phone)
            OR NOT c.details @> s.details
    ), written AS (
        INSERT INTO customers AS c (
            name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code,
            alternate_phone, details
        )
        SELECT
            name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code,
            alternate_phone, details
        FROM changed
        ORDER BY lender_name COLLATE "C", loan_id COLLATE "C" -- imports at once lock rows in the same order
        ON CONFLICT (lender_name, loan_id) DO UPDATE SET
            name = EXCLUDED.name,
            phone_number = EXCLUDED.phone_number,
            state = EXCLUDED.state,
            amount_paise = EXCLUDED.amount_paise,
            due_date = EXCLUDED.due_date,
            -- what a file does not say is no reason to forget it
            language_code = COALESCE(NULLIF(EXCLUDED.language_code, ''), c.language_code),
            alternate_phone = COALESCE(NULLIF(EXCLUDED.alternate_phone, ''), c.alternate_phone),
            details = c.details || EXCLUDED.details,
            call_status = CASE -- another instalment is due: whoever was called about the last one may be called again
                WHEN is_final(c.call_status) AND EXCLUDED.due_date <> c.due_date THEN 'ready'
                ELSE c.call_status
            END
        RETURNING xmax = 0 AS is_new -- a row that an INSERT made has never been locked
    )
    SELECT count(*) FILTER (WHERE is_new) AS imported, count(*) FILTER (WHERE NOT is_new) AS updated FROM written
"""


class PostgresUploads:
    """The files that were uploaded."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, filename: str, lender_name: str, sha256: str) -> Upload:
        """Note that a file has come; one that was imported before is confirmed by it."""
        await self.fail_abandoned()
        await self.forget_old_reports()
        # The update changes nothing but the moment: what the file says of its borrowers is the lender's word once more.
        query = """
            INSERT INTO file_uploads AS f (filename, lender_name, sha256) VALUES ($1, $2, $3)
            ON CONFLICT (lender_name, sha256) WHERE status <> 'failed' DO UPDATE SET confirmed_at = calling_now()
            RETURNING id, xmax = 0 AS is_new
        """
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query, filename, lender_name, sha256)
        assert row is not None  # noqa: S101  it returns the row that was there, or the new one
        return Upload(row["id"], is_new=row["is_new"])

    async def fail_abandoned(self) -> None:
        """Note that imports have failed whose process has died."""
        query = """
            UPDATE file_uploads SET
                status = 'failed', phase = 'failed', finished_at = calling_now(),
                failure = 'The import was interrupted, and nothing of the file was taken: send it again.'
            WHERE status = 'processing' AND alive_at < now() - $1::interval
        """
        async with self._database.connection() as connection:
            await connection.execute(query, ABANDONED)

    async def forget_old_reports(self) -> None:
        """Forget what stood in the cells of files that are old: nobody mends them any more."""
        query = """
            WITH old AS (
                UPDATE file_uploads SET error_report = '[]', more_problems = 0, kept_rejected_count = 0
                WHERE finished_at < calling_now() - $1::interval AND (error_report <> '[]' OR kept_rejected_count > 0)
                RETURNING id
            )
            DELETE FROM upload_rejects AS r USING old WHERE r.upload_id = old.id
        """
        async with self._database.connection() as connection:
            await connection.execute(query, KEEP_REPORTS)

    async def progress(self, upload_id: int, progress: Progress) -> None:
        """Note how far an import is, and that it is under way."""
        query = """
            UPDATE file_uploads
            SET phase = $2, total_rows = $3, checked_count = $4, written_count = $5, alive_at = now()
            WHERE id = $1 AND status = 'processing'
        """
        counts = (progress.total_rows, progress.checked_rows, progress.written_rows)
        async with self._database.connection() as connection:
            await connection.execute(query, upload_id, progress.phase, *counts)

    async def finish(self, upload_id: int, checked: CleanFile, tell: Callable[[int], None]) -> None:
        """Put a file's good rows on record, all of them or, when this fails, none; `tell` how many have been sent."""
        async with self._database.transaction() as connection:
            await _stage(connection, checked.lines, tell)
            counts = await connection.fetchrow(_UPSERT, timeout=BULK_SECONDS)
            assert counts is not None  # noqa: S101  an aggregate returns a row
            await _note_rows(connection, upload_id)
            await _complete(connection, upload_id, checked, counts["imported"], counts["updated"])
            await _keep_rejected(connection, upload_id, checked.report)

    async def fail(self, upload_id: int, why: str, code: str = "", report: Report | None = None) -> None:
        """Note that a file was not imported, and what was found in it."""
        query = """
            UPDATE file_uploads SET
                status = 'failed', phase = 'failed', failure = $2, failure_code = $3, written_count = 0,
                total_rows = $4, error_count = $5, warning_count = $6, format = $7, header = $8, ignored_columns = $9,
                error_report = $10, more_problems = $11, kept_rejected_count = $12, finished_at = calling_now()
            WHERE id = $1 AND status = 'processing'
            RETURNING id
        """
        found = report or Report()
        async with self._database.transaction() as connection:
            rejected = found.rejected_rows
            if await connection.fetchval(query, upload_id, why, code, found.total_rows, rejected, *_columns(found)):
                await _keep_rejected(connection, upload_id, found)

    async def get(self, upload_id: int) -> UploadReport:
        """Return how far an upload is; `NotFound`."""
        return to_upload(await self._row(f"{SELECT_UPLOAD} WHERE id = $1", upload_id))

    async def problems(self, upload_id: int) -> tuple[list[Problem], int]:
        """Return what is wrong with a file, and how many problems there are besides; `NotFound`."""
        row = await self._row("SELECT error_report, more_problems FROM file_uploads WHERE id = $1", upload_id)
        return [Problem(**problem) for problem in json.loads(row["error_report"])], row["more_problems"]

    async def customer_ids(self, upload_id: int) -> list[int]:
        """Return the first borrowers that a file names, in its order."""
        query = "SELECT customer_id FROM upload_customers WHERE upload_id = $1 ORDER BY row_number LIMIT $2"
        return [row["customer_id"] for row in await self._database.fetch(query, upload_id, MAX_IDS)]

    async def rejected(self, upload_id: int) -> Rejected:
        """Return the rows that were left out; `NotFound`."""
        upload = await self.get(upload_id)
        query = """
            SELECT f.header, r.rows FROM file_uploads AS f LEFT JOIN upload_rejects AS r ON r.upload_id = f.id
            WHERE f.id = $1
        """
        row = await self._row(query, upload_id)
        return Rejected(upload, row["header"], unpack(row["rows"] or b""))

    async def _row(self, query: str, upload_id: int) -> asyncpg.Record:
        row = await self._database.fetchrow(query, upload_id)
        if row is None:
            raise NotFound("there is no such upload")
        return row


def to_upload(row: asyncpg.Record) -> UploadReport:
    """Make an upload of a row of `SELECT_UPLOAD`."""
    return UploadReport(**{**row, "phase": Phase(row["phase"]), "format": FileFormat(row["format"])})


async def _stage(connection: "Connection", lines: bytes, tell: Callable[[int], None]) -> None:
    await connection.execute(
        """
        CREATE TEMPORARY TABLE staged (
            row integer, name text, phone_number text, state text, loan_id text, lender_name text,
            amount_paise bigint, due_date date, language_code text, alternate_phone text, details jsonb
        ) ON COMMIT DROP
        """
    )

    async def pieces() -> AsyncIterator[bytes]:
        sent = 0
        for start in range(0, len(lines), _PIECE):
            piece = lines[start : start + _PIECE]
            yield piece
            sent += piece.count(b"\n")
            tell(sent)

    await connection.copy_to_table(
        "staged", source=pieces(), columns=LoanRow._fields, format="csv", timeout=BULK_SECONDS
    )


async def _note_rows(connection: "Connection", upload_id: int) -> None:
    """Note which row named which borrower."""
    note = """
        INSERT INTO upload_customers (upload_id, customer_id, row_number)
        SELECT $1, c.id, s.row FROM staged AS s JOIN customers AS c USING (lender_name, loan_id)
    """
    await connection.execute(note, upload_id, timeout=BULK_SECONDS)


async def _complete(connection: "Connection", upload_id: int, checked: CleanFile, imported: int, updated: int) -> None:
    query = """
        UPDATE file_uploads SET
            status = CASE WHEN $3 = 0 THEN 'completed' ELSE 'completed_with_errors' END, phase = 'done',
            total_rows = $2, processed_count = $2 - $3, checked_count = $2, written_count = $13, error_count = $3,
            warning_count = $4, format = $5, header = $6, ignored_columns = $7, error_report = $8, more_problems = $9,
            kept_rejected_count = $10, imported_count = $11, updated_count = $12,
            duplicate_count = $2 - $3 - $11 - $12, finished_at = calling_now()
        WHERE id = $1 AND status = 'processing'
        RETURNING id
    """
    found = checked.report
    arguments = (found.total_rows, found.rejected_rows, *_columns(found), imported, updated, checked.kept_rows)
    if not await connection.fetchval(query, upload_id, *arguments):
        raise WrongState("the import took so long that it was given up")


async def _keep_rejected(connection: "Connection", upload_id: int, report: Report) -> None:
    if report.kept_rejected:
        query = "INSERT INTO upload_rejects (upload_id, rows) VALUES ($1, $2)"
        await connection.execute(query, upload_id, report.rejected)


def _columns(report: Report) -> tuple[Any, ...]:
    """Return what is noted of a file however it ended, in the order in which both statements name it."""
    told = json.dumps([asdict(problem) for problem in report.problems])
    texts = (report.format, report.header, report.ignored_columns)
    return (report.warnings, *texts, told, report.more_problems, report.kept_rejected)
