from pathlib import Path

import pytest
import redis.asyncio
from redis.exceptions import AuthenticationError

from local.redis import EmbeddedRedis
from local.server_process import CannotStart


async def test_a_server_answers_with_its_password_alone(redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(redis_server.url()) as client:
        assert await client.ping()
    port = redis_server.url().rsplit(":", 1)[1]
    async with redis.asyncio.Redis.from_url(f"redis://:guessed@127.0.0.1:{port}") as stranger:
        with pytest.raises(AuthenticationError):
            await stranger.ping()


async def test_the_password_is_not_on_the_command_line(redis_server: EmbeddedRedis) -> None:
    async with redis.asyncio.Redis.from_url(redis_server.url()) as client:
        pid = (await client.info("server"))["process_id"]
    password = redis_server.url().split(":")[2].split("@")[0]
    assert password not in command_line(pid)


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


async def test_a_given_directory_keeps_data_over_a_restart(tmp_path: Path) -> None:
    for expected in (None, b"kept"):
        with EmbeddedRedis(tmp_path / "redis") as server:
            async with redis.asyncio.Redis.from_url(server.url()) as client:
                assert await client.get("key") == expected
                await client.set("key", "kept")


def test_a_program_that_is_no_server_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_BIN", "/bin/false")
    with pytest.raises(CannotStart, match="false ended with code 1"):
        EmbeddedRedis().start()


async def test_each_test_finds_an_empty_redis(redis_client: redis.asyncio.Redis) -> None:
    assert await redis_client.dbsize() == 0
    await redis_client.set("left", "behind")


async def test_each_test_finds_an_empty_redis_again(redis_client: redis.asyncio.Redis) -> None:
    assert await redis_client.dbsize() == 0
