"""A lender's book of borrowers to list, in which things hang together as they do in life.

Ten files brought it, one after another. Each file has its own due dates and came at one moment, the ninth holds the
large loans, and the last brings a state that was not served before. Whoever was called was changed after all files had
come. So a filter's borrowers often stand at one end of an order: there a list is slow that walks from the other.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from bench.borrowers import new_database
from local.postgres import EmbeddedPostgres
from services.customers.postgres import Database, open_database

FIRST: Final = (
    *("Asha", "Ravi", "Meena", "Kannan", "Sukhdev", "Lakshmi", "Imran", "Priya", "Arjun", "Fatima", "Gopal", "Sunita"),
    *("Manoj", "Kavita", "Deepak", "Anjali", "Suresh", "Rekha", "Vijay", "Nirmala", "Harish", "Zubin", "Yamuna", "Uma"),
)
LAST: Final = (
    *("Kumar", "Singh", "Devi", "Rao", "Murugan", "Sharma", "Khan", "Patil", "Das", "Reddy", "Nair", "Ghosh", "Yadav"),
    *("Joshi", "Pillai", "Shetty", "Bose", "Mishra", "Gill", "Naidu"),
)
STATES: Final = (
    *("Uttar Pradesh", "Maharashtra", "Tamil Nadu", "Karnataka", "West Bengal", "Bihar", "Gujarat", "Rajasthan"),
    *("Madhya Pradesh", "Andhra Pradesh", "Telangana", "Kerala", "Odisha", "Punjab", "Haryana", "Jharkhand", "Assam"),
)
LANGUAGES: Final = (
    *("hi-IN", "mr-IN", "ta-IN", "kn-IN", "bn-IN", "hi-IN", "gu-IN", "hi-IN"),
    *("hi-IN", "te-IN", "te-IN", "ml-IN", "or-IN", "pa-IN", "hi-IN", "hi-IN", "bn-IN"),
)
STATUSES: Final = (*(["ready"] * 600), *(["completed"] * 333), *(["not_picked"] * 64), *(["ringing"] * 2), "failed")
_FILL: Final = """
    INSERT INTO customers (
        name, phone_number, state, loan_id, lender_name, amount_paise, due_date, language_code, call_status, updated_at
    )
    SELECT
        ($2::text[])[1 + floor((h[1] % 1000 / 1000.0) ^ 2 * cardinality($2))::int] || ' '
            || ($3::text[])[1 + floor((h[2] % 1000 / 1000.0) ^ 2 * cardinality($3))::int],
        '+91' || 6000000000 + n * 2654435761 % 4000000000,
        CASE
            WHEN file = 10 AND h[3] % 4 = 0 THEN 'Mizoram'
            WHEN h[3] % 5000 = 1 THEN 'Goa'
            ELSE ($4::text[])[place]
        END,
        'AF' || lpad(n::text, 9, '0'), 'Asha Finance',
        CASE WHEN file = 9 THEN 9000000 ELSE 100000 END + h[4] % 5000000,
        current_date + 3 * file::int + h[5] % 3,
        CASE h[6] % 3 WHEN 0 THEN '' ELSE ($5::text[])[place] END,
        status,
        now() - make_interval(days => 30 - file::int) + CASE status
            WHEN 'ready' THEN interval '0'
            ELSE make_interval(days => 10, secs => h[8] % 500000)
        END
    FROM generate_series(1, $1::bigint) AS n
    CROSS JOIN LATERAL (
        SELECT array_agg(hashint8(n * 8 + k) & 2147483647 ORDER BY k) AS h FROM generate_series(1, 8) AS k
    ) AS random
    CROSS JOIN LATERAL (SELECT 1 + (n - 1) * 10 / $1 AS file, 1 + h[3] % cardinality($4::text[]) AS place) AS drawn
    CROSS JOIN LATERAL (SELECT ($6::text[])[1 + h[7] % cardinality($6)] AS status) AS called
"""
"""Chance is a hash of the number, so the same numbers make the same book."""
_UPLOADS: Final = """
    WITH files AS (
        INSERT INTO file_uploads (filename, lender_name, sha256, status, total_rows, processed_count)
        SELECT n || '.csv', '', n, 'processing', 1, 1 FROM generate_series(1, 12) AS n RETURNING id
    )
    INSERT INTO upload_customers (upload_id, customer_id, row_number)
    SELECT f.id, c.id, c.id FROM files AS f, customers AS c WHERE CASE
        WHEN f.id <= 10 THEN c.id BETWEEN (f.id - 1) * $1 / 10 + 1 AND f.id * $1 / 10
        WHEN f.id = 11 THEN c.id > $1 / 2 AND hashint8(c.id) % 5 IN (1, -4) -- every fifth of the later half
        ELSE hashint8(c.id) % 1000 = 7
    END
"""


@asynccontextmanager
async def book(server: EmbeddedPostgres, name: str, count: int) -> AsyncIterator[Database]:
    """Make a database with a book of `count` borrowers; uploads 1 to 10 brought it, 11 and 12 named some once more."""
    async with open_database(await new_database(server, name)) as database:
        async with database.connection() as connection:
            await connection.execute(_FILL, count, FIRST, LAST, STATES, LANGUAGES, STATUSES, timeout=900)
            await connection.execute(_UPLOADS, count, timeout=900)
            await connection.execute("TRUNCATE changes")
            await connection.execute("VACUUM ANALYZE", timeout=900)
        yield database
