from datetime import timedelta

import pytest

from services.dashboard.model import LiveCall, TurnSaid
from tests.dashboard.fakes import NOON, Record, call, customer, turn
from tests.dashboard.stand import heard, standing

pytestmark = pytest.mark.virtual_time


async def test_the_present_is_read_once_and_then_followed(record: Record) -> None:
    record.put(customer(1, name="Asha Rao"))
    record.put(call("a"))
    record.put(call("b", "completed", start_time=NOON - timedelta(minutes=5)))
    record.put(call("old", "failed", start_time=NOON - timedelta(days=1)))
    async with standing(record) as stand:
        stand.phone.live = [LiveCall(call_id="a", dialog_state="PLAYING_EMI_PART1", language="kn-IN")]
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        present = await heard(page, "snapshot")
        assert present["number"] == record.last
        assert [row["call"]["call_id"] for row in present["live"]] == ["a"]
        assert present["live"][0]["dialog_state"] == "PLAYING_EMI_PART1"
        assert present["live"][0]["call"]["customer_name"] == "Asha Rao"
        assert [row["call"]["call_id"] for row in present["latest"]] == ["a", "b", "old"]
        assert present["counts"] == {"in_progress": 1, "completed": 1}  # yesterday's is not counted
        record.put(call("a", "completed"))
        change = await heard(page, "call")
        assert (change["number"], change["row"]["call"]["status"]) == (record.last, "completed")
        assert change["counts"] == {"completed": 2}


async def test_a_new_call_comes_with_its_borrowers_name(record: Record) -> None:
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        record.people[1] = customer(1, name="Asha Rao")
        record.put(call("a", "initiated", answer_time=None))
        change = await heard(page, "call")
        assert change["row"]["call"]["customer_name"] == "Asha Rao"
        record.put(customer(1, call_status="ringing", version=2))
        told = await heard(page, "customer")
        assert told["customer"] == {"id": 1, "name": "Asha Rao 1", "call_status": "ringing", "version": 2}


async def test_what_is_said_is_told_without_the_words(record: Record) -> None:
    record.put(call("a"))
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        record.put(TurnSaid(call_id="nobody-knows", turn=turn(1)))  # a call that is not shown
        record.put(TurnSaid(call_id="a", turn=turn(4, "मेरा लोन 4550 का है")))
        change = await heard(page, "call")
        assert change["row"]["last_turn"]["text"] == "•••• ••• •••• •• ••"
        assert change["row"]["dialog_state"] == "ASKING_AGENT_CONNECT"
        assert change["row"]["language"] == "hi-IN"
        record.put(TurnSaid(call_id="a", turn=turn(3, "late")))
        assert (await heard(page, "call"))["row"]["last_turn"]["sequence"] == 4
        present = await heard(await browser.live(name="page-2"), "snapshot")
        assert "4550" not in str(present)


async def test_while_the_record_is_away_pages_are_told_and_nothing_is_lost(record: Record) -> None:
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        assert (await heard(page, "snapshot"))["feed_up"]
        record.down = True
        record.cut()
        assert (await heard(page, "feed"))["up"] is False
        record.put(call("a"))
        record.put(call("b"))
        record.down = False
        seen = [await heard(page, "call", "feed", "snapshot") for _ in range(3)]
        assert [one["type"] for one in seen] == ["feed", "call", "call"]
        assert seen[0]["up"]


async def test_when_the_record_forgot_the_changes_everybody_gets_the_present(record: Record) -> None:
    record.put(call("a"))
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        await heard(page, "snapshot")
        record.down = True
        record.cut()
        await heard(page, "feed")
        record.put(call("a", "completed"))
        record.forget()
        record.down = False
        present = await heard(page, "snapshot")
        assert present["latest"][0]["call"]["status"] == "completed"
        assert present["number"] == record.last


async def test_a_record_that_falls_silent_is_asked_anew(record: Record) -> None:
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        assert (await heard(page, "feed"))["up"] is False  # after 30 s without a sign of life
        assert (await heard(page, "feed"))["up"] is True


async def test_it_starts_without_telephony_and_waits_for_the_record(record: Record) -> None:
    record.put(call("a"))
    record.down = True
    async with standing(record) as stand:
        stand.phone.down = True
        browser = await stand.browser()
        assert (await browser.get("/healthz/ready")).status == 503
        assert (await browser.get("/healthz/live")).status == 200
        record.down = False
        await stand.follower.begun.wait()
        assert (await browser.get("/healthz/ready")).status == 200
        stand.dashboard.health.draining = True
        assert (await browser.get("/healthz/ready")).status == 503


async def test_at_midnight_in_india_the_counts_begin_anew(record: Record) -> None:
    record.put(call("a", "completed"))
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        assert (await heard(page, "snapshot"))["counts"] == {"completed": 1}
        stand.clock.turn(hours=11, minutes=59)
        record.put(call("b", "failed", start_time=stand.clock.present))
        assert (await heard(page, "call"))["counts"] == {"completed": 1, "failed": 1}
        stand.clock.turn(minutes=2)
        record.put(call("c", "initiated", start_time=stand.clock.present))
        change = await heard(page, "call")
        assert change["counts"] == {"initiated": 1}
        assert change["counts_since"] == "2026-11-23T00:00:00+05:30"


async def test_a_record_in_which_nothing_has_happened_yet_loses_nothing_either(record: Record) -> None:
    record.first = 0
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        await heard(page, "snapshot")
        record.put(call("a"))
        assert (await heard(page, "snapshot", "call"))["type"] == "call"
    record.log.clear()
    async with standing(record) as stand:
        browser = await stand.signed_in()
        await stand.follower.begun.wait()
        page = await browser.live()
        await heard(page, "snapshot")
        record.down = True
        record.cut()
        await heard(page, "feed")
        record.put(call("b"))  # while nobody follows
        record.down = False
        assert {row["call"]["call_id"] for row in (await heard(page, "snapshot"))["live"]} == {"a", "b"}
