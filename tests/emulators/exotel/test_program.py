import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from emulators.audio import read_wav, samples
from emulators.exotel.__main__ import read_arguments, read_options
from emulators.exotel.flow import Voicebot
from emulators.exotel.variant import VARIANTS
from emulators.voices import synthesise
from local.leash import leashed
from tests.emulators.exotel.product import Account, Bot, Product


def test_the_command_line_describes_an_account(tmp_path: Path) -> None:
    people = tmp_path / "people.yaml"
    people.write_text('personas: {"+919999900012": {pickup: busy}}')
    given = read_arguments(
        [
            "--resolver-url",
            "http://x/ws-url",
            "--personas",
            str(people),
            "--variant",
            "camel",
            "--exophone",
            "08045670002",
        ]
    )
    options = read_options(given)
    assert options.flows["default"].applets["bot"] == Voicebot("http://x/ws-url", next="after_bot")
    assert options.variant == VARIANTS["camel"]
    assert options.exophones == ("+918045670002",)
    assert options.people.personas["+919999900012"][0].pickup.kind == "busy"


@pytest.mark.parametrize("arguments", [["--variant", "none"], ["--port", "x"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        read_arguments(arguments)
    assert arguments[0] in capsys.readouterr().err


async def test_the_program_carries_a_call_in_real_time_and_stops_when_told(product: Product, tmp_path: Path) -> None:
    words = synthesise("Hello", "en-IN")
    took: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    async def bot(bot: Bot) -> None:
        await bot.next("start")
        began = asyncio.get_running_loop().time()
        await bot.says(words, "g")
        await bot.next("mark")
        took.set_result(asyncio.get_running_loop().time() - began)

    product.bot = bot
    people = tmp_path / "people.yaml"
    people.write_text('personas: {"+919999900012": {pickup: {after_s: 0.1}}}')
    command = [
        *(sys.executable, "-m", "emulators.exotel", "--port", "0", "--personas", str(people)),
        *("--resolver-url", product.url + "/ws-url", "--passthru-url", product.url + "/passthru"),
        *("--record-dir", str(tmp_path)),
    ]
    program = await asyncio.create_subprocess_exec(*leashed(command), stdout=asyncio.subprocess.PIPE)
    assert program.stdout
    url = re.search(r"url=(\S+)", (await program.stdout.readline()).decode())
    assert url
    async with aiohttp.ClientSession() as session:
        sid = await Account(session, product, base=url[1]).call()
        assert await took == pytest.approx(len(words) / 16000, abs=0.15)
        async for line in program.stdout:
            if b"Ended." in line:
                break
        async with session.get(f"{url[1]}/emulator/calls/{sid}") as response:
            call = await response.json()
    assert (call["status"], call["findings"]) == ("completed", [])
    assert words in samples(read_wav(tmp_path / f"{sid}.wav").pcm).reshape(-1, 2)[:, 1].tobytes()
    program.send_signal(signal.SIGTERM)
    assert await program.wait() == 0
