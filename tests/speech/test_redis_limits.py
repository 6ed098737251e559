import asyncio
from functools import partial

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.speech.breaker import Breaker
from services.speech.ports import QueueFull
from services.speech.redis_limits import RedisLimit
from tests.speech.fakes import until
from tests.support.swallowing import SwallowingRedis, ends_when_cancelled

WINDOW_S = 0.4


def limit_of(
    client: redis.asyncio.Redis, limit: int, *, window_s: float = WINDOW_S, margin_s: float = 0.0
) -> RedisLimit:
    return RedisLimit(
        client, Breaker(), api="tts", key="account", limit=limit, alone_limit=1, window_s=window_s, margin_s=margin_s
    )


async def places_are(client: redis.asyncio.Redis, count: int) -> bool:
    return await client.llen("rate:limit:tts:account") == count


async def test_pods_share_one_limit_and_one_queue(redis_client: redis.asyncio.Redis) -> None:
    pods = [limit_of(redis_client, 3) for _ in range(3)]
    loop = asyncio.get_running_loop()
    served: list[tuple[int, float]] = []

    async def ask(number: int) -> None:
        await pods[number % 3].take(within_s=10)
        served.append((number, loop.time()))

    asked = []
    for number in range(8):
        asked.append(asyncio.create_task(ask(number)))
        # Until Redis has answered the one before: so it is known who asked first.
        await until(partial(places_are, redis_client, number + 1))
    await asyncio.gather(*asked)
    assert [number // 3 for number, _ in served] == [0, 0, 0, 1, 1, 1, 2, 2], "three a window, in the order of asking"
    for (_, first), (_, beyond) in zip(served, served[3:], strict=False):
        assert beyond - first > WINDOW_S - 0.05


async def test_the_log_lives_a_minute_past_its_last_place(redis_client: redis.asyncio.Redis) -> None:
    limit = limit_of(redis_client, 60, window_s=60.0)
    await limit.take(within_s=0)
    assert 59_000 < await redis_client.pttl("rate:limit:tts:account") <= 60_000


async def test_who_cannot_be_served_in_time_takes_no_place(redis_client: redis.asyncio.Redis) -> None:
    limit = limit_of(redis_client, 1, window_s=60.0)
    await limit.take(within_s=0)
    with pytest.raises(QueueFull) as full:
        await limit.take(within_s=5)
    assert 55 < full.value.wait_s <= 60
    assert await redis_client.llen("rate:limit:tts:account") == 1


async def test_who_stops_waiting_gives_the_place_back(redis_client: redis.asyncio.Redis) -> None:
    limit = limit_of(redis_client, 1, window_s=60.0)
    await limit.take(within_s=0)
    waiting = asyncio.create_task(limit.take(within_s=100))
    await until(partial(places_are, redis_client, 2))
    waiting.cancel()
    await until(partial(places_are, redis_client, 1))


async def test_without_redis_a_pod_keeps_to_a_limit_of_its_own() -> None:
    async with redis.asyncio.Redis(
        port=9, socket_connect_timeout=0.2, socket_timeout=0.2, retry=Retry(NoBackoff(), 0)
    ) as nobody:
        limit = limit_of(nobody, 100, window_s=60.0)
        await limit.take(within_s=0)
        with pytest.raises(QueueFull):
            await limit.take(within_s=0)


async def test_who_is_cancelled_as_the_place_comes_ends_and_gives_it_back() -> None:
    swallowing = SwallowingRedis([1, 0, b"1700000000000000"])
    assert await ends_when_cancelled(lambda client: limit_of(client, 1).take(within_s=0), swallowing)
    await until(lambda: bool(swallowing.later))
    assert swallowing.later == [("lrem", ("rate:limit:tts:account", 1, "1700000000000000"))]
    refused = SwallowingRedis([0, 5_000_000, b""])
    assert await ends_when_cancelled(lambda client: limit_of(client, 1).take(within_s=0), refused)
    assert refused.later == []
