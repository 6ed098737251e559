"""What telephony expects of whoever keeps its calls while they live."""

import time
from collections.abc import AsyncIterator

import pytest

from services.telephony.ports import Sessions
from services.telephony.redis_sessions import RedisSessions
from tests.telephony.fake_sessions import FakeSessions
from voicekit.errors import ProviderDown


@pytest.fixture(params=["fake", "redis"])
async def sessions(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Sessions]:
    if request.param == "fake":
        yield FakeSessions(time.time)
        return
    redis = RedisSessions.at(redis_url)
    yield redis
    await redis.close()


async def test_what_a_call_begins_with_is_kept_once(sessions: Sessions) -> None:
    assert await sessions.get_temp_call("t1") == {}
    assert await sessions.create_temp_call("t1", {"a": "1"})
    assert not await sessions.create_temp_call("t1", {"a": "2"})
    await sessions.update_temp_call("t1", {"b": "3"})
    assert await sessions.get_temp_call("t1") == {"a": "1", "b": "3"}
    await sessions.delete_temp_call("t1")
    assert await sessions.get_temp_call("t1") == {}


async def test_what_is_not_kept_is_not_made_by_an_addition(sessions: Sessions) -> None:
    await sessions.update_temp_call("t1", {"b": "3"})
    await sessions.delete_temp_call("t1")
    await sessions.ask_end("s1", "operator")
    assert await sessions.get_temp_call("t1") == {}
    assert await sessions.get_call_session("s1") == {}


async def test_a_call_is_found_by_our_id(sessions: Sessions) -> None:
    assert await sessions.find_call_sid("c1") == ""
    await sessions.name_call("c1", "s1")
    assert await sessions.find_call_sid("c1") == "s1"


async def test_what_is_told_of_a_call_first_stays(sessions: Sessions) -> None:
    await sessions.create_call_session("s1", {"a": "1"})
    await sessions.create_call_session("s1", {"a": "2", "b": "3"})
    assert await sessions.get_call_session("s1") == {"a": "1", "b": "3"}


async def test_a_call_has_one_owner_while_the_lease_lasts(sessions: Sessions) -> None:
    await sessions.create_call_session("s1", {"a": "1"})
    epoch = await sessions.claim("s1", "pod-1", 30)
    assert epoch == 1
    assert await sessions.claim("s1", "pod-2", 30) == 0
    assert await sessions.renew("s1", epoch, 30) == ""
    assert await sessions.claim("s1", "pod-1", 30) == 2  # the same pod, which has begun anew
    assert await sessions.renew("s1", epoch, 30) is None


async def test_a_lease_that_is_over_goes_to_the_next(sessions: Sessions) -> None:
    first = await sessions.claim("s1", "pod-1", -1)
    second = await sessions.claim("s1", "pod-2", 30)
    assert (first, second) == (1, 2)
    assert await sessions.renew("s1", first, 30) is None
    assert await sessions.renew("s1", second, 30) == ""


async def test_only_the_owner_writes(sessions: Sessions) -> None:
    await sessions.create_call_session("s1", {"a": "1"})
    assert await sessions.update_call_session("s1", 0, {"a": "2"})  # nobody owns it yet
    epoch = await sessions.claim("s1", "pod-1", 30)
    assert await sessions.update_call_session("s1", epoch, {"a": "3"})
    assert not await sessions.update_call_session("s1", epoch + 1, {"a": "4"})
    assert not await sessions.update_call_session("s1", 0, {"a": "5"})
    assert (await sessions.get_call_session("s1"))["a"] == "3"


async def test_the_owner_of_a_call_that_was_forgotten_owns_it_again(sessions: Sessions) -> None:
    assert await sessions.renew("s1", 4, 30) == ""
    assert await sessions.update_call_session("s1", 4, {"a": "1"})
    assert not await sessions.update_call_session("s1", 3, {"a": "2"})
    assert await sessions.claim("s1", "pod-2", -1) == 5


async def test_nobody_else_owns_what_was_written_since_it_was_forgotten(sessions: Sessions) -> None:
    await sessions.update_call_session("s1", 4, {"a": "1"})
    assert await sessions.renew("s1", 4, 30) == ""
    assert await sessions.renew("s1", 3, 30) is None


async def test_the_owner_reads_why_the_end_was_asked(sessions: Sessions) -> None:
    epoch = await sessions.claim("s1", "pod-1", 30)
    await sessions.ask_end("s1", "operator")
    assert await sessions.renew("s1", epoch, 30) == "operator"


async def test_live_calls_are_listed_newest_first(sessions: Sessions) -> None:
    for at, call_id in ((10.0, "old"), (30.0, "new"), (20.0, "middle"), (25.0, "gone")):
        await sessions.enter_live(call_id, at)
    await sessions.leave_live("gone")
    await sessions.leave_live("never there")
    assert await sessions.list_live(0, 10) == ["new", "middle", "old"]
    assert await sessions.list_live(1, 1) == ["middle"]
    assert await sessions.list_live(3, 5) == []


async def test_calls_of_the_same_second_have_an_order(sessions: Sessions) -> None:
    for call_id in ("b", "a", "c"):
        await sessions.enter_live(call_id, 10.0)
    assert await sessions.list_live(0, 3) == ["c", "b", "a"]


async def test_one_is_first(sessions: Sessions) -> None:
    assert [await sessions.first("w", 30), await sessions.first("w", 30), await sessions.first("v", 30)] == [1, 0, 1]


async def test_a_ticket_is_good_for_so_many_uses(sessions: Sessions) -> None:
    await sessions.put_ticket("k", {"call": "c1"})
    await sessions.put_ticket("k", {"call": "c2"})
    uses = [await sessions.use_ticket("k", 2) for _ in range(3)]
    assert uses == [{"call": "c1", "uses": "1"}, {"call": "c1", "uses": "2"}, {}]
    assert await sessions.use_ticket("unknown", 2) == {}


async def test_nobody_there_is_an_error_of_ours() -> None:
    away = FakeSessions(time.time)
    away.down = True
    nowhere = RedisSessions.at("redis://127.0.0.1:9/0")
    for sessions in (away, nowhere):
        with pytest.raises(ProviderDown):
            await sessions.get_call_session("s1")
        with pytest.raises(ProviderDown):
            await sessions.claim("s1", "pod-1", 30)
    await nowhere.close()


async def test_the_room_of_all_pods_is_known_while_they_offer_it(sessions: Sessions) -> None:
    assert await sessions.offered_slots() == (0, 0)
    await sessions.offer_slots("pod-a", 50, 60.0)
    await sessions.offer_slots("pod-b", 30, 60.0)
    await sessions.offer_slots("pod-b", 20, 60.0)
    await sessions.offer_slots("pod-gone", 50, -5.0)
    assert await sessions.offered_slots() == (70, 2)
    await sessions.offer_slots("pod-a", 0, 60.0)
    assert await sessions.offered_slots() == (20, 1)
    await sessions.enter_live("c1", 1.0)
    assert await sessions.count_live() == 1
