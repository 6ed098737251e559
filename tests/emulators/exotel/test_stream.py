import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Literal

import pytest
from aiohttp import web

from emulators.audio import rms, silence
from emulators.exotel.exchange import Exotel
from emulators.exotel.flow import Flow, Voicebot
from emulators.exotel.persona import DropMoment, Persona, Pickup
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.exotel.product import Account, Bot, Product, silent_bot

pytestmark = pytest.mark.virtual_time

GREETING = synthesise("Hello, this is Asha Finance. Am I speaking with Meena?", "en-IN")


async def greets_and_closes(bot: Bot) -> None:
    await bot.next("start")
    await bot.says(GREETING, "g.1")
    await bot.next("mark")
    await asyncio.sleep(0.3)


async def greets(bot: Bot) -> None:
    await bot.next("start")
    await bot.says(GREETING, "g.1")
    await silent_bot(bot)


async def test_a_call_is_answered_greeted_and_ended_by_the_bot(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.bot = greets_and_closes
    sid = await account.call()
    call = await exotel.next_call()
    assert call.sid == sid
    await call.caller.hears(GREETING)
    assert await call.ends() == "completed"
    assert call.findings.view() == []
    story = [event.name for event in call.events if event.name not in ("applet", "callback_sent")]
    assert story == [
        "created",
        "ringing",
        "answered",
        "resolver_asked",
        "stream_opened",
        "stream_closed",
        "passthru_answered",
        "hung_up",
        "ended",
    ]
    (passthru,) = product.params("/passthru")
    assert passthru["CallSid"] == sid
    assert passthru["CustomField"] == "att-1"
    assert passthru["Stream[Status]"] == "completed"
    assert passthru["Stream[DisconnectedBy]"] == "bot"
    assert passthru["Stream[StreamSID]"] == call.streams[0].sid
    await call.happens("callback_sent", count=2)
    assert [status["Status"] for status in product.params("/status")] == ["in-progress", "completed"]


async def test_the_stream_begins_as_documented(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = greets_and_closes
    product.socket_query = "?tok=9Yx2&sample-rate=8000"
    sid = await account.call()
    call = await exotel.next_call()
    await call.ends()
    (bot,) = product.bots
    assert bot.request.headers["Authorization"] == "Basic Ym90OnNlY3JldA=="
    assert bot.request.query_string == "tok=9Yx2&sample-rate=8000"
    connected, start, first, second = bot.messages[:4]
    assert connected == {"event": "connected"}
    assert start["sequence_number"] == "1"
    assert start["start"] == {
        "stream_sid": bot.stream_sid,
        "call_sid": sid,
        "account_sid": "ashafinance1",
        "from": "+919999900012",
        "to": "+918045670001",
        "custom_parameters": {"tok": "9Yx2"},
        "media_format": {"encoding": "audio/x-raw", "sample_rate": "8000", "bit_rate": "128"},
    }
    assert (first["sequence_number"], first["media"]["chunk"], first["media"]["timestamp"]) == ("2", "1", "100")
    assert (second["sequence_number"], second["media"]["chunk"], second["media"]["timestamp"]) == ("3", "2", "200")


async def test_the_caller_is_heard_in_real_time_word_for_word(
    exotel: Exotel, account: Account, product: Product
) -> None:
    await account.call()
    call = await exotel.next_call()
    spoken = synthesise("Yes, speaking.", "en-IN", voice=CALLER_VOICE)
    await call.caller.says("Yes, speaking.", "en-IN")
    await call.caller.hangs_up()
    await call.ends()
    (bot,) = product.bots
    assert spoken in bot.heard
    assert spoken in call.spoken
    seconds = call.streams[0].log[-1]["at_s"]
    assert isinstance(seconds, float)
    assert len(bot.heard) / 16000 == pytest.approx(seconds, abs=0.2)


async def test_background_noise_is_heard_between_words(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.set_persona("+919999900012", Persona(noise_dbfs=-50))
    await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await asyncio.sleep(3)
    assert 60 < rms(product.bots[0].heard) < 150


async def test_marks_come_back_when_their_place_has_been_played(
    exotel: Exotel, account: Account, product: Product
) -> None:
    returned: dict[str, float] = {}

    async def bot(bot: Bot) -> None:
        await bot.next("start")
        began = asyncio.get_running_loop().time()
        await bot.send("mark", {"name": "at once"})
        await bot.media(silence(200))
        await bot.send("mark", {"name": "a"})
        await bot.media(silence(400))
        await bot.send("mark", {"name": "b"})
        for _ in range(3):
            mark = await bot.next("mark")
            returned[mark["mark"]["name"]] = asyncio.get_running_loop().time() - began

    product.bot = bot
    await account.call()
    await (await exotel.next_call()).ends()
    assert returned == pytest.approx({"at once": 0, "a": 0.2, "b": 0.6}, abs=0.002)


async def test_an_interrupted_bot_falls_silent(exotel: Exotel, account: Account, product: Product) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        talking = asyncio.create_task(bot.says(GREETING * 3, "g.1"))
        while rms(bot.heard[-3200:]) < 500:
            await bot.next("media")
        talking.cancel()
        await bot.send("clear")
        await silent_bot(bot)

    product.bot = bot
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    await asyncio.sleep(1)
    speaking = asyncio.create_task(call.caller.says("Wait a moment", "en-IN"))
    await call.happens("caller_speaks")
    await call.caller.hears_silence(within_ms=700)
    await speaking
    assert 0 < call.streams[0].judge.clear_delays_s[0] < 0.5
    assert call.findings.rules() == set()
    with pytest.raises(AssertionError, match="did not hear"):
        await call.caller.hears(GREETING, timeout_s=5)


async def test_a_bot_that_goes_on_talking_is_noticed(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = greets
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    with pytest.raises(AssertionError, match="still spoke 200 ms later"):
        await call.caller.hears_silence(within_ms=200)
    await call.caller.hears_bot_finish(quiet_ms=600)
    await call.caller.hears_silence(within_ms=0)


@pytest.mark.parametrize(("options", "stops"), [("default", 1), ("terse", 0), ("posting", 1)], indirect=["options"])
async def test_the_customer_hangs_up_while_the_bot_speaks(
    exotel: Exotel, account: Account, product: Product, stops: int
) -> None:
    product.bot = greets
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    await asyncio.sleep(0.8)
    heard = len(call.heard)
    await call.caller.hangs_up()
    assert await call.ends() == "completed"
    (bot,) = product.bots
    stop = [message["stop"] for message in bot.messages if message["event"] == "stop"]
    assert [body["reason"] for body in stop] == ["callended"] * stops
    assert not [message for message in bot.messages if message["event"] == "mark"]
    assert GREETING not in call.heard
    assert len(call.heard.rstrip(b"\0")) <= heard
    assert "open-after-stop" not in call.findings.rules()
    if exotel.options.variant.passthru_after_hangup:
        (passthru,) = product.params("/passthru")
        assert "cancelled" in str(passthru)
        assert "user" in str(passthru)
    else:
        assert product.params("/passthru") == []
    assert product.params("/connect") == []


async def test_keys_arrive_one_by_one_while_the_bot_speaks(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = greets
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    await call.caller.presses("12#")
    await call.caller.presses("4", flat=True)
    await call.caller.hears_bot_finish()
    keys = [message for message in product.bots[0].messages if message["event"] == "dtmf"]
    assert [key["dtmf"]["digit"] for key in keys[:3]] == ["1", "2", "#"]
    assert keys[3]["digit"] == "4"
    places = [product.bots[0].messages.index(key) for key in keys]
    assert places[1] - places[0] == 4  # 300 ms of audio lie between them


async def test_unanswered_calls_end_without_a_stream(exotel: Exotel, account: Account, product: Product) -> None:
    expected: dict[Literal["busy", "failed", "no-answer"], float] = {"busy": 4.0, "failed": 2.0, "no-answer": 30.0}
    for kind, seconds in expected.items():
        exotel.set_persona("+919999900012", Persona(pickup=Pickup(kind=kind)))
        await account.call()
        call = await exotel.next_call()
        assert await call.ends() == kind
        assert (await call.happens("ended")).at_s == seconds
        await call.happens("callback_sent")
    assert [status["Status"] for status in product.params("/status")] == list(expected)
    assert product.bots == []
    assert product.params("/ws-url") == product.params("/passthru") == []
    assert exotel.rings("9999900012") == 3


async def test_a_late_hand_on_the_phone_is_no_answer(exotel: Exotel, account: Account) -> None:
    exotel.set_persona("+919999900012", Persona(pickup=Pickup(after_s=31)))
    await account.call(TimeOut="30")
    assert await (await exotel.next_call()).ends() == "no-answer"


async def test_a_rejected_call_is_busy(exotel: Exotel, account: Account, product: Product) -> None:
    await account.call()
    call = await exotel.next_call()
    await call.caller.hangs_up()
    assert await call.ends() == "busy"
    assert product.bots == []


async def test_the_time_limit_ends_a_call(exotel: Exotel, account: Account, product: Product) -> None:
    await account.call(TimeLimit="20")
    call = await exotel.next_call()
    assert await call.ends() == "completed"
    assert (await call.happens("ended")).at_s == pytest.approx(23, abs=0.2)
    (stop,) = (message for message in product.bots[0].messages if message["event"] == "stop")
    assert stop["stop"]["reason"] == "stopped"


@pytest.mark.parametrize("moment", ["between messages", "in a message", "half-open"])
async def test_a_lost_network_ends_the_stream_without_a_close_frame(
    exotel: Exotel, account: Account, product: Product, moment: DropMoment
) -> None:
    product.bot = greets
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    await call.caller.drops(moment)
    assert await call.ends() == "completed"
    (bot,) = product.bots
    assert bot.gone_at is not None
    assert bot.ws.close_code == 1006
    assert not [message for message in bot.messages if message["event"] == "stop"]
    (passthru,) = product.params("/passthru")
    assert (passthru["Stream[Status]"], passthru["Stream[Error]"]) == ("failed", "1006 abnormal closure")
    lost = await call.happens("network_lost")
    assert (await call.happens("ended")).at_s - lost.at_s == pytest.approx(30 if moment == "half-open" else 0, abs=0.1)


async def test_a_network_lost_before_start_leaves_no_message(
    exotel: Exotel, account: Account, product: Product
) -> None:
    await account.call()
    call = await exotel.next_call()
    await call.caller.drops("before start")
    await call.ends()
    assert product.bots[0].messages == []
    assert product.params("/passthru")[0]["Stream[Status]"] == "failed"


async def test_a_lost_network_is_a_tcp_reset(exotel: Exotel) -> None:
    ended: asyncio.Future[BaseException | None] = asyncio.get_running_loop().create_future()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = re.search("Sec-WebSocket-Key: (.*)\r", request)
        assert key
        accepted = hashlib.sha1(key[1].encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        writer.write((head + base64.b64encode(accepted).decode() + "\r\n\r\n").encode())
        try:
            while await reader.read(65536):
                pass
            ended.set_result(None)
        except ConnectionResetError as error:
            ended.set_result(error)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        exotel.options.flows = {"default": Flow("bot", {"bot": Voicebot(f"ws://127.0.0.1:{port}/")})}
        call = exotel.dial_in("+919999900044")
        await call.happens("stream_opened")
        await asyncio.sleep(0.5)
        await call.caller.drops()
        assert isinstance(await ended, ConnectionResetError)


async def refuses() -> None:
    raise web.HTTPUnauthorized


async def breaks() -> None:
    raise web.HTTPInternalServerError


def takes(seconds: float) -> Callable[[], Awaitable[None]]:
    return lambda: asyncio.sleep(seconds)


@pytest.mark.parametrize("trouble", [refuses, breaks, takes(11)])
async def test_a_failed_handshake_is_tried_once_more(
    exotel: Exotel, account: Account, product: Product, trouble: Callable[[], Awaitable[None]]
) -> None:
    product.bot = greets_and_closes
    product.handshakes = [trouble]
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears(GREETING)
    await call.ends()
    assert product.params("/passthru")[0]["Stream[Status]"] == "completed"
    assert len(product.params("/ws-url")) == 1
    assert call.findings.rules("error") == {"handshake"}


async def test_a_slow_handshake_within_ten_seconds_is_waited_for(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.bot = greets_and_closes
    product.handshakes = [takes(9.9)]
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears(GREETING)
    assert "handshake_failed" not in {event.name for event in call.events}


async def test_a_socket_that_never_opens_is_reported_to_passthru(
    exotel: Exotel, account: Account, product: Product
) -> None:
    product.handshakes = [refuses, refuses]
    await account.call()
    await (await exotel.next_call()).ends()
    (passthru,) = product.params("/passthru")
    assert passthru["Stream[Status]"] == "failed"
    assert passthru["Stream[DisconnectedBy]"] == "NA"
    assert passthru["Stream[Error]"].startswith("3009 ")


async def test_over_the_stream_cap_no_socket_is_opened(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.options.max_streams = 1
    await account.call()
    await (await exotel.next_call()).happens("stream_opened")
    await account.call("+919999900013")
    second = await exotel.next_call()
    await second.ends()
    assert len(product.bots) == 1
    (passthru,) = product.params("/passthru")
    assert passthru["Stream[DetailedStatus]"] == "Streaming_call_throttled"


async def test_an_inbound_call_runs_the_same_flow_without_our_id(exotel: Exotel, product: Product) -> None:
    product.bot = greets_and_closes
    call = exotel.dial_in("09999900044")
    await call.caller.hears(GREETING)
    assert await call.ends() == "completed"
    (resolver,) = product.params("/ws-url")
    assert resolver["Direction"] == "incoming"
    assert resolver["From"] == "+919999900044"
    assert "CustomField" not in resolver
    assert product.params("/status") == []


async def test_the_same_seed_makes_the_same_call(account: Account, exotel: Exotel) -> None:
    first = exotel.dial_in("+919999900044").sid
    again = Exotel(exotel.options)
    async with again:
        assert again.dial_in("+919999900044").sid == first
