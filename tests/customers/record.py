"""The record under test, and words to tell it what happened."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from services.customers.importer import Importer
from services.customers.may_dial import Policy
from services.customers.model import CallStatus, Event, FactsTold, StatusTold
from services.customers.postgres import Database
from services.customers.postgres_calls import PostgresCalls
from services.customers.postgres_changes import PostgresChanges
from services.customers.postgres_customers import PostgresCustomers
from services.customers.postgres_desk import PostgresDesk
from services.customers.postgres_uploads import PostgresUploads
from voicekit.clock import INDIA

NOON = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
TOMORROW = datetime.combine(datetime.now(INDIA).date() + timedelta(days=1), time(11), INDIA)
"""Within the hours of calls: where the clock of calling begins."""
EASY = Policy(
    per_day=1000,
    per_week=1000,
    max_age_due=timedelta(days=999),
    max_age_overdue=timedelta(days=999),
    one_talk_a_day=False,
)
"""For tests of other things than the rules of calling."""


@dataclass
class Record:
    """The record, by the parts that serve it."""

    database: Database
    customers: PostgresCustomers
    calls: PostgresCalls
    uploads: PostgresUploads
    feed: PostgresChanges
    importer: Importer
    desk: PostgresDesk

    async def add_customer(self, name: str = "Asha Rao", phone: str = "+919999900001", loan: str = "L1") -> int:
        query = """
            INSERT INTO customers (name, phone_number, state, loan_id, lender_name, amount_paise, due_date)
            VALUES ($1, $2, 'Karnataka', $3, 'Asha Finance', 455050, '2026-12-05')
            RETURNING id
        """
        async with self.database.connection() as connection:
            customer_id: int = await connection.fetchval(query, name, phone, loan)
        return customer_id

    async def run(self, statement: str, *arguments: object) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement, *arguments)

    async def value(self, query: str, *arguments: object) -> object:
        rows = await self.database.fetch(query, *arguments)
        return rows[0][0] if rows else None


def told(status: str, key: str | None = None, *, at: int = 0, source: str = "bot", reason: str = "") -> Event:
    what = StatusTold(CallStatus(status), reason)
    return Event(key or f"{source}:{status}", source, NOON + timedelta(seconds=at), what)


def facts(key: str, what: FactsTold, *, at: int = 0) -> Event:
    return Event(key, "bot", NOON + timedelta(seconds=at), what)


async def tell(record: Record, call_id: str, *events: Event) -> list[str]:
    return [str(verdict) for verdict in await record.calls.record(call_id, events)]
