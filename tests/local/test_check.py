"""Each check in a good world, and in one where that thing is broken."""

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis.asyncio
import structlog

from local.cases import Cases
from local.check.__main__ import CHECKS, main
from local.check.exotel import check_exotel
from local.check.language import check_language
from local.check.report import Report, Stop
from local.check.speech import check_tts
from local.check.stores import check_database, check_redis
from local.providers import Providers
from local.running_now import FILE, announced, newest, settings_of
from local.system import System, running

NOBODY = "127.0.0.1:9"
TELEPHONY = {
    "EXOTEL_SID": "ashafinance1",
    "EXOTEL_API_KEY": "key",
    "EXOTEL_TOKEN": "token",
    "EXOTEL_VIRTUAL_NUMBER": "+918045670001",
    "EXOTEL_APP_ID": "1",
    "EXOTEL_API_BASE": f"http://{NOBODY}",
    "AGENT_PHONE_NUMBER": "+919999911111",
    "BASE_URL": f"http://{NOBODY}",
    "WEBHOOK_SECRET": "0123456789abcdef0123",
    "REDIS_URL": f"redis://{NOBODY}/0",
    "ENVIRONMENT": "development",
}


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """A check speaks for the whole process, which here runs other tests too."""
    logs = structlog.get_config()
    yield
    logging.disable(logging.NOTSET)
    structlog.configure(**logs)


class Told:
    """What a check has said."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.report = Report("tried", self.lines.append)

    @property
    def bad(self) -> str:
        return "\n".join(line for line in self.lines if "BAD" in line)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a developer's own .env and systems out."""
    monkeypatch.chdir(tmp_path)
    for name in (*TELEPHONY, "DATABASE_URL", "SARVAM_API_KEY", "CLAUDE_INTENT_MODEL_ID"):
        monkeypatch.delenv(name, raising=False)


def set_all(monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(name, value)


async def test_a_database_with_the_present_schema_is_good(
    told: Told, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, DATABASE_URL=database_url)
    await check_database(told.report)
    assert told.bad == ""
    assert "0 borrowers, 0 calls" in told.lines[-1] + told.lines[-2]


async def test_a_database_without_our_tables_is_told_with_what_to_do(
    told: Told, empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, DATABASE_URL=empty_database_url)
    with pytest.raises(Stop):
        await check_database(told.report)
    assert "services.customers.migrate" in told.bad and "UndefinedTableError" in told.bad


async def test_a_database_that_is_not_there_is_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, DATABASE_URL=f"postgresql://voice:secret@{NOBODY}/voice")
    with pytest.raises(Stop):
        await check_database(told.report)
    assert "connect to DATABASE_URL" in told.bad and "secret" not in told.bad


async def test_a_setting_that_is_missing_is_told_by_its_name(told: Told) -> None:
    with pytest.raises(Stop):
        await check_database(told.report)
    assert "DATABASE_URL" in told.bad


async def test_a_redis_that_keeps_is_good(told: Told, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, REDIS_URL=redis_url)
    await check_redis(told.report)
    assert told.bad == ""


async def test_a_redis_that_refuses_us_is_told(told: Told, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = redis_url.rsplit("@", 1)[1]
    set_all(monkeypatch, REDIS_URL=f"redis://:guessed@{port}")
    await check_redis(told.report)
    assert "use REDIS_URL" in told.bad and "guessed" not in told.bad


async def test_a_redis_that_may_throw_sessions_out_is_told(
    told: Told, redis_url: str, redis_client: redis.asyncio.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, REDIS_URL=redis_url)
    await redis_client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        await check_redis(told.report)
    finally:
        await redis_client.config_set("maxmemory-policy", "noeviction")
    assert "noeviction" in told.bad


async def test_a_sarvam_that_is_not_there_is_told(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, SARVAM_API_KEY="key", SARVAM_HTTP_BASE=f"http://{NOBODY}")
    await check_tts(told.report)
    assert "speak a line" in told.bad


async def test_an_exotel_that_is_not_there_is_told_and_so_is_our_own_address(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, **TELEPHONY)
    with pytest.raises(Stop):
        await check_exotel(told.report)
    assert "the account's last call" in told.bad and "BASE_URL does not answer" in told.bad
    assert TELEPHONY["WEBHOOK_SECRET"] not in "\n".join(told.lines)


async def test_a_dialog_that_is_not_there_is_told_and_the_rules_are_tried_all_the_same(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_all(monkeypatch, ENVIRONMENT="development", DIALOG_ADDRESS=NOBODY)
    await check_language(told.report)
    assert "UNAVAILABLE" in told.bad and told.bad.count("\n") == 0
    assert any("detect 11 languages" in line and "ok" in line for line in told.lines)
    assert any("CLAUDE_INTENT_MODEL_ID is empty" in line for line in told.lines)


def test_a_check_that_there_is_not_is_a_mistake_of_whoever_asks(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["tsts"])
    assert ended.value.code == 2 and "there are language, tts" in capsys.readouterr().err


def test_a_run_that_has_ended_is_not_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "var" / "up-1"
    folder.mkdir(parents=True)
    with announced(folder, iter([{"REDIS_URL": "redis://x", "LOG_DIR": "y"}])) as file:
        assert newest(tmp_path / "var") == folder
        assert settings_of(folder) == {"REDIS_URL": "redis://x"}
        assert file.stat().st_mode & 0o077 == 0
        left_behind = file.read_text().replace(str(os.getpid()), "999999999")
    assert newest(tmp_path / "var") is None
    (folder / FILE).write_text(left_behind)  # by one that was killed
    assert newest(tmp_path / "var") is None
    assert main(["--run", str(folder)]) == 2
    assert "No system runs" in capsys.readouterr().err


@pytest.mark.timeout(180)
async def test_a_system_that_runs_is_well_until_its_parts_are_taken_away(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    async with running(tmp_path, Cases((), {}), Providers(sarvam=False, exotel=False, bedrock=False), None) as system:
        code, printed = await check(system)
        assert code == 0, printed
        assert [line for line in printed.splitlines() if line in CHECKS] == list(CHECKS)
        assert "BAD" not in printed and "heard: “" in printed
        assert system.admin_password not in printed
        for name in ("bedrock", "sarvam", "exotel"):
            await system.processes.kill(name)
        code, printed = await check(system)
    assert code == 1
    assert "Something is wrong: language, tts, audio, exotel." in printed, printed


async def check(system: System) -> tuple[int, str]:
    """Run the command line, as a person would."""
    command = [sys.executable, "-m", "local.check", "--run", str(system.folder)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = await asyncio.create_subprocess_exec(
        *command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    printed, _ = await process.communicate()
    return process.returncode or 0, printed.decode()
