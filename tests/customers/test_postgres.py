import asyncio

import asyncpg
import pytest

from services.customers.postgres import Database, open_database
from tests.customers.record import Record
from voicekit.errors import InvalidInput, Overloaded, ProviderDown

CUT = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid <> pg_backend_pid() AND datname = current_database()
"""


async def test_a_read_outlives_the_loss_of_its_connection(record: Record, database_url: str) -> None:
    customer = await record.add_customer()
    async with open_database(database_url, pool_size=1) as other:
        await other.fetch(CUT)
    assert (await record.customers.get(customer)).id == customer


async def test_a_write_that_lost_its_connection_says_so_and_is_not_repeated(record: Record, database_url: str) -> None:
    async with open_database(database_url, pool_size=1) as other:
        with pytest.raises(ProviderDown):
            async with record.database.transaction() as connection:
                await connection.execute("DELETE FROM dispositions WHERE code = 'CB'")
                await other.fetch(CUT)
                await connection.execute("SELECT 1")
    assert await record.value("SELECT count(*) FROM dispositions WHERE code = 'CB'") == 1


async def test_who_finds_no_free_connection_in_time_is_turned_away(database_url: str) -> None:
    async with asyncpg.create_pool(database_url, min_size=1, max_size=1) as pool:
        database = Database(pool, acquire_timeout_s=0.05)
        async with database.connection():
            with pytest.raises(Overloaded):
                await database.fetch("SELECT 1")
        assert await database.fetch("SELECT 1")


async def test_a_statement_that_takes_too_long_is_given_up(database_url: str) -> None:
    async with open_database(database_url, command_timeout_s=0.05) as database:
        with pytest.raises(ProviderDown):
            async with database.connection() as connection:
                await connection.execute("SELECT pg_sleep(30)")
        assert await database.fetch("SELECT 1")


@pytest.mark.parametrize("code", ["40P01", "40001", "53100", "53200", "53300", "57P01"])
async def test_what_postgres_gave_up_may_be_asked_again(record: Record, code: str) -> None:
    """A deadlock, a conflict, a full disk, no memory, too many connections, a shutdown."""
    with pytest.raises(ProviderDown):
        await record.run(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$")


async def test_a_database_that_is_not_there_is_a_provider_that_is_down() -> None:
    with pytest.raises(ProviderDown):
        async with open_database("postgresql://nobody:secret@127.0.0.1:1/none"):
            raise AssertionError("there is nothing to open")


async def test_a_pool_closes_though_somebody_still_holds_a_connection(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.customers.postgres.CLOSE_SECONDS", 0.05)
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(database: Database) -> None:
        async with database.connection():
            held.set()
            await release.wait()

    async with open_database(database_url) as database:
        holder = asyncio.create_task(hold(database))
        await held.wait()
    release.set()
    await holder


async def test_a_text_that_postgres_cannot_keep_is_the_asker_s_mistake(record: Record) -> None:
    with pytest.raises(InvalidInput, match="NUL"):
        await record.calls.get("a\0b")
