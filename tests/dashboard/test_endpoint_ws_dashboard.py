"""The live view's socket."""

import asyncio
import random

import aiohttp
import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record, call
from tests.dashboard.stand import TOKENS, Stand, heard, standing

pytestmark = pytest.mark.virtual_time


@pytest.mark.parametrize("seed", range(5))
async def test_a_page_that_is_cut_off_at_any_moment_hears_every_change_once(record: Record, seed: int) -> None:
    dice = random.Random(seed)
    async with standing(record) as stand:
        await stand.follower.begun.wait()
        browser = await stand.signed_in()
        page = await browser.live()
        last = (await heard(page, "snapshot"))["number"]
        seen: list[int] = []
        wanted: list[int] = []
        for step in range(60):
            wanted.append(record.put(call(f"call-{step % 7}", dice.choice(["ringing", "in_progress", "completed"]))))
            match dice.randrange(4):
                case 0:
                    await page.close()
                    page = await browser.live(after=last)
                case 1:
                    record.cut()
                case 2:
                    while len(seen) < len(wanted):
                        last = (await heard(page, "call"))["number"]
                        seen.append(last)
        while len(seen) < len(wanted):
            seen.append((await heard(page, "call"))["number"])
        assert seen == wanted


async def test_a_page_that_was_away_too_long_gets_the_present(record: Record) -> None:
    async with standing(record, hub_keep=5) as stand:
        await stand.follower.begun.wait()
        browser = await stand.signed_in()
        page = await browser.live()
        last = (await heard(page, "snapshot"))["number"]
        for step in range(9):
            record.put(call(f"call-{step}"))
        while (await heard(page, "call"))["number"] < record.last:
            pass
        again = await browser.live(after=last, name="page-2")
        assert (await heard(again, "call", "snapshot"))["type"] == "snapshot"


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
async def test_another_sites_page_gets_no_socket(stand: Stand, origin: str | None) -> None:
    browser = await stand.signed_in()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.client.ws_connect("/ws/dashboard/page-1", origin=origin)
    assert refused.value.status == 403


async def test_pages_of_an_allowed_origin_and_programs_with_a_token_get_one(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.client.ws_connect("/ws/dashboard/page-1", origin="https://calls.example.in")
    assert await heard(page, "snapshot")
    program = await stand.browser()
    headers = {"Authorization": f"Bearer {TOKENS[Role.VIEWER]}"}
    assert await heard(await program.client.ws_connect("/ws/dashboard/script-1", headers=headers), "snapshot")


@pytest.mark.parametrize("path", ["page%20one", "x" * 65, "page-1?after=-1", "page-1?after=x", "page-1?before=1"])
async def test_a_bad_name_or_number_is_refused(stand: Stand, path: str) -> None:
    browser = await stand.signed_in()
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.client.ws_connect(f"/ws/dashboard/{path}", origin=browser.origin)
    assert refused.value.status == 400


async def test_signing_out_closes_the_pages(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live()
    await heard(page, "snapshot")
    leaving = asyncio.create_task(browser.send("POST", "/logout"))
    assert (await page.receive()).type is aiohttp.WSMsgType.CLOSE
    assert page.close_code == 4401
    assert (await leaving).status == 200


async def test_a_sign_in_that_ends_elsewhere_closes_the_page_within_seconds(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live()
    await heard(page, "snapshot")
    stand.memory.sign_ins.clear()
    while (message := await page.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert message.type is aiohttp.WSMsgType.CLOSE
    assert page.close_code == 4401
    assert asyncio.get_running_loop().time() < 20


async def test_the_page_is_kept_in_redis_under_the_name_that_users_know(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live(name="page-7")
    await heard(page, "heartbeat")
    assert stand.memory.sockets["page-7"]["user"] == "admin"
    await page.close()
    while len(stand.hub):
        await browser.get("/me")
    assert "page-7" in stand.memory.sockets  # for its hour


async def test_the_page_of_a_sign_in_that_has_ended_is_forgotten(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live(name="page-7")
    await heard(page, "heartbeat")
    stand.memory.sign_ins.clear()
    while (await page.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert not stand.memory.sockets


async def test_without_redis_an_open_page_stays(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live()
    await heard(page, "snapshot")
    stand.memory.down = True
    for _ in range(3):
        assert await heard(page, "heartbeat")


async def test_a_page_that_does_not_read_is_dropped(record: Record) -> None:
    async with standing(record, hub_limit=20) as stand:
        await stand.follower.begun.wait()
        browser = await stand.signed_in()
        page = await browser.live()
        await heard(page, "snapshot")
        for step in range(50):  # all at once: nothing can be sent in between
            record.put(call(f"call-{step}"))
        stand.hub.begin(record.last)
        for _ in range(25):
            stand.hub.tell('{"type":"feed","up":true}')
        while (message := await page.receive()).type is aiohttp.WSMsgType.TEXT:
            pass
        assert message.type is aiohttp.WSMsgType.CLOSE
        assert page.close_code == 4408
        assert await heard(await browser.live(name="page-2"), "snapshot")


async def test_nobody_opens_pages_without_end(stand: Stand) -> None:
    browser = await stand.signed_in()
    pages = [await browser.live(name=f"page-{number}") for number in range(20)]
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await browser.live(name="page-20")
    assert refused.value.status == 429
    await pages[0].close()
    while len(stand.hub) == 20:
        await browser.get("/me")
    assert await heard(await browser.live(name="page-20"), "snapshot")


async def test_a_stopping_process_sends_its_pages_elsewhere(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live()
    await heard(page, "snapshot")
    closing = asyncio.create_task(stand.dashboard.live.close_all())
    while (await page.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert page.close_code == aiohttp.WSCloseCode.GOING_AWAY
    await closing


async def test_a_page_that_shouts_is_closed(stand: Stand) -> None:
    browser = await stand.signed_in()
    page = await browser.live()
    await page.send_str("x" * 5000)
    while (message := await page.receive()).type is aiohttp.WSMsgType.TEXT:
        pass
    assert message.type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)
