"""The engineer who runs it has a curl for gRPC, and nothing else."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_system import RealSystem

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(120)]

SERVICES = {
    "telephony": {"voice.telephony.v1.TelephonyService"},
    "speech": {"voice.speech.v1.SpeechService"},
    "dialog": {"voice.dialog.v1.DialogService"},
    "customers": {"voice.customers.v1.CallsService", "voice.customers.v1.CustomersService"},
}
BUF = Path(sys.executable).parent / "buf"


async def curl(*arguments: str) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        BUF, "curl", "--protocol", "grpc", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    printed, complaints = await process.communicate()
    return process.returncode or 0, (printed or complaints).decode()


@pytest.mark.parametrize("name", list(SERVICES))
async def test_each_service_tells_what_it_serves(system: RealSystem, name: str) -> None:
    code, listed = await curl("--list-services", f"http://127.0.0.1:{getattr(system.system.ports, name)}")
    assert code == 0
    assert set(listed.split()) >= SERVICES[name] | {"grpc.health.v1.Health"}


async def test_calls_are_listed_by_hand(system: RealSystem) -> None:
    url = f"http://{system.system.telephony_address}/voice.telephony.v1.TelephonyService"
    code, answer = await curl("--data", '{"page_size": 5}', f"{url}/ListLiveCalls")
    assert code == 0
    page: Any = json.loads(answer)
    assert isinstance(page.get("calls", []), list)


async def test_a_mistake_made_by_hand_is_named(system: RealSystem) -> None:
    url = f"http://{system.system.telephony_address}/voice.telephony.v1.TelephonyService"
    code, answer = await curl("--data", '{"page_size": -1}', f"{url}/ListLiveCalls")
    assert code != 0
    assert json.loads(answer)["code"] == "invalid_argument"
    assert "page_size" in answer
    code, answer = await curl("--data", '{"call_id": "nobody"}', f"{url}/GetCall")
    assert json.loads(answer)["code"] == "not_found"
