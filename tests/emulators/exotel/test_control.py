import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from emulators.audio import BYTES_PER_MS, read_wav, samples
from emulators.exotel.exchange import Exotel
from emulators.exotel.options import Options
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.exotel.product import Account, Bot, Product

pytestmark = pytest.mark.virtual_time

QUESTION = synthesise("Am I speaking with Meena?", "en-IN")


async def asks(bot: Bot) -> None:
    await bot.next("start")
    await bot.says(QUESTION, "q")
    await asyncio.sleep(6)


async def ask(account: Account, method: str, path: str, body: object = None) -> Any:
    async with account.session.request(
        method, account.base.split("/v1")[0] + "/emulator" + path, json=body
    ) as response:
        if response.status != 200:
            return response.status, await response.text()
        return await response.json()


async def test_a_demo_loads_people_and_reads_what_became_of_the_calls(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.bot = asks
    steps = ["wait_for_bot_to_finish", {"say": "yes"}, "hang_up"]
    people = {"personas": {"+919999900012": {"name": "Meena", "steps": steps}}, "agents": {"+919999911111": {}}}
    assert await ask(account, "POST", "/personas", people) == {
        "personas": ["+919999900012"],
        "agents": ["+919999911111"],
    }
    sid = await account.call()
    await (await exotel.next_call()).ends()
    (short,) = (await ask(account, "GET", "/calls"))["calls"]
    assert (short["sid"], short["status"], short["ended_by"]) == (sid, "completed", "user")
    whole = await ask(account, "GET", f"/calls/{sid}")
    assert [stream["sid"] for stream in whole["streams"]] == [exotel.calls[sid].streams[0].sid]
    assert whole["events"][-1]["event"] in ("ended", "callback_sent")
    assert await ask(account, "GET", "/health") == {"status": "ok", "calls": 1}


async def test_the_judge_sums_up_all_calls(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = asks
    product.passthru_status = 404
    for number in ("+919999900012", "+919999900013"):
        await account.call(number)
        await (await exotel.next_call()).ends()
    report = await ask(account, "GET", "/judge")
    assert report["errors"] == 2
    assert report["calls_by_rule"] == {"passthru-status": 2}
    assert {finding["rule"] for call in report["findings"].values() for finding in call} == {"passthru-status"}


async def test_a_person_rings_in_and_hangs_up_by_command(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = asks
    short = await ask(account, "POST", "/dial-in", {"from": "09999900044"})
    assert short["direction"] == "incoming"
    call = exotel.calls[short["sid"]]
    await call.happens("stream_opened")
    await ask(account, "POST", f"/calls/{call.sid}/hang-up")
    await call.ends()
    assert call.ended_by == "user"


async def test_old_calls_let_go_of_their_audio(options: Options, exotel: Exotel, account: Account) -> None:
    options.keep_audio = 1
    calls = []
    for number in ("+919999900012", "+919999900013"):
        await account.call(number, TimeLimit="5")
        calls.append(await exotel.next_call())
        await calls[-1].ends()
    assert [bool(call.spoken) for call in calls] == [False, True]
    assert calls[0].view()["status"] == "completed"


async def test_faults_are_queued(account: Account) -> None:
    assert await ask(account, "POST", "/faults", [{"status": 503}, {"latency_s": 3}]) == {"queued": 2}
    assert (await account.connect()).status == 503


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/personas", {"personas": {"12": {}}}, 400),
        ("POST", "/dial-in", {}, 400),
        ("POST", "/dial-in", {"from": "abc"}, 400),
        ("POST", "/faults", [{"colour": 1}], 400),
        ("POST", "/faults", {}, 400),
        ("GET", "/calls/unknown", None, 404),
        ("POST", "/calls/unknown/hang-up", None, 404),
    ],
)
async def test_nonsense_is_refused(account: Account, method: str, path: str, body: object, status: int) -> None:
    assert (await ask(account, method, path, body))[0] == status


async def test_a_call_is_recorded_with_the_caller_left_and_the_bot_right(
    options: Options, exotel: Exotel, account: Account, product: Product, tmp_path: Path
) -> None:
    product.bot = asks
    options.record_dir = tmp_path / "recordings"
    sid = await account.call()
    call = await exotel.next_call()
    await call.caller.hears(QUESTION)
    await call.caller.says("yes", "en-IN")
    await call.ends()
    sound = read_wav(options.record_dir / f"{sid}.wav")
    assert (sound.rate_hz, sound.channels) == (8000, 2)
    left, right = samples(sound.pcm).reshape(-1, 2).T
    assert synthesise("yes", "en-IN", voice=CALLER_VOICE) in left.tobytes()
    asked = right.tobytes().index(QUESTION)
    answered = left.tobytes().index(synthesise("yes", "en-IN", voice=CALLER_VOICE))
    assert asked + len(QUESTION) <= answered < asked + len(QUESTION) + 200 * BYTES_PER_MS
    report = json.loads((options.record_dir / f"{sid}.json").read_text("utf-8"))
    (stream,) = report["messages"]
    assert {message["event"] for message in stream["log"]} == {"connected", "start", "media", "mark"}
    assert report["status"] == "completed"
