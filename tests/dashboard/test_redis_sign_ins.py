"""Who is signed in, as Redis keeps it."""

from services.dashboard.redis_sign_ins import RedisSignIns
from tests.support.swallowing import SwallowingRedis, ends_when_cancelled


async def test_whoever_is_cancelled_while_redis_is_asked_ends() -> None:
    assert await ends_when_cancelled(lambda client: RedisSignIns(client).get("key", 60), SwallowingRedis([]))
