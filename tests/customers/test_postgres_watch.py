import io

import asyncpg
import pytest
from structlog.testing import capture_logs

from services.customers.postgres import open_database
from services.customers.postgres_watch import Operation, operation_of, rows_of
from tests.customers.record import Record


@pytest.mark.parametrize(
    ("query", "does"),
    [
        ("SELECT c.id FROM customers AS c WHERE c.id = $1 FOR UPDATE OF c", Operation("SELECT", "customers")),
        ("\n  INSERT INTO dial_pace (at) VALUES ($1)\n", Operation("INSERT", "dial_pace")),
        ("INSERT INTO a (b) VALUES (1) ON CONFLICT DO UPDATE SET b = 2", Operation("INSERT", "a")),
        ("WITH x AS (SELECT 1) UPDATE customers SET name = $1 FROM x", Operation("UPDATE", "customers")),
        ("WITH x AS (SELECT id FROM customers) SELECT count(*) FROM x", Operation("SELECT", "customers")),
        ("DELETE FROM file_uploads", Operation("DELETE", "file_uploads")),
        ("SELECT verdict, call_id FROM begin_call($1, $2)", Operation("CALL", "begin_call")),
        ("SELECT pg_advisory_lock($1)", Operation("SELECT", "")),
        ("LOCK TABLE dial_pace IN SHARE ROW EXCLUSIVE MODE", Operation("OTHER", "")),
        ("", Operation("OTHER", "")),
    ],
)
def test_what_a_statement_does_is_read_off_its_words(query: str, does: Operation) -> None:
    assert operation_of(query) == does


def test_rows_are_counted_whatever_asyncpg_answers_with() -> None:
    given: list[object] = ["UPDATE 3", "COPY 12", "INSERT 0 1", "LOCK TABLE", [1, 2], [], None, 7]
    assert [rows_of(each) for each in given] == [3, 12, 1, 0, 2, 0, 0, 1]


async def test_what_changes_the_record_is_told_and_what_only_reads_is_not(database_url: str) -> None:
    async with open_database(database_url) as database:
        with capture_logs() as told:
            async with database.transaction() as connection:
                await connection.execute("CREATE TEMPORARY TABLE tried (name text) ON COMMIT DROP")
                await connection.execute("INSERT INTO tried VALUES ($1), ($2)", "Meena Iyer", "Asha Rao")
                await connection.fetch("UPDATE tried SET name = 'x' RETURNING name")
                assert await connection.fetchval("SELECT count(*) FROM tried") == 2
            with pytest.raises(asyncpg.UndefinedTableError):
                async with database.connection() as connection:
                    await connection.execute("DELETE FROM nothing_of_this_name")
    lines = [line for line in told if line["event"] == "DATABASE_OPERATION"]
    # What was slow on a busy machine may be told of too.
    changed = [(line["operation"], line["target"], line["affected_rows"], line["outcome"]) for line in lines]
    expected = [("INSERT", "tried", 2, "done"), ("UPDATE", "tried", 2, "done")]
    assert [each for each in changed if each[0] in ("INSERT", "UPDATE", "DELETE")] == [
        *expected,
        ("DELETE", "nothing_of_this_name", None, "failed"),
    ]
    assert "Meena" not in str(lines)


async def test_a_new_borrower_is_told_of_without_their_name(record: Record) -> None:
    with capture_logs() as told:
        await record.add_customer("Meena Iyer")
    (line,) = (line for line in told if line["event"] == "DATABASE_OPERATION")
    assert (line["operation"], line["target"], line["affected_rows"]) == ("INSERT", "customers", 1)
    assert "Meena" not in str(told)


async def test_rows_that_are_copied_are_counted(database_url: str) -> None:
    async with open_database(database_url) as database:
        with capture_logs() as told:
            async with database.transaction() as connection:
                await connection.execute("CREATE TEMPORARY TABLE staged (name text) ON COMMIT DROP")
                await connection.copy_to_table("staged", source=io.BytesIO(b"a\nb\n"), format="csv")
    (line,) = (line for line in told if line.get("operation") == "COPY")
    assert (line["target"], line["affected_rows"]) == ("staged", 2)
