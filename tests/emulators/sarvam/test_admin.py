import asyncio
import json
import sys
from pathlib import Path

import aiohttp
import pytest

from emulators.sarvam import SarvamEmulator, read_phrases
from emulators.sarvam.__main__ import parse_arguments, serve
from emulators.voices import CALLER_VOICE, synthesise
from local.leash import leashed
from tests.emulators.sarvam.client import KEY
from tests.emulators.sarvam.telephone import over_the_phone

SPEECH = {"text": "yes", "language_code": "en-IN", "speech_sample_rate": 8000, "output_audio_codec": "mulaw"}


async def test_phrases_are_taught_over_http(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    taught = [{"text": "my salary is late", "language": "en-IN"}]
    async with http.post("/emulator/phrases", json=taught) as response:
        assert taught[0] in await response.json()
    pcm = over_the_phone(synthesise("my salary is late", "en-IN", voice=CALLER_VOICE))
    assert sarvam.provider.recogniser.hear(pcm).text == "my salary is late"


async def test_what_was_spoken_and_asked_is_listed(http: aiohttp.ClientSession) -> None:
    await http.post("/text-to-speech", json=SPEECH)
    async with http.get("/emulator/rendered") as response:
        [rendered] = await response.json()
    assert (rendered["text"], rendered["language"]) == ("yes", "en-IN")
    assert rendered["pcm"] > 1000
    async with http.get("/emulator/requests") as response:
        [request] = (await response.json())["requests"]
    assert (request["path"], request["body"]) == ("/text-to-speech", SPEECH)
    async with http.get("/emulator/usage") as response:
        assert (await response.json())["tts_characters"] == 3


async def test_a_fault_is_armed_listed_and_disarmed(http: aiohttp.ClientSession) -> None:
    async with http.post("/emulator/faults", json={"name": "rest.internal_error", "times": None}) as response:
        assert "rest.internal_error" in (await response.json())["armed"]
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.status == 500
    async with http.delete("/emulator/faults", params={"name": "rest.internal_error"}) as response:
        assert await response.json() == {"armed": {}, "struck": ["rest.internal_error"]}


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/emulator/faults", {"name": "earthquake"}),
        ("/emulator/phrases", [{"text": "bonjour", "language": "fr-FR"}]),
        ("/emulator/phrases", {"text": "yes"}),
        ("/emulator/latency", {"speed": 3}),
    ],
)
async def test_a_senseless_wish_is_explained(http: aiohttp.ClientSession, path: str, body: object) -> None:
    async with http.post(path, json=body) as response:
        assert response.status == 400
        assert (await response.json())["error"]


async def test_latency_is_changed_and_a_reset_forgets(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    async with http.post("/emulator/latency", json={"rest_s": 0}) as response:
        assert (await response.json())["rest_s"] == 0
    await http.post("/text-to-speech", json=SPEECH)
    await http.post("/emulator/reset")
    assert sarvam.provider.journal.rendered == []
    assert sarvam.provider.journal.usage.tts_characters == 0


async def test_the_program_serves_the_book_it_is_given(tmp_path: Path) -> None:
    book = tmp_path / "book.json"
    book.write_text(json.dumps([{"text": "हाँ", "language": "hi-IN"}], ensure_ascii=False), encoding="utf-8")
    program = await asyncio.create_subprocess_exec(
        *leashed([sys.executable, "-m", "emulators.sarvam", "--port", "0", "--phrasebook", str(book), "--key", "k1"]),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert program.stderr
        line = (await program.stderr.readline()).decode()
        base = line.split()[-1]
        async with aiohttp.ClientSession(base, headers=KEY) as http:
            async with http.get("/emulator/health") as response:
                assert await response.json() == {"status": "ok", "phrases": 1}
            async with http.post("/text-to-speech", json=SPEECH) as response:
                assert response.status == 403
    finally:
        program.terminate()
        await program.wait()


async def test_the_options_reach_the_emulator(tmp_path: Path) -> None:
    book = tmp_path / "book.json"
    book.write_text('[{"text": "yes", "language": "en-IN"}]', encoding="utf-8")
    options = parse_arguments(["--port", "0", "--plan", "pro", "--caller-voice", "ravi", "--phrasebook", str(book)])
    assert (options.plan, options.caller_voice, options.stt_final_ms) == ("pro", ["ravi"], 150)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await serve(options)


def test_a_broken_book_is_refused(tmp_path: Path) -> None:
    book = tmp_path / "book.json"
    for content in ('{"text": "yes"}', '[{"text": "yes", "language": "fr-FR"}]', "[1]", "nonsense"):
        book.write_text(content, encoding="utf-8")
        with pytest.raises(ValueError):
            read_phrases(book)
