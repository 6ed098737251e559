from collections.abc import AsyncIterator
from datetime import date

import pytest

from services.customers.check_file import Tell, check_file, written_out
from services.customers.importer import Importer
from services.customers.postgres import open_database
from services.customers.postgres_calls import PostgresCalls
from services.customers.postgres_changes import PostgresChanges
from services.customers.postgres_customers import PostgresCustomers
from services.customers.postgres_desk import PostgresDesk
from services.customers.postgres_uploads import PostgresUploads
from services.customers.upload_model import CleanFile
from tests.customers.record import EASY, TOMORROW, Record
from voicekit.clock import clock_from


class CheckerInThisProcess:
    """Checks files without a process of its own: a test of what comes after needs none."""

    async def check(self, data: bytes, *, lender_name: str, today: date, tell: Tell) -> CleanFile:
        return written_out(check_file(data, lender_name=lender_name, today=today, tell=tell))

    async def prepare(self) -> None:
        pass


@pytest.fixture
async def record(database_url: str) -> AsyncIterator[Record]:
    now = clock_from(TOMORROW)
    async with open_database(database_url, now=now, pool_size=10) as database:
        uploads = PostgresUploads(database)
        yield Record(
            database,
            PostgresCustomers(database),
            PostgresCalls(database, EASY, now),
            uploads,
            PostgresChanges(database),
            Importer(uploads, CheckerInThisProcess(), now),
            PostgresDesk(database),
        )
