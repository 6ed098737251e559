"""Borrowers, as Postgres keeps them."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import asyncpg

from services.customers.model import CallStatus, Customer, CustomerFilter, Sorting
from services.customers.postgres import Database
from services.customers.postgres_lists import SELECT_CUSTOMER, Asked, Query, matching
from voicekit.errors import NotFound, WrongState

if TYPE_CHECKING:
    from services.customers.postgres import Connection

_PLANNED: Final = """
    SET LOCAL plan_cache_mode = force_custom_plan;
    SET LOCAL enable_seqscan = off;
    SET LOCAL random_page_cost = 1.1;
    SET LOCAL jit = off
"""
"""A plan for these very arguments: what suits a usual status would read all rows for a rare one. And one that takes an
index wherever there is one: the planner knows too little of texts to reckon that reading all rows is quicker."""

IN_CALL: Final = "the customer is in a call; it ends by itself: wait for that, or cut the call off, and then try again"


class PostgresCustomers:
    """The borrowers on record."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, customer_id: int) -> Customer:
        """Return one borrower; `NotFound`."""
        query = f"{SELECT_CUSTOMER} WHERE c.id = $1"
        row = await self._database.fetchrow(query, customer_id)
        if row is None:
            raise NotFound("there is no such customer")
        return to_customer(row)

    async def find_by_phone(self, phone_number: str) -> Customer:
        """Return who owns an E.164 number, of several the one called last; `NotFound`."""
        query = f"""
            {SELECT_CUSTOMER} LEFT JOIN call_sessions AS s ON s.id = c.latest_call_id
            WHERE c.phone_number = $1
            ORDER BY s.start_time DESC NULLS LAST, c.id DESC
            LIMIT 1
        """
        row = await self._database.fetchrow(query, phone_number)
        if row is None:
            raise NotFound("nobody has this phone number")
        return to_customer(row)

    async def list(
        self, which: CustomerFilter, sorting: Sorting, *, after: tuple[str, int] | None, limit: int
    ) -> list[Customer]:
        """Return borrowers that come after a key of `sorting`, in its order."""
        asked = Asked(which, sorting, after, limit)
        async with self._database.transaction() as connection:
            await connection.execute(_PLANNED)
            if which == CustomerFilter():
                rows = await _fetch(connection, asked.first())
            elif asked.can_merge():
                rows = await _fetch(connection, asked.merged())
            else:
                rows = [] if asked.is_of_one_phone() else await _fetch(connection, asked.walked())
                if len(rows) < limit:
                    rows = await _fetch(connection, asked.gathered(await _span(connection, which.upload_id)))
        return [to_customer(row) for row in rows]

    async def retry(self, customer_id: int) -> Customer:
        """Put a borrower whose last attempt failed or was not picked back to ready; `NotFound`, `WrongState`."""
        query = """
            UPDATE customers SET call_status = 'ready'
            WHERE id = $1 AND call_status IN ('failed', 'not_picked') AND NOT is_in_call(id)
            RETURNING id
        """
        async with self._database.connection() as connection:
            done = await connection.fetchval(query, customer_id)
        customer = await self.get(customer_id)
        if done is None and customer.call_status in (CallStatus.FAILED, CallStatus.NOT_PICKED):
            raise WrongState(IN_CALL)
        if done is None:
            raise WrongState(f"the customer is {customer.call_status}, neither failed nor not_picked")
        return customer


async def matching_ids(connection: "Connection", which: CustomerFilter, *, limit: int) -> list[int]:
    """Return the ids of the first borrowers, in their order, within the caller's transaction."""
    await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
    return [row["id"] for row in await _fetch(connection, matching(which, limit))]


async def _span(connection: "Connection", upload_id: int) -> tuple[int, int] | None:
    """Return the least and the greatest id that a file names; None for none."""
    query = "SELECT min(customer_id) AS first, max(customer_id) AS last FROM upload_customers WHERE upload_id = $1"
    row = await connection.fetchrow(query, upload_id) if upload_id else None
    return (row["first"], row["last"]) if row and row["last"] else None


async def _fetch(connection: "Connection", query: Query) -> Sequence[asyncpg.Record]:
    return await connection.fetch(query.text, *query.arguments)


def to_customer(row: asyncpg.Record) -> Customer:
    """Make a borrower of a row of `SELECT_CUSTOMER`."""
    return Customer(**{**row, "call_status": CallStatus(row["call_status"]), "details": json.loads(row["details"])})
