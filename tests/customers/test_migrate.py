import asyncio
import os
import shutil
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from services.customers.migrate import MIGRATIONS, MigrationError, list_migrations, main, migrate, read_migrations

ROOT = Path(__file__).parents[2]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    shutil.copytree(MIGRATIONS, tmp_path / "migrations")
    return tmp_path / "migrations"


def command(url: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "services.customers.migrate", *arguments],
        cwd=ROOT, env={**os.environ, "DATABASE_URL": url}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


async def test_migrating_twice_does_nothing_the_second_time(empty_database_url: str) -> None:
    assert await migrate(empty_database_url) == [m.name for m in read_migrations()]
    assert await migrate(empty_database_url) == []
    assert all(applied for _, applied in await list_migrations(empty_database_url))


async def test_two_processes_may_migrate_at_once(empty_database_url: str) -> None:
    processes = [command(empty_database_url), command(empty_database_url)]
    outputs = [(await asyncio.to_thread(process.communicate))[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    applied = [line for output in outputs for line in output.splitlines() if line.startswith("applied")]
    assert sorted(applied) == [f"applied  {m.name}" for m in read_migrations()]


async def test_the_list_changes_nothing(empty_database_url: str) -> None:
    process = command(empty_database_url, "--list")
    output = (await asyncio.to_thread(process.communicate))[0]
    assert output.splitlines() == [f"pending  {m.name}" for m in read_migrations()]
    connection = await asyncpg.connect(empty_database_url)
    assert await connection.fetchval("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 0
    await connection.close()


async def test_a_file_that_was_changed_after_it_was_applied_is_refused(directory: Path, database_url: str) -> None:
    path = directory / read_migrations()[0].name
    path.write_text(path.read_text() + "\n-- a later thought\n")
    with pytest.raises(MigrationError, match=f"{path.name} was changed after"):
        await migrate(database_url, directory)


async def test_a_migration_that_fails_leaves_nothing_behind(directory: Path, database_url: str) -> None:
    (directory / "9000_two_steps.sql").write_text("CREATE TABLE half (); SELECT 1 / 0;")
    with pytest.raises(MigrationError, match=r"9000_two_steps\.sql failed: division by zero"):
        await migrate(database_url, directory)
    assert (await list_migrations(database_url, directory))[-1] == ("9000_two_steps.sql", False)
    (directory / "9000_two_steps.sql").write_text("CREATE TABLE half ();")
    assert await migrate(database_url, directory) == ["9000_two_steps.sql"]


async def test_a_database_of_a_newer_release_is_left_alone(directory: Path, database_url: str) -> None:
    (directory / read_migrations()[-1].name).unlink()
    assert await migrate(database_url, directory) == []


async def test_a_migration_waits_for_its_locks_without_blocking_others(directory: Path, database_url: str) -> None:
    (directory / "9000_alter.sql").write_text("ALTER TABLE customers ADD COLUMN extra text;")
    reader, other = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    reading = reader.transaction()
    await reading.start()
    await reader.execute("SELECT 1 FROM customers")
    migrating = asyncio.create_task(migrate(database_url, directory, lock_timeout_s=0.2, retry_wait_s=0.05))
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'customers'::regclass"
    while not await other.fetchval(waiting):
        pass
    assert await other.fetchval("SELECT count(*) FROM customers", timeout=2) == 0
    await reading.rollback()
    assert await migrating == ["9000_alter.sql"]
    await reader.close()
    await other.close()


@pytest.mark.parametrize("names", [["1_short.sql"], ["0001_one.sql", "0001_other.sql"]])
def test_misnamed_and_doubled_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).touch()
    with pytest.raises(MigrationError, match=names[-1]):
        read_migrations(tmp_path)


def test_without_a_database_the_command_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main([]) == 2
    assert "DATABASE_URL" in capsys.readouterr().err


def test_an_unreachable_database_is_an_error_and_not_a_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://somebody:secret@127.0.0.1:1/none")
    assert main([]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Not migrated:")
    assert "secret" not in error
