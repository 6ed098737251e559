"""Uploaded files, as Postgres keeps them."""

import io
import json
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Final

import asyncpg

from services.customers.model import CleanFile, ImportResult, LoanRow, Problem
from services.customers.ports import Upload
from services.customers.postgres import Database
from voicekit.errors import WrongState

if TYPE_CHECKING:
    from services.customers.postgres import Connection

BULK_SECONDS: Final = 60.0
MAX_IDS: Final = 10_000
_STAGED: Final = tuple(field.name for field in fields(LoanRow))
_NAMED: Final = "SELECT customer_id FROM upload_customers WHERE upload_id = $1 ORDER BY row_number LIMIT $2"
_UPSERT: Final = """
    WITH changed AS (
        SELECT s.* FROM staged AS s LEFT JOIN customers AS c USING (lender_name, loan_id)
        WHERE (c.name, c.phone_number, c.state, c.amount_paise, c.due_date)
                IS DISTINCT FROM (s.name, s.phone_number, s.state, s.amount_paise, s.due_date)
            OR (s.language_code <> '' AND s.language_code <> c.language_code)
    ), written AS (
        INSERT INTO customers AS c
            (name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code)
        SELECT name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code
        FROM changed
        ORDER BY lender_name, loan_id -- imports at once lock rows in the same order
        ON CONFLICT (lender_name, loan_id) DO UPDATE SET
            name = EXCLUDED.name,
            phone_number = EXCLUDED.phone_number,
            state = EXCLUDED.state,
            amount_paise = EXCLUDED.amount_paise,
            due_date = EXCLUDED.due_date,
            language_code = COALESCE(NULLIF(EXCLUDED.language_code, ''), c.language_code),
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
        """Note that a file is being imported; `WrongState` while the same one is."""
        await self.fail_abandoned()
        query = """
            INSERT INTO file_uploads (filename, lender_name, sha256) VALUES ($1, $2, $3)
            ON CONFLICT (lender_name, sha256) WHERE status <> 'failed' DO NOTHING
            RETURNING id
        """
        async with self._database.connection() as connection:
            upload_id = await connection.fetchval(query, filename, lender_name, sha256)
        if upload_id is not None:
            return Upload(upload_id, earlier=None)
        earlier = await self._earlier(lender_name, sha256)
        return Upload(earlier.upload_id, earlier)

    async def fail_abandoned(self) -> None:
        """Note that imports which began long ago have failed: their process has ended."""
        query = """
            UPDATE file_uploads SET status = 'failed', failure = 'interrupted', finished_at = now()
            WHERE status = 'processing' AND upload_time < now() - interval '10 minutes'
        """
        async with self._database.connection() as connection:
            await connection.execute(query)

    async def finish(self, upload_id: int, checked: CleanFile) -> ImportResult:
        """Put a file's good rows on record, all of them or, when this fails, none."""
        async with self._database.transaction() as connection:
            await self._stage(connection, checked.lines)
            counts = await connection.fetchrow(_UPSERT, timeout=BULK_SECONDS)
            assert counts is not None  # noqa: S101  an aggregate returns a row
            customer_ids = await self._note_rows(connection, upload_id)
            known = checked.kept_rows - counts["imported"] - counts["updated"]
            result = ImportResult(
                upload_id=upload_id,
                total_rows=checked.total_rows,
                imported_rows=counts["imported"],
                updated_rows=counts["updated"],
                duplicate_rows=known + checked.repeated_rows,
                rejected_rows=checked.rejected_rows,
                problems=checked.problems,
                customer_ids=customer_ids,
            )
            await self._complete(connection, result)
        return result

    async def fail(self, upload_id: int, why: str) -> None:
        """Note that a file was not imported."""
        query = """
            UPDATE file_uploads SET status = 'failed', failure = $2, finished_at = now()
            WHERE id = $1 AND status = 'processing'
        """
        async with self._database.connection() as connection:
            await connection.execute(query, upload_id, why)

    async def _stage(self, connection: "Connection", lines: bytes) -> None:
        await connection.execute(
            """
            CREATE TEMPORARY TABLE staged (
                row integer, name text, phone_number text, state text, loan_id text, lender_name text,
                amount_paise bigint, due_date date, language_code text
            ) ON COMMIT DROP
            """
        )
        await connection.copy_to_table(
            "staged", source=io.BytesIO(lines), columns=_STAGED, format="csv", timeout=BULK_SECONDS
        )

    async def _note_rows(self, connection: "Connection", upload_id: int) -> list[int]:
        """Note which row named which borrower; return the first borrowers in the file's order."""
        note = """
            INSERT INTO upload_customers (upload_id, customer_id, row_number)
            SELECT $1, c.id, s.row FROM staged AS s JOIN customers AS c USING (lender_name, loan_id)
        """
        await connection.execute(note, upload_id, timeout=BULK_SECONDS)
        return [row["customer_id"] for row in await connection.fetch(_NAMED, upload_id, MAX_IDS)]

    async def _complete(self, connection: "Connection", result: ImportResult) -> None:
        query = """
            UPDATE file_uploads SET
                status = CASE WHEN $6 = 0 THEN 'completed' ELSE 'completed_with_errors' END,
                total_rows = $2, processed_count = $2 - $6,
                imported_count = $3, updated_count = $4, duplicate_count = $5, error_count = $6,
                warning_count = $7, error_report = $8, finished_at = now()
            WHERE id = $1 AND status = 'processing'
            RETURNING id
        """
        counts = (result.imported_rows, result.updated_rows, result.duplicate_rows, result.rejected_rows)
        warnings = sum(problem.warning for problem in result.problems)
        report = json.dumps([asdict(problem) for problem in result.problems])
        if not await connection.fetchval(query, result.upload_id, result.total_rows, *counts, warnings, report):
            raise WrongState("the import took so long that it was given up")

    async def _earlier(self, lender_name: str, sha256: str) -> ImportResult:
        query = """
            SELECT id, status, total_rows, error_count, error_report
            FROM file_uploads WHERE lender_name = $1 AND sha256 = $2 AND status <> 'failed'
        """
        row = await self._database.fetchrow(query, lender_name, sha256)
        if row is None or row["status"] == "processing":
            raise WrongState("this file is being imported already")
        return replace(_nothing_changed(row), customer_ids=await self._customer_ids(row["id"]))

    async def _customer_ids(self, upload_id: int) -> list[int]:
        return [row["customer_id"] for row in await self._database.fetch(_NAMED, upload_id, MAX_IDS)]


def _nothing_changed(row: asyncpg.Record) -> ImportResult:
    return ImportResult(
        upload_id=row["id"],
        total_rows=row["total_rows"],
        imported_rows=0,
        updated_rows=0,
        duplicate_rows=row["total_rows"] - row["error_count"],
        rejected_rows=row["error_count"],
        problems=[Problem(**problem) for problem in json.loads(row["error_report"])],
        customer_ids=[],
        already_imported=True,
    )
