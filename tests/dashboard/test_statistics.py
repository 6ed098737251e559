from datetime import timedelta

from services.dashboard.statistics import statistics
from tests.dashboard.fakes import NOON, Record, call, campaign
from tests.dashboard.stand import Stand, heard


def test_calls_are_counted_by_quarter_of_an_hour_without_gaps() -> None:
    calls = [
        call("a", "completed", start_time=NOON + timedelta(minutes=1)),
        call("b", "not_picked", start_time=NOON + timedelta(minutes=14), answer_time=None),
        call("c", "failed", start_time=NOON + timedelta(minutes=46)),
        call("yesterday", "failed", start_time=NOON - timedelta(days=1)),
    ]
    told = statistics(calls, NOON)
    assert [(one.begun, one.answered, one.not_picked, one.failed) for one in told.buckets] == [
        (2, 1, 1, 0),
        (0, 0, 0, 0),
        (0, 0, 0, 0),
        (1, 1, 0, 1),
    ]
    assert [one.start for one in told.buckets] == [NOON + timedelta(minutes=15 * step) for step in range(4)]


def test_each_step_of_the_funnel_is_a_part_of_the_one_before() -> None:
    calls = [
        call("a", "not_picked", answer_time=None),
        call("b", "completed", disposition="WN"),
        call("c", "completed", disposition="RPC_INFO", verified=True, end_time=NOON + timedelta(seconds=58)),
        call("d", "completed", disposition="XFER_OK", verified=True, end_time=NOON + timedelta(seconds=108)),
        call("e", "agent_transfer", verified=True, language_used="ta-IN"),
        call("f", "completed", disposition="XFER_OK"),  # never verified: told nothing
    ]
    told = statistics(calls, NOON)
    assert {one.step: one.count for one in told.funnel} == {
        "dialled": 6,
        "answered": 5,
        "right_person": 3,
        "told": 3,
        "agent_asked": 2,
        "agent": 1,
    }
    assert told.outcomes == {"XFER_OK": 2, "WN": 1, "RPC_INFO": 1}
    assert told.languages == {"kn-IN": 4, "ta-IN": 1}
    assert told.talked_seconds_median == 100


async def test_the_numbers_follow_the_record(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in()
    empty = await browser.get_json("/statistics")
    assert (empty["buckets"], empty["outcomes"], empty["talked_seconds_median"]) == ([], {}, None)
    page = await browser.live()
    record.put(call("a"))
    await heard(page, "call")
    stand.clock.turn(seconds=5)
    assert (await browser.get_json("/statistics"))["funnel"][0] == {"step": "queued", "count": 1}


async def test_what_waits_in_the_queue_is_counted_before_what_was_dialled(stand: Stand, record: Record) -> None:
    stand.dialing.all_campaigns = {1: campaign(1), 2: campaign(2, "cancelled")}
    browser = await stand.signed_in()
    funnel = (await browser.get_json("/statistics"))["funnel"]
    assert [one["count"] for one in funnel[:2]] == [4, 0]
