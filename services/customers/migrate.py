"""Brings a database to the present schema: `python -m services.customers.migrate`.

Migrations are plain SQL files, `migrations/NNNN_name.sql`, applied in the order of their numbers, each in one
transaction. A file that has been applied anywhere is never edited: a change is a new file.
"""

import argparse
import asyncio
import hashlib
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import asyncpg
from pydantic import ValidationError

from services.customers.settings import Settings

MIGRATIONS: Final = Path(__file__).parent / "migrations"
LOCK_ATTEMPTS: Final = 10
_LOCK_KEY: Final = 0x766F696365  # "voice": any number, the same in every process that migrates
_FILE_NAME: Final = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationError(Exception):
    """The database cannot be brought to the present schema; the text says why and what to do."""


@dataclass(frozen=True)
class Migration:
    """One step of the schema."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """SHA-256 of the SQL, in hexadecimal."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(directory: Path = MIGRATIONS) -> list[Migration]:
    """Read all migrations of `directory` in order; `MigrationError` for a misnamed file or a number used twice."""
    found: dict[int, Migration] = {}
    for path in sorted(directory.glob("*.sql")):
        match = _FILE_NAME.fullmatch(path.name)
        if not match:
            raise MigrationError(f"{path.name} is not named like 0001_what_it_does.sql")
        number = int(match[1])
        if number in found:
            raise MigrationError(f"{path.name} and {found[number].name} have the same number")
        found[number] = Migration(number, path.name, path.read_text(encoding="utf-8"))
    return list(found.values())


async def migrate(
    database_url: str, directory: Path = MIGRATIONS, *, lock_timeout_s: float = 2, retry_wait_s: float = 1
) -> list[str]:
    """Apply what the database lacks and return the names of what was applied.

    Processes that migrate at once take turns, and the later ones find nothing to do. A migration that cannot have
    its locks within `lock_timeout_s` lets go, so that live queries never queue behind it, and is tried again.
    """
    migrations = read_migrations(directory)
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", _LOCK_KEY)
        await connection.execute(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number integer PRIMARY KEY,
                name text NOT NULL,
                checksum text NOT NULL,
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        await connection.execute(f"SET lock_timeout = '{int(lock_timeout_s * 1000)}ms'")
        pending = _pending(migrations, await _applied(connection))
        for migration in pending:
            await _apply(connection, migration, retry_wait_s)
        return [migration.name for migration in pending]
    finally:
        await connection.close(timeout=5)


async def list_migrations(database_url: str, directory: Path = MIGRATIONS) -> list[tuple[str, bool]]:
    """Return every migration's name and whether the database has it. Changes nothing."""
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        known = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
        migrations = read_migrations(directory)
        pending = {m.number for m in _pending(migrations, await _applied(connection) if known else {})}
        return [(migration.name, migration.number not in pending) for migration in migrations]
    finally:
        await connection.close(timeout=5)


async def _applied(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[int, str]:
    rows = await connection.fetch("SELECT number, checksum FROM schema_migrations")
    return {row["number"]: row["checksum"] for row in rows}


def _pending(migrations: Sequence[Migration], applied: dict[int, str]) -> list[Migration]:
    """Return what is still to do. What only the database knows comes from a newer release and is left alone."""
    for migration in migrations:
        if applied.get(migration.number, migration.checksum) != migration.checksum:
            raise MigrationError(
                f"{migration.name} was changed after it had been applied to this database. "
                "Restore the file, and put the change into a new migration."
            )
    return [migration for migration in migrations if migration.number not in applied]


async def _apply(connection: "asyncpg.Connection[asyncpg.Record]", migration: Migration, retry_wait_s: float) -> None:
    for attempts_left in reversed(range(LOCK_ATTEMPTS)):
        try:
            async with connection.transaction():
                await connection.execute(migration.sql)
                await connection.execute(
                    "INSERT INTO schema_migrations (number, name, checksum) VALUES ($1, $2, $3)",
                    migration.number,
                    migration.name,
                    migration.checksum,
                )
        except asyncpg.LockNotAvailableError as error:
            if not attempts_left:
                raise MigrationError(f"{migration.name} could not have its locks; try again later") from error
            await asyncio.sleep(retry_wait_s)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{migration.name} failed: {error}") from error
        else:
            return


async def _run(database_url: str, *, only_list: bool) -> None:
    if only_list:
        for name, applied in await list_migrations(database_url):
            print(f"{'applied' if applied else 'pending'}  {name}")
        return
    for name in await migrate(database_url):
        print(f"applied  {name}")
    print("The schema is up to date.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.customers.migrate",
        description="Bring the database that DATABASE_URL names to the present schema. Safe to run at any time, "
        "again, and by several processes at once.",
    )
    parser.add_argument("--list", action="store_true", help="say which migrations are applied, and change nothing")
    options = parser.parse_args(arguments)
    try:
        database_url = Settings(_env_file=Path(".env")).database_url
    except ValidationError:
        print("DATABASE_URL is not set: postgresql://user:password@host:port/database", file=sys.stderr)
        return 2
    try:
        asyncio.run(_run(database_url.get_secret_value(), only_list=options.list))
    except (MigrationError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        print(f"Not migrated: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
