"""Databases of many borrowers to measure with, made in Postgres itself."""

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, time, timedelta
from typing import Final

import asyncpg
import structlog

from local.postgres import EmbeddedPostgres
from services.customers.migrate import migrate
from services.customers.postgres import Database, open_database
from services.customers.settings import Settings
from voicekit.clock import INDIA, utc_now

NAMES: Final = ("Asha Rao", "Ravi Kumar", "Meena Devi", "Kannan Murugan", "Sukhdev Singh")
STATES: Final = ("Karnataka", "Uttar Pradesh", "Tamil Nadu", "Maharashtra", "West Bengal", "Odisha", "Punjab")
LANGUAGES: Final = ("", "hi-IN", "ta-IN", "mr-IN", "bn-IN", "")
_FILL: Final = """
    INSERT INTO customers
        (name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code, call_status)
    SELECT
        ($2::text[])[1 + hashes[1] % cardinality($2)] || ' ' || n % 9973,
        '+91' || 6000000000 + n * 2654435761 % 4000000000,
        ($3::text[])[1 + hashes[2] % cardinality($3)], 'AF' || lpad(n::text, 9, '0'), 'Asha Finance',
        100000 + hashes[3] % 5000000, current_date + 3 + hashes[4] % 60,
        ($4::text[])[1 + hashes[5] % cardinality($4)], ($5::text[])[1 + hashes[6] % cardinality($5)]
    FROM generate_series(1, $1::bigint) AS n
    CROSS JOIN LATERAL (
        SELECT array_agg(hashint8(n * 8 + k) & 2147483647 ORDER BY k) AS hashes FROM generate_series(1, 6) AS k
    ) AS random
"""
"""Nothing of a borrower follows from anything else, and the same numbers make the same borrowers."""


def quiet() -> None:
    """Let nothing be logged but errors: a line for each statement would be measured with it."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


async def new_database(server: EmbeddedPostgres, name: str) -> str:
    """Make an empty database with the present schema, and return its address."""
    connection = await asyncpg.connect(server.url())
    try:
        await connection.execute(f"CREATE DATABASE {name}")
    finally:
        await connection.close()
    await migrate(server.url(name))
    return server.url(name)


@asynccontextmanager
async def borrowers(
    server: EmbeddedPostgres, name: str, count: int, statuses: Sequence[str] = ("ready",)
) -> AsyncIterator[Database]:
    """Make a database of `count` borrowers, each with a loan and a phone of their own; statuses go by turns."""
    async with open_database(await new_database(server, name)) as database:
        async with database.connection() as connection:
            await connection.execute(_FILL, count, NAMES, STATES, LANGUAGES, statuses, timeout=900)
            await connection.execute("TRUNCATE changes")  # the feed of changes is another measurement's
            await connection.execute("VACUUM ANALYZE", timeout=900)
        yield database


def settings(server: EmbeddedPostgres) -> Settings:
    """Return the usual settings, on a day on which borrowers may be called."""
    tomorrow = datetime.combine(utc_now().astimezone(INDIA).date() + timedelta(days=1), time(11), INDIA)
    told = {"calling_clock": tomorrow, "exotel_api_base": "http://127.0.0.1:1", "call_quiet_days": ""}
    return Settings.model_validate({"database_url": server.url(), **told})
