import asyncio

import pytest
import redis.asyncio

from local.redis import EmbeddedRedis
from tests.support.swallowing import SwallowingRedis, ends_when_cancelled
from voicekit.errors import ProviderDown
from voicekit.sessions import Sessions, connect


@pytest.fixture
def sessions(redis_client: redis.asyncio.Redis) -> Sessions:
    return Sessions(redis_client)


async def test_a_temp_call_is_kept_once_and_for_half_an_hour(
    sessions: Sessions, redis_client: redis.asyncio.Redis
) -> None:
    assert await sessions.create_temp_call("c1", {"phase": "placing"})
    assert not await sessions.create_temp_call("c1", {"phase": "placing again"})
    assert await sessions.get_temp_call("c1") == {"phase": "placing"}
    assert 1790 < await redis_client.ttl("temp:call:c1") <= 1800


async def test_nothing_is_added_to_a_temp_call_that_is_gone(sessions: Sessions) -> None:
    await sessions.update_temp_call("gone", {"a": "b"})
    assert await sessions.get_temp_call("gone") == {}


async def test_a_call_session_lives_two_hours_and_keeps_what_was_told_first(
    sessions: Sessions, redis_client: redis.asyncio.Redis
) -> None:
    await sessions.create_call_session("sid", {"call_id": "c1", "phase": "dialling"})
    await sessions.create_call_session("sid", {"phase": "later", "language": "ta-IN"})
    assert await sessions.get_call_session("sid") == {"call_id": "c1", "phase": "dialling", "language": "ta-IN"}
    assert 7190 < await redis_client.ttl("call:session:sid") <= 7200


async def test_one_owner_at_a_time(sessions: Sessions) -> None:
    assert await sessions.claim("sid", "pod-a", 10) == 1
    assert await sessions.claim("sid", "pod-b", 10) == 0
    assert await sessions.claim("sid", "pod-a", 10) == 2


async def test_an_owner_whose_lease_ran_out_is_fenced(sessions: Sessions) -> None:
    old = await sessions.claim("sid", "pod-a", -1)
    new = await sessions.claim("sid", "pod-b", 10)
    assert new > old
    assert not await sessions.update_call_session("sid", old, {"state": "of a zombie"})
    assert await sessions.renew("sid", old, 10) is None
    assert await sessions.update_call_session("sid", new, {"state": "true"})
    assert (await sessions.get_call_session("sid"))["state"] == "true"


async def test_an_owner_goes_on_after_redis_lost_its_memory(
    sessions: Sessions, redis_client: redis.asyncio.Redis
) -> None:
    epoch = await sessions.claim("sid", "pod-a", 10)
    await redis_client.flushall()
    assert await sessions.renew("sid", epoch, 10) == ""
    assert await sessions.update_call_session("sid", epoch, {"state": "X"})


async def test_the_owner_hears_that_the_end_is_asked(sessions: Sessions) -> None:
    epoch = await sessions.claim("sid", "pod-a", 10)
    await sessions.ask_end("sid", "operator_ended")
    assert await sessions.renew("sid", epoch, 10) == "operator_ended"


async def test_a_ticket_is_good_for_as_many_uses_as_were_said(sessions: Sessions) -> None:
    await sessions.put_ticket("t", {"call_sid": "sid"})
    assert (await sessions.use_ticket("t", 2))["call_sid"] == "sid"
    assert (await sessions.use_ticket("t", 2))["call_sid"] == "sid"
    assert await sessions.use_ticket("t", 2) == {}
    assert await sessions.use_ticket("never minted", 2) == {}


async def test_live_calls_are_listed_newest_first_and_old_ones_cleaned_up(sessions: Sessions) -> None:
    for number in range(3):
        await sessions.enter_live(f"c{number}", 1000.0 + number)
    assert await sessions.list_live(0, 2) == ["c2", "c1"]
    assert await sessions.list_live(2, 2) == ["c0"]
    await sessions.leave_live("c1")
    assert await sessions.cleanup_expired_sessions(7200 + 1001) == 1
    assert await sessions.list_live(0, 10) == ["c2"]


async def test_websocket_sessions_live_an_hour(sessions: Sessions, redis_client: redis.asyncio.Redis) -> None:
    await sessions.create_websocket_session("w1", {"client": "browser"})
    assert 3590 < await redis_client.ttl("websocket:session:w1") <= 3600
    await sessions.delete_websocket_session("w1")
    assert not await redis_client.exists("websocket:session:w1")


async def test_a_redis_that_is_away_is_told_within_half_a_second() -> None:
    client = connect("redis://127.0.0.1:1/0")
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ProviderDown):
        await Sessions(client).get_call_session("sid")
    assert loop.time() - began < 0.7
    await client.aclose()


async def test_a_frozen_redis_is_told_within_half_a_second(redis_server: EmbeddedRedis) -> None:
    client, other = connect(redis_server.url()), redis.asyncio.Redis.from_url(redis_server.url())
    sessions = Sessions(client)
    await sessions.get_call_session("sid")
    await other.client_pause(900)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with pytest.raises(ProviderDown):
        await sessions.update_call_session("sid", 0, {"a": "b"})
    assert loop.time() - began < 0.7
    await other.ping()  # answered when the server has thawed
    await client.aclose()
    await other.aclose()


async def test_one_pod_is_the_first_to_ask(sessions: Sessions) -> None:
    assert await sessions.first("c1", 10)
    assert not await sessions.first("c1", 10)
    assert await sessions.first("c2", 10)


async def test_requests_to_a_provider_are_counted_by_the_minute(
    sessions: Sessions, redis_client: redis.asyncio.Redis
) -> None:
    assert [await sessions.count_request("exotel", "connect", 2) for _ in range(2)] == [0, 0]
    assert 50 < await sessions.count_request("exotel", "connect", 2) <= 60
    assert 50 < await redis_client.ttl("rate:limit:exotel:connect") <= 60


async def test_whoever_is_cancelled_while_redis_is_asked_ends_also_where_the_client_swallows_it() -> None:
    assert await ends_when_cancelled(lambda client: Sessions(client).find_call_sid("c1"), SwallowingRedis("sid"))
