import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from local.leash import leashed
from voice.customers import v1 as pb
from voicekit.rpc import channel

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, "-m", "services.customers"]


def free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


async def test_the_service_serves_until_it_is_told_to_stop(database_url: str) -> None:
    address = free_address()
    settings = {"DATABASE_URL": database_url, "CUSTOMERS_LISTEN": address, "DRAIN_SECONDS": "5"}
    environment = {**os.environ, **settings}
    service = await asyncio.create_subprocess_exec(
        *leashed(PROGRAM), cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    async with channel(address, "voice.customers.v1.CallsService") as there:
        stub = pb.CallsServiceStub(there)
        listed = await stub.ListCalls(pb.ListCallsRequest(), timeout=30, wait_for_ready=True)
        watching = stub.WatchChanges(pb.WatchChangesRequest())
        await watching.read()
        service.send_signal(signal.SIGTERM)
        ended = await watching.code()
    assert await service.wait() == 0
    assert list(listed.calls) == []
    assert ended.name == "UNAVAILABLE"


def test_it_explains_its_settings() -> None:
    done = subprocess.run([*PROGRAM, "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "DATABASE_URL (required)" in done.stdout


def test_the_process_that_serves_does_not_carry_what_only_imports_need() -> None:
    script = "import sys, services.customers.__main__; print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_it_stops_at_once_and_names_what_is_missing(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
    environment["PYTHONPATH"] = f"{ROOT}:{ROOT / 'gen'}"
    done = subprocess.run(PROGRAM, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "DATABASE_URL" in done.stderr


def test_an_unreachable_database_stops_it_without_telling_the_password(tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": "postgresql://somebody:secret@127.0.0.1:1/none"}
    done = subprocess.run(PROGRAM, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "secret" not in done.stdout + done.stderr
