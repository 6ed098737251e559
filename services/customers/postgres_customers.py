"""Borrowers, as Postgres keeps them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Final

import asyncpg

from services.customers.model import CallStatus, Customer, CustomerFilter, CustomerOrder, Sorting
from services.customers.postgres import Database
from voicekit.errors import NotFound, WrongState

SELECT_CUSTOMER: Final = """
    SELECT
        c.id, c.name, c.phone_number, c.state, c.loan_id, c.lender_name, c.amount_paise, c.due_date, c.language_code,
        c.call_status, c.version, c.updated_at, c.alternate_phone, c.details
    FROM customers AS c
"""


_PHONE: Final = re.compile(r"\+91[6-9]\d{9}")
_SELECT_ID: Final = "SELECT c.id FROM customers AS c"
_OF_UPLOAD: Final = "EXISTS (SELECT FROM upload_customers AS u WHERE u.upload_id = {} AND u.customer_id = c.id)"
# For other orders than that of the ids: a file often has one due date, so to walk the dates until they come would be to
# read nearly all borrowers. The planner cannot know; here it has to begin with the file.
_FIRST_OF_UPLOAD: Final = "c.id = ANY (ARRAY(SELECT u.customer_id FROM upload_customers AS u WHERE u.upload_id = {}))"
_READ: Final[Mapping[CustomerOrder, Callable[[str], object]]] = {
    CustomerOrder.ID: int,
    CustomerOrder.NAME: str,
    CustomerOrder.AMOUNT: int,
    CustomerOrder.DUE_DATE: date.fromisoformat,
    CustomerOrder.UPDATED: datetime.fromisoformat,
}


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

    async def ids(self, which: CustomerFilter, *, limit: int) -> list[int]:
        """Return the ids of the first borrowers, in their order."""
        conditions, arguments = _conditions(which)
        query = f"{_SELECT_ID} WHERE {' AND '.join(conditions)} ORDER BY c.id LIMIT {limit:d}"
        return [row["id"] for row in await self._listed(query, arguments)]

    async def list(
        self, which: CustomerFilter, sorting: Sorting, *, after: tuple[str, int] | None, limit: int
    ) -> list[Customer]:
        """Return borrowers that come after a key of `sorting`, in its order."""
        conditions, arguments = _conditions(which, sorting.by)
        column, sign, direction = f"c.{sorting.by}", *(("<", "DESC") if sorting.descending else (">", "ASC"))
        if after is not None:
            arguments += [_READ[sorting.by](after[0]), after[1]]
            conditions.append(f"({column}, c.id) {sign} (${len(arguments) - 1}, ${len(arguments)})")
        # Every part of it is one of ours; what is asked comes as arguments.
        query = f"""
            {SELECT_CUSTOMER} WHERE {" AND ".join(conditions)}
            ORDER BY {column} {direction}, c.id {direction} LIMIT {limit:d}
        """
        return [to_customer(row) for row in await self._listed(query, arguments)]

    async def _listed(self, query: str, arguments: Sequence[object]) -> Sequence[asyncpg.Record]:
        """Read with a plan for these very arguments: what suits a usual status would read all rows for a rare one."""
        async with self._database.transaction() as connection:
            await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
            return await connection.fetch(query, *arguments)

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


def _conditions(which: CustomerFilter, by: CustomerOrder = CustomerOrder.ID) -> tuple[list[str], list[object]]:
    """Return what a filter asks as SQL, and its arguments."""
    asked: list[tuple[str, object]] = [
        ("c.call_status = {}", which.call_status),
        ("c.state = {}", which.state),
        ("c.language_code = {}", which.language_code),
        _text(which.text),
        (_OF_UPLOAD if by is CustomerOrder.ID else _FIRST_OF_UPLOAD, which.upload_id),
    ]
    narrowing = [(condition, argument) for condition, argument in asked if argument]
    conditions = [condition.format(f"${place}") for place, (condition, _) in enumerate(narrowing, 1)]
    return conditions or ["true"], [argument for _, argument in narrowing]


def to_customer(row: asyncpg.Record) -> Customer:
    """Make a borrower of a row of `SELECT_CUSTOMER`."""
    return Customer(**{**row, "call_status": CallStatus(row["call_status"]), "details": json.loads(row["details"])})


def _text(text: str) -> tuple[str, str]:
    """Return the condition that a text stands in name, phone or loan number, and its argument; empty for any."""
    if _PHONE.fullmatch(text):  # stands in no name and no loan number, and has an index of its own
        return "c.phone_number = {}", text
    return "c.search_text LIKE lower({})", _contains(text) if text else ""


def _contains(text: str) -> str:
    escaped = text.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    return f"%{escaped}%"
