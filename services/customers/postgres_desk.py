"""What people at a desk ask for, as Postgres answers it."""

from typing import Final

from services.customers.model import CallStatus
from services.customers.ports import ByHand, VersionChanged
from services.customers.postgres import Database
from services.customers.postgres_customers import IN_CALL
from services.customers.postgres_uploads import SELECT_UPLOAD, to_upload
from services.customers.upload_model import UploadReport
from voicekit.errors import NotFound, WrongState

MANY_PARTS: Final = 1000
"""Rows of changed counts that are added up to one when somebody counts."""


class PostgresDesk:
    """Counts, moves by hand, and uploads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_customers(self) -> dict[CallStatus, int]:
        """Count borrowers by status; what nobody has is left out."""
        query = "SELECT call_status, sum(change)::bigint AS count, count(*) AS parts FROM status_counts GROUP BY 1"
        rows = await self._database.fetch(query)
        if sum(row["parts"] for row in rows) > MANY_PARTS:
            await self._add_up()
        return {CallStatus(row["call_status"]): row["count"] for row in rows if row["count"]}

    async def _add_up(self) -> None:
        """Put one row in the place of many: whoever does so at the same time finds what is left."""
        query = """
            WITH parts AS (DELETE FROM status_counts RETURNING call_status, change)
            INSERT INTO status_counts SELECT call_status, sum(change) FROM parts GROUP BY call_status
        """
        async with self._database.connection() as connection:
            await connection.execute(query)

    async def set_status(self, customer_id: int, status: CallStatus, move: ByHand) -> None:
        """Move a borrower in no call as the table of moves allows; `NotFound`, `WrongState`, `VersionChanged`."""
        query = "SELECT verdict, legal FROM set_call_status($1, $2, $3, $4, $5)"
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query, customer_id, status, move.version, move.requested_by, move.at)
        assert row is not None  # noqa: S101  a function returns a row
        match row["verdict"]:
            case "no_customer":
                raise NotFound("there is no such customer")
            case "changed":
                raise VersionChanged("somebody else has changed the customer: look again")
            case "in_call":
                raise WrongState(IN_CALL)
            case "illegal":
                raise WrongState(f"legal moves from here: {', '.join(row['legal']) or 'none'}")

    async def list_uploads(self, *, before: int | None, limit: int) -> list[UploadReport]:
        """Return uploads with ids below `before`, newest first."""
        query = f"{SELECT_UPLOAD} WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"
        return [to_upload(row) for row in await self._database.fetch(query, before, limit)]
