"""A real Postgres and a real Redis for tests: one pair a test process, fresh data for each test."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import Final

import asyncpg
import pytest
import redis.asyncio

from local.postgres import EmbeddedPostgres
from local.redis import EmbeddedRedis
from services.customers.migrate import migrate

_TEMPLATE: Final = "migrated"
_numbers: Final = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """A Postgres server that lives as long as the test process. Under xdist each worker has its own."""
    with EmbeddedPostgres() as server:
        yield server


@pytest.fixture(scope="session")
def _migrated_template(postgres_server: EmbeddedPostgres) -> None:
    async def make() -> None:
        await _admin(postgres_server, f"CREATE DATABASE {_TEMPLATE}")
        await migrate(postgres_server.url(_TEMPLATE))

    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:  # leaves the tests' own loop alone
        runner.run(make())


@pytest.fixture
async def empty_database_url(postgres_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """Address of a new database without any table."""
    name = f"test_{next(_numbers)}"
    await _admin(postgres_server, f"CREATE DATABASE {name}")
    yield postgres_server.url(name)
    await _admin(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
async def database_url(postgres_server: EmbeddedPostgres, _migrated_template: None) -> AsyncIterator[str]:
    """Address of a new database with the present schema and no rows."""
    name = f"test_{next(_numbers)}"
    await _admin(postgres_server, f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE} STRATEGY FILE_COPY")
    yield postgres_server.url(name)
    await _admin(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    """A Redis server that lives as long as the test process. Under xdist each worker has its own."""
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
async def redis_client(redis_server: EmbeddedRedis) -> AsyncIterator[redis.asyncio.Redis]:
    """A client of an empty Redis; its texts are `str`."""
    async with redis.asyncio.Redis.from_url(redis_server.url(), decode_responses=True) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def redis_url(redis_server: EmbeddedRedis, redis_client: redis.asyncio.Redis) -> str:
    """Address of an empty Redis."""
    return redis_server.url()


async def _admin(server: EmbeddedPostgres, statement: str) -> None:
    connection = await asyncpg.connect(server.url(), ssl=False)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
