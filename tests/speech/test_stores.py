import asyncio

import pytest
import redis.asyncio
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from services.speech.breaker import Breaker
from services.speech.redis_store import RedisStore
from services.speech.stores import MemoryStore
from tests.support.swallowing import SwallowingRedis, ends_when_cancelled


@pytest.mark.virtual_time
async def test_what_was_not_asked_for_longest_goes_first() -> None:
    store = MemoryStore(300)
    for key in "abc":
        store.put(key, bytes(100), life_s=1000)
    assert store.get("a")
    store.put("d", bytes(100), life_s=1000)
    assert [key for key in "abcd" if store.get(key)] == ["a", "c", "d"]


@pytest.mark.virtual_time
async def test_what_is_too_large_is_not_kept_and_what_is_old_is_gone() -> None:
    store = MemoryStore(300)
    store.put("large", bytes(301), life_s=1000)
    assert store.get("large") is None
    store.put("old", bytes(100), life_s=10)
    await asyncio.sleep(10)
    assert store.get("old") is None


@pytest.mark.virtual_time
async def test_expired_audio_makes_room() -> None:
    store = MemoryStore(300)
    store.put("old", bytes(200), life_s=10)
    await asyncio.sleep(11)
    store.put("a", bytes(150), life_s=100)
    store.put("b", bytes(150), life_s=100)
    assert store.get("a")
    assert store.get("b")


async def test_pods_share_lines_for_as_long_as_they_were_given(redis_url: str) -> None:
    async with redis.asyncio.Redis.from_url(redis_url) as client:
        await RedisStore(client, Breaker()).put("abc", b"\0\1\xff", life_s=1800)
        assert await RedisStore(client, Breaker()).get("abc") == b"\0\1\xff"
        assert await RedisStore(client, Breaker()).get("other") is None
        assert 1_799_000 < await client.pttl("prompt:audio:abc") <= 1_800_000


async def test_without_redis_there_is_nothing_and_no_error() -> None:
    async with redis.asyncio.Redis(port=9, socket_connect_timeout=0.2, retry=Retry(NoBackoff(), 0)) as nobody:
        await RedisStore(nobody, Breaker()).put("abc", b"\0\1", life_s=10)
        assert await RedisStore(nobody, Breaker()).get("abc") is None


async def test_whoever_is_cancelled_while_redis_is_asked_ends() -> None:
    assert await ends_when_cancelled(lambda client: RedisStore(client, Breaker()).get("abc"), SwallowingRedis(b"\0\1"))
    put = SwallowingRedis(True)
    assert await ends_when_cancelled(lambda client: RedisStore(client, Breaker()).put("abc", b"\0", life_s=1), put)
