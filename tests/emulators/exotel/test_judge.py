import asyncio
import json

import pytest

from emulators.audio import tone
from emulators.exotel.exchange import Exotel
from emulators.exotel.judge import Findings
from tests.emulators.exotel.product import Account, Bot, Product, silent_bot

pytestmark = pytest.mark.virtual_time

SPEECH = tone(2000, 300)


async def judged(exotel: Exotel, account: Account) -> set[str]:
    """Let a call run to its end, and name what the service did wrong in it."""
    await account.call()
    call = await exotel.next_call()
    await call.ends()
    return call.findings.rules()


@pytest.mark.parametrize(
    ("message", "rules"),
    [
        ("nonsense", {"not-json"}),
        ("[1]", {"not-json"}),
        ({"media": {}}, {"not-json"}),
        ({"event": "hangup"}, {"unknown-event"}),
        ({"event": "media", "media": {"payload": "!"}}, {"not-base64"}),
        ({"event": "media"}, {"not-base64"}),
        ({"event": "media", "media": {"payload": "AAAA"}}, {"odd-payload"}),
        ({"event": "media", "media": {"payload": "AAAAAA=="}}, {"payload-not-320"}),
        ({"event": "media", "media": {"payload": "AAAA" * 33600}}, {"payload-too-large", "ahead-5s"}),
        ({"event": "mark", "stream_sid": "another", "mark": {"name": "x"}}, {"wrong-stream-sid"}),
        ({"event": "mark", "mark": {"name": "x"}, "streamSid": "?"}, set()),
        ({"event": "clear"}, set()),
    ],
)
async def test_every_wrong_message_is_found(
    exotel: Exotel, account: Account, product: Product, message: object, rules: set[str]
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        if isinstance(message, dict) and "stream_sid" not in message and "streamSid" not in message:
            message["stream_sid"] = bot.stream_sid
        await bot.ws.send_str(message if isinstance(message, str) else json.dumps(message))
        await asyncio.sleep(0.1)

    product.bot = bot
    expected = rules | ({"wrong-stream-sid"} if isinstance(message, dict) and "streamSid" in message else set())
    assert await judged(exotel, account) == expected


async def test_small_messages_are_only_right_at_the_end_of_an_utterance(
    exotel: Exotel, account: Account, product: Product
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.media(SPEECH[:640])
        await bot.media(SPEECH[:3200])

    product.bot = bot
    assert await judged(exotel, account) == {"payload-small"}


@pytest.mark.parametrize(("ahead_s", "rules"), [(0.8, set()), (3.0, {"ahead-1s"}), (9.0, {"ahead-1s", "ahead-5s"})])
async def test_audio_far_ahead_of_real_time_is_found(
    exotel: Exotel, account: Account, product: Product, ahead_s: float, rules: set[str]
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.says(SPEECH * 5, "a", ahead_s=ahead_s - 0.2)
        await bot.next("mark")

    product.bot = bot
    assert await judged(exotel, account) == rules


@pytest.mark.parametrize(
    ("pause_s", "marked", "rules"),
    [(0.3, False, {"underrun"}), (0.3, True, set()), (0.23, False, set()), (0.9, False, set())],
)
async def test_a_gap_inside_an_utterance_is_found(
    exotel: Exotel, account: Account, product: Product, pause_s: float, marked: bool, rules: set[str]
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.media(SPEECH[:3200])
        if marked:
            await bot.send("mark", {"name": "1"})
        await asyncio.sleep(pause_s)
        await bot.media(SPEECH[:3200])

    product.bot = bot
    assert await judged(exotel, account) == rules


async def test_a_late_first_word_is_found(exotel: Exotel, account: Account, product: Product) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await asyncio.sleep(1.5)
        await bot.media(SPEECH[:3200])

    product.bot = bot
    assert await judged(exotel, account) == {"slow-first-audio"}
    (call,) = exotel.calls.values()
    assert call.streams[0].judge.first_audio_s == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(("pause_s", "rules"), [(0.02, {"audio-after-clear"}), (0.4, set())])
async def test_audio_of_the_old_turn_after_clear_is_found(
    exotel: Exotel, account: Account, product: Product, pause_s: float, rules: set[str]
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        talking = asyncio.create_task(bot.says(SPEECH * 3))
        await bot.next("dtmf")
        await asyncio.sleep(0.3)
        talking.cancel()
        await bot.send("clear")
        await asyncio.sleep(pause_s)
        await bot.media(SPEECH[:3200])

    product.bot = bot
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    speaking = asyncio.create_task(call.caller.says("wait", "en-IN"))
    await call.happens("caller_speaks")
    await call.caller.presses("1")
    await call.ends()
    speaking.cancel()
    assert call.findings.rules() == rules


async def test_who_clears_of_its_own_accord_may_go_on_at_once(
    exotel: Exotel, account: Account, product: Product
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.media(SPEECH[:3200])
        await bot.send("clear")
        await bot.media(SPEECH[:3200])

    product.bot = bot
    assert await judged(exotel, account) == set()


async def test_a_late_clear_is_found(exotel: Exotel, account: Account, product: Product) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        talking = asyncio.create_task(bot.says(SPEECH * 3))
        await bot.next("dtmf")
        await asyncio.sleep(1.4)
        talking.cancel()
        await bot.send("clear")

    product.bot = bot
    await account.call()
    call = await exotel.next_call()
    await call.caller.hears_speech()
    speaking = asyncio.create_task(call.caller.says("wait", "en-IN"))
    await call.happens("caller_speaks")
    await call.caller.presses("1")
    await call.ends()
    speaking.cancel()
    assert call.findings.rules() == {"slow-clear"}


@pytest.mark.parametrize("options", ["default", "posting"], indirect=True)
async def test_a_socket_that_is_kept_after_stop_is_found(exotel: Exotel, account: Account, product: Product) -> None:
    product.closes_itself = False
    await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await call.caller.hangs_up()
    await call.ends()
    assert "open-after-stop" in call.findings.rules("error")


async def test_a_socket_that_is_left_open_in_silence_is_found(
    exotel: Exotel, account: Account, product: Product
) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.media(SPEECH[:3200])
        await silent_bot(bot)

    product.bot = bot
    await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await asyncio.sleep(19)
    assert call.findings.rules() == set()
    await asyncio.sleep(3)
    assert call.findings.rules("error") == {"left-open"}


async def test_slow_and_wrong_answers_are_found(exotel: Exotel, account: Account, product: Product) -> None:
    product.bot = lambda bot: asyncio.sleep(0)
    product.passthru_delay_s = 0.7
    assert await judged(exotel, account) == {"slow-passthru"}
    product.passthru_delay_s, product.passthru_status = 0, 204
    assert await judged(exotel, account) == {"passthru-status"}


@pytest.mark.parametrize("body", [{"url": "https://example.test"}, {}, ["ws://example.test"], "<Response/>"])
async def test_a_resolver_that_names_no_socket_is_found(
    exotel: Exotel, account: Account, product: Product, body: object
) -> None:
    product.resolver_body = body
    assert await judged(exotel, account) == {"resolver"}
    assert product.bots == []
    assert product.params("/passthru")[0]["Stream[Error]"].startswith("3009 ")


async def test_an_abnormal_close_is_found_and_reported(exotel: Exotel, account: Account, product: Product) -> None:
    async def bot(bot: Bot) -> None:
        await bot.next("start")
        await bot.ws.close(code=1011)

    product.bot = bot
    assert await judged(exotel, account) == {"abnormal-close"}
    assert product.params("/passthru")[0]["Stream[Error]"] == "1011 closed abnormally"


async def test_a_message_before_start_is_found(exotel: Exotel, account: Account, product: Product) -> None:
    async def bot(bot: Bot) -> None:
        await bot.media(SPEECH[:3200])
        await bot.next("start")

    product.bot = bot
    assert await judged(exotel, account) == {"before-start"}


def test_a_rule_that_is_broken_often_is_one_finding() -> None:
    findings = Findings()
    for at_s in (1.0, 2.0, 3.0):
        findings.add("underrun", at_s, f"{at_s}")
    (finding,) = findings.all()
    assert (finding.count, finding.at_s, finding.detail, finding.severity) == (3, 1.0, "1.0", "error")
