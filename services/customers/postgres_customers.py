"""Borrowers, as Postgres keeps them."""

import json
from typing import Final

import asyncpg

from services.customers.model import CallStatus, Customer, CustomerFilter
from services.customers.postgres import Database
from voicekit.errors import NotFound, WrongState

SELECT_CUSTOMER: Final = """
    SELECT
        c.id, c.name, c.phone_number, c.state, c.loan_id, c.lender_name, c.amount_paise, c.due_date, c.language_code,
        c.call_status, c.version, c.updated_at, c.alternate_phone, c.details
    FROM customers AS c
"""


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

    async def list(self, which: CustomerFilter, *, after: int, limit: int) -> list[Customer]:
        """Return borrowers with ids above `after`, by id."""
        query = f"""
            {SELECT_CUSTOMER}
            WHERE c.id > $1
                AND ($3 = '' OR c.call_status = $3)
                AND ($4 = '' OR c.state = $4)
                AND ($5 = '' OR c.language_code = $5)
                AND ($6 = '' OR c.search_text LIKE lower($6))
                AND ($7::bigint = 0 OR EXISTS (
                    SELECT FROM upload_customers AS u WHERE u.upload_id = $7 AND u.customer_id = c.id
                ))
            ORDER BY c.id
            LIMIT $2
        """
        pattern = _contains(which.text) if which.text else ""
        rows = await self._database.fetch(
            query, after, limit, which.call_status, which.state, which.language_code, pattern, which.upload_id
        )
        return [to_customer(row) for row in rows]

    async def retry(self, customer_id: int) -> Customer:
        """Put a borrower whose last attempt failed or was not picked back to ready; `NotFound`, `WrongState`."""
        query = """
            UPDATE customers SET call_status = 'ready'
            WHERE id = $1 AND call_status IN ('failed', 'not_picked')
            RETURNING id
        """
        async with self._database.connection() as connection:
            done = await connection.fetchval(query, customer_id)
        customer = await self.get(customer_id)
        if done is None:
            raise WrongState(f"the customer is {customer.call_status}, neither failed nor not_picked")
        return customer


def to_customer(row: asyncpg.Record) -> Customer:
    """Make a borrower of a row of `SELECT_CUSTOMER`."""
    return Customer(**{**row, "call_status": CallStatus(row["call_status"]), "details": json.loads(row["details"])})


def _contains(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
