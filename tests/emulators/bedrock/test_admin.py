import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from emulators.bedrock import BedrockEmulator, read_rules
from local.leash import leashed
from tests.emulators.bedrock.client import ask, tool_input


async def test_rules_are_added_before_the_ones_there_are(bedrock: BedrockEmulator) -> None:
    async with (
        aiohttp.ClientSession(bedrock.url) as http,
        http.post("/emulator/script", json=[{"match": "haan", "input": {"intent": "NO"}}]) as response,
    ):
        assert len(await response.json()) == 5
    assert tool_input(await ask(bedrock, "haan ji"))["intent"] == "NO"


async def test_requests_are_listed_and_forgotten(bedrock: BedrockEmulator) -> None:
    await ask(bedrock, "हाँ")
    async with aiohttp.ClientSession(bedrock.url) as http:
        async with http.get("/emulator/requests") as response:
            [asked] = await response.json()
        assert asked["words"] == "हाँ"
        async with http.post("/emulator/reset") as response:
            assert response.status == 200
    assert bedrock.brain.asked == []


async def test_faults_and_latency_are_set_over_http(bedrock: BedrockEmulator) -> None:
    async with aiohttp.ClientSession(bedrock.url) as http:
        async with http.post("/emulator/faults", json={"name": "empty_input"}) as response:
            assert "empty_input" in (await response.json())["armed"]
        assert tool_input(await ask(bedrock)) == {}
        async with http.delete("/emulator/faults") as response:
            assert await response.json() == {"armed": {}, "struck": ["empty_input"]}
        async with http.post("/emulator/latency", json={"median_s": 0.1}) as response:
            assert await response.json() == {"median_s": 0.1, "spread": 0.0}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/emulator/faults", {"name": "earthquake"}),
        ("/emulator/script", [{"match": "("}]),
        ("/emulator/script", [{"words": "haan"}]),
        ("/emulator/latency", {"median_s": "fast"}),
    ],
)
async def test_a_senseless_wish_is_explained(bedrock: BedrockEmulator, path: str, body: object) -> None:
    async with aiohttp.ClientSession(bedrock.url) as http, http.post(path, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_the_program_answers_by_the_script_it_is_given(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"match": "हाँ", "input": {"intent": "YES"}}]), encoding="utf-8")
    command = [sys.executable, "-m", "emulators.bedrock", "--port", "0", "--script", str(script), "--latency-ms", "0"]
    program = await asyncio.create_subprocess_exec(*leashed(command), stderr=asyncio.subprocess.PIPE)
    try:
        assert program.stderr
        url = (await program.stderr.readline()).decode().split()[-1]
        async with aiohttp.ClientSession(url) as http, http.get("/emulator/health") as response:
            assert await response.json() == {"status": "ok", "rules": 1}
    finally:
        program.terminate()
        await program.wait()


def test_a_broken_script_is_refused(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    for content in ('[{"match": "("}]', "[1]", "nonsense", '{"input": {}}'):
        script.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError):
            read_rules(script)
