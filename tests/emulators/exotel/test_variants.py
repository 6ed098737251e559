import asyncio
import json
from dataclasses import fields
from typing import Any, get_args

import numpy as np
import pytest

from emulators.audio import resample, samples
from emulators.exotel.exchange import Exotel
from emulators.exotel.options import Options
from emulators.exotel.variant import VARIANTS, Variant
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.exotel.product import Account, Bot, Product

pytestmark = pytest.mark.virtual_time

every_variant = pytest.mark.parametrize("options", VARIANTS, indirect=True)
WORDS = synthesise("Hello, this is Asha Finance.", "en-IN")


async def talks_with_the_caller(bot: Bot) -> None:
    start = await bot.next("start")
    rate = int(str(start["start"]["media_format"]["sample_rate"]).removesuffix("Hz"))
    await bot.says(resample(WORDS, 8000, rate), "g.1", rate_hz=rate)
    await bot.next("dtmf")


def likeness(heard: bytes, said: bytes) -> float:
    """How much of a sound is heard at the best place; 1 is all of it."""
    original = samples(said).astype(float)
    found = np.correlate(samples(heard).astype(float), original).max()
    return float(found / np.dot(original, original))


def test_the_named_variants_show_every_value_of_every_field() -> None:
    for field in fields(Variant):
        shown = {getattr(variant, field.name) for variant in VARIANTS.values()} | {8000}  # what None means
        options = {value for part in (field.type, *get_args(field.type)) for value in get_args(part) if part}
        literal = {value for value in options if not isinstance(value, type) and not get_args(value)}
        assert shown >= (literal or ({True, False} if field.type is bool else {20, 100}))


@every_variant
async def test_a_whole_call_works_under_every_variant(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = talks_with_the_caller
    sid = await account.call()
    call = await exotel.next_call()
    await call.caller.hears_bot_finish()
    await call.caller.says("Yes", "en-IN")
    await call.caller.presses("1")
    assert await call.ends() == "completed"
    assert call.findings.rules("error") == set()
    assert likeness(call.heard, WORDS) == pytest.approx(1, abs=0.05)
    assert product.params("/ws-url")[0]["CallSid"] == sid
    (passthru,) = product.params("/passthru")
    stream = json.loads(passthru["Stream"]) if "Stream" in passthru else {"Status": passthru["Stream[Status]"]}
    assert stream["Status"] == "completed"
    await call.happens("callback_sent")
    await asyncio.sleep(3)
    assert product.params("/status")[-1]["Status"] == "completed"


@every_variant
async def test_messages_are_spelt_as_the_variant_says(
    options: Options, exotel: Exotel, account: Account, product: Product
) -> None:
    product.bot = talks_with_the_caller
    product.socket_query = "?tok=9Yx2"
    variant = options.variant
    await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await asyncio.sleep(1)
    await call.caller.presses("1")
    await call.ends()
    messages = product.bots[0].messages
    start: dict[str, Any] = messages[1]["start"]
    camel = variant.ids == "camel"
    assert messages[1]["streamSid" if camel else "stream_sid"] == call.streams[0].sid
    assert start["callSid" if camel else "call_sid"] == call.sid
    assert start["media_format"]["encoding"] == variant.encoding
    rate = {"string": "8000", "int": 8000, "hz": "8000Hz"}[variant.sample_rate_form]
    assert start["media_format"]["sample_rate"] == (
        rate if variant.sample_rate_hz is None else str(variant.sample_rate_hz)
    )
    parameters = {"object": {"tok": "9Yx2"}, "empty": "", "null": None, "absent": "absent"}
    assert start.get("custom_parameters", "absent") == parameters[variant.custom_parameters]
    assert start["from"] == variant.number_form + "9999900012"
    assert isinstance(messages[1]["sequence_number"], str if variant.numbers == "string" else int)
    assert isinstance(messages[2]["media"]["chunk"], str if variant.chunk == "string" else int)
    (key,) = (message for message in messages if message["event"] == "dtmf")
    assert ("dtmf" in key) == (variant.dtmf == "nested")
    frame = len(product.bots[0].heard) / sum(message["event"] == "media" for message in messages)
    assert frame == (variant.sample_rate_hz or 8000) * 2 * variant.frame_ms / 1000
    marks = [message for message in messages if message["event"] == "mark"]
    assert len(marks) <= (variant.marks == "echoed")
    methods = {path: method for method, path, _ in product.asked}
    assert methods["/passthru"] == variant.passthru_method
    assert methods["/ws-url"] == variant.resolver_method
    for path in ("/ws-url", "/passthru"):
        assert ("CustomField" in product.params(path)[0]) == variant.custom_field


@pytest.mark.parametrize("options", ["wideband", "fullband"], indirect=True)
async def test_the_caller_is_heard_at_the_rate_of_the_stream(
    options: Options, exotel: Exotel, account: Account, product: Product
) -> None:
    await account.call()
    call = await exotel.next_call()
    await call.caller.says("Yes, I am Meena.", "en-IN")
    await call.caller.hangs_up()
    await call.ends()
    heard = resample(product.bots[0].heard, options.variant.sample_rate_hz or 0, 8000)
    said = synthesise("Yes, I am Meena.", "en-IN", voice=CALLER_VOICE)
    assert likeness(heard, said) == pytest.approx(1, abs=0.05)


async def test_the_rate_in_the_url_holds_when_the_variant_names_none(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.socket_query = "?sample-rate=16000"
    await account.call()
    await (await exotel.next_call()).happens("stream_opened")
    start = await product.bots[0].next("start")
    assert start["start"]["media_format"]["sample_rate"] == "16000"
    assert start["start"]["custom_parameters"] == {}
