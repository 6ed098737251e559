"""What people at a desk ask for, as Postgres answers it."""

from services.customers.model import CallStatus
from services.customers.ports import ByHand, VersionChanged
from services.customers.postgres import Database
from services.customers.postgres_uploads import SELECT_UPLOAD, to_upload
from services.customers.upload_model import UploadReport
from voicekit.errors import NotFound, WrongState


class PostgresDesk:
    """Counts, moves by hand, and uploads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count_customers(self) -> dict[CallStatus, int]:
        """Count borrowers by status; what nobody has is left out."""
        rows = await self._database.fetch("SELECT call_status, count(*) AS count FROM customers GROUP BY call_status")
        return {CallStatus(row["call_status"]): row["count"] for row in rows}

    async def set_status(self, customer_id: int, status: CallStatus, move: ByHand) -> None:
        """Move a borrower as the table of moves allows; `NotFound`, `WrongState`, `VersionChanged`."""
        query = "SELECT verdict, legal FROM set_call_status($1, $2, $3, $4, $5)"
        async with self._database.connection() as connection:
            row = await connection.fetchrow(query, customer_id, status, move.version, move.requested_by, move.at)
        assert row is not None  # noqa: S101  a function returns a row
        match row["verdict"]:
            case "no_customer":
                raise NotFound("there is no such customer")
            case "changed":
                raise VersionChanged("somebody else has changed the customer: look again")
            case "illegal":
                raise WrongState(f"legal moves from here: {', '.join(row['legal']) or 'none'}")

    async def list_uploads(self, *, before: int | None, limit: int) -> list[UploadReport]:
        """Return uploads with ids below `before`, newest first."""
        query = f"{SELECT_UPLOAD} WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT $2"
        return [to_upload(row) for row in await self._database.fetch(query, before, limit)]
