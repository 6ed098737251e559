import asyncio
from pathlib import Path

import pytest

from emulators.audio import rms, silence, tone, wav_bytes
from emulators.exotel import persona as p
from emulators.exotel.exchange import Exotel
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.exotel.product import Account, Bot, Product, silent_bot

pytestmark = pytest.mark.virtual_time

QUESTION = synthesise("Am I speaking with Meena?", "en-IN")


async def asks_and_asks(bot: Bot) -> None:
    await bot.next("start")
    while True:
        await bot.says(QUESTION, "q")
        await asyncio.sleep(8)


async def asks_until_interrupted(bot: Bot) -> None:
    await bot.next("start")
    talking = asyncio.create_task(bot.says(QUESTION * 4, "q"))
    while rms(bot.heard[-1600:]) < 500:
        await bot.next("media")
    talking.cancel()
    await bot.send("clear")
    await asyncio.sleep(5)
    await bot.says(QUESTION, "again")
    await silent_bot(bot)


async def spoken_at(exotel: Exotel, account: Account, *steps: p.Step, **traits: object) -> list[float]:
    """Let a persona act, and tell when it began to speak, in seconds after the stream had opened."""
    persona = p.Persona(steps=steps, **traits)  # type: ignore[arg-type]  # named as the fields are
    exotel.set_persona("+919999900012", persona)
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    opened = (await call.happens("stream_opened")).at_s
    return [event.at_s - opened for event in call.events if event.name == "caller_speaks"]


async def test_a_persona_waits_thinks_speaks_and_hangs_up(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = asks_and_asks
    begun = await spoken_at(
        exotel, account, p.WaitForBot(), p.Say("हाँ, बोल रही हूँ"), p.WaitForBot(), p.HangUp(), language="hi-IN"
    )
    question_s = len(QUESTION) / 16000
    assert begun == pytest.approx([question_s - 0.05 + 0.6 + 0.4], abs=0.06)
    assert synthesise("हाँ, बोल रही हूँ", "hi-IN", voice=CALLER_VOICE) in product.bots[0].heard
    (call,) = exotel.calls.values()
    assert call.heard.count(QUESTION) == 2


async def test_a_persona_interrupts(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = asks_until_interrupted
    begun = await spoken_at(exotel, account, p.Interrupt(1.0), p.Say("Who is this?"), p.WaitForBot(), p.HangUp())
    assert begun == pytest.approx([1.05], abs=0.06)
    (call,) = exotel.calls.values()
    assert QUESTION * 2 not in call.heard
    assert call.heard.rfind(QUESTION) > 5 * 16000
    assert len(call.streams[0].judge.clear_delays_s) == 1


async def test_a_persona_loses_patience_with_a_silent_bot(exotel: Exotel, account: Account) -> None:
    begun = await spoken_at(exotel, account, p.WaitForBot(patience_s=7), p.Say("Hello?"), p.HangUp())
    assert begun == pytest.approx([7.4], abs=0.01)


async def test_a_silent_person_stays_until_the_bot_ends_the_call(
    exotel: Exotel, account: Account, product: Product
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.says(QUESTION, "q")
        await asyncio.sleep(15)

    product.bot = bot
    assert await spoken_at(exotel, account, p.StaySilent()) == []
    assert rms(product.bots[0].heard) == 0


async def test_an_answering_machine_announces_and_beeps(exotel: Exotel, account: Account, product: Product) -> None:
    announcement = "The person you are calling is not available. Please record your message after the tone."
    begun = await spoken_at(exotel, account, p.Say(announcement, voice="kavya"), p.Beep(400, 1000), p.HangUp())
    assert len(begun) == 2
    heard = product.bots[0].heard
    assert synthesise(announcement, "en-IN", voice="kavya") in heard
    assert tone(400, 1000) in heard


async def test_a_recorded_voice_keys_noise_and_a_lost_network(
    exotel: Exotel, account: Account, product: Product, tmp_path: Path
) -> None:
    product.bot = silent_bot
    recorded = synthesise("A voice from a file", "en-IN")
    (tmp_path / "voice.wav").write_bytes(wav_bytes(recorded))
    steps = (
        p.StaySilent(1),
        p.Play(tmp_path / "voice.wav"),
        p.Noise(-40),
        p.Press("42"),
        p.StaySilent(1),
        p.LoseNetwork(),
    )
    assert len(await spoken_at(exotel, account, *steps)) == 1
    (bot,) = product.bots
    assert recorded in bot.heard
    assert rms(bot.heard[-8000:]) > 100
    assert [message["dtmf"]["digit"] for message in bot.messages if message["event"] == "dtmf"] == ["4", "2"]
    assert bot.ws.close_code == 1006


async def test_each_call_finds_the_next_persona_and_the_last_one_stays(exotel: Exotel, account: Account) -> None:
    exotel.set_persona("+919999900012", p.Persona(pickup=p.Pickup("busy")), p.Persona(pickup=p.Pickup("failed")))
    results = []
    for _ in range(3):
        await account.call()
        results.append(await (await exotel.next_call()).ends())
    assert results == ["busy", "failed", "failed"]
    exotel.set_persona("+919999900012", p.Persona(pickup=p.Pickup("no-answer")))
    await account.call()
    assert await (await exotel.next_call()).ends() == "no-answer"


async def test_whoever_waits_in_vain_is_told_what_was_missed(exotel: Exotel, account: Account) -> None:
    await account.call()
    call = await exotel.next_call()
    with pytest.raises(AssertionError, match="the bot's voice within 3 s"):
        await call.caller.hears_speech(timeout_s=3)
    with pytest.raises(AssertionError, match=r"no 'agent_dial' within 2 s, only \['created'"):
        await call.happens("agent_dial", timeout_s=2)
    hearing = asyncio.create_task(call.caller.hears(silence(0) + QUESTION))
    await call.happens("stream_opened")
    await call.caller.hangs_up()
    with pytest.raises(AssertionError, match="the call was over"):
        await hearing
    with pytest.raises(TimeoutError):
        await exotel.next_call(timeout_s=5)


async def test_calls_to_several_people_are_told_apart(exotel: Exotel, account: Account) -> None:
    for number in ("+919999900012", "+919999900013"):
        await account.call(number)
    assert (await exotel.next_call("09999900013")).request.customer == "+919999900013"
    assert (await exotel.next_call()).request.customer == "+919999900012"
