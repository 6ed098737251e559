"""The database and Redis, as the services reach them."""

import asyncio
import secrets

import asyncpg
import redis.asyncio
import redis.exceptions
from pydantic import SecretStr

from local.check.report import Report, Stop
from services.customers.migrate import MigrationError, list_migrations
from services.customers.settings import Settings as CustomersSettings
from voicekit.settings import ServiceSettings

WITHIN_S = 10.0
SLOW_S = 0.1
"""What users know as the target for a statement."""


class RedisSettings(ServiceSettings):
    """What is needed of Redis."""

    redis_url: SecretStr
    """redis://host:port/0."""


async def check_database(report: Report) -> None:
    """Connect, look at the schema, and time a statement. Changes nothing."""
    url = report.settings(CustomersSettings).database_url.get_secret_value()
    try:
        connection = await asyncpg.connect(url, timeout=WITHIN_S)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        report.bad("connect to DATABASE_URL", _told(error))
        raise Stop from None
    try:
        report.good("connect to DATABASE_URL", f"Postgres {await connection.fetchval('SHOW server_version')}")
        await _look_at_the_schema(report, url)
        began = asyncio.get_running_loop().time()
        try:
            customers = await connection.fetchval("SELECT count(*) FROM customers", timeout=WITHIN_S)
            calls = await connection.fetchval("SELECT count(*) FROM call_sessions", timeout=WITHIN_S)
        except (asyncpg.PostgresError, TimeoutError) as error:
            report.bad("count borrowers and calls", _told(error))
            raise Stop from None
        report.good("count borrowers and calls", f"{customers} borrowers, {calls} calls")
        took = asyncio.get_running_loop().time() - began
        if took > SLOW_S * 2:
            report.left_out("two counts took long", f"{took * 1000:.0f} ms; see RecordSlow in docs/operations.md")
    finally:
        await connection.close(timeout=5)


async def _look_at_the_schema(report: Report, url: str) -> None:
    try:
        pending = [name for name, applied in await list_migrations(url) if not applied]
    except (MigrationError, asyncpg.PostgresError) as error:
        report.bad("look at the schema", _told(error))
        return
    if pending:
        report.bad("look at the schema", f"not applied: {', '.join(pending)}; run python -m services.customers.migrate")
    else:
        report.good("look at the schema", "every migration is applied")


async def check_redis(report: Report) -> None:
    """Connect, write a key that goes by itself, read it, and look at what Redis does when it is full."""
    url = report.settings(RedisSettings).redis_url.get_secret_value()
    try:
        client = redis.asyncio.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5, decode_responses=True)
    except ValueError as error:
        report.bad("read REDIS_URL", _told(error))
        raise Stop from None
    key = f"check:{secrets.token_hex(8)}"
    try:
        async with client:
            version = (await client.info("server")).get("redis_version", "of unknown version")
            report.good("connect to REDIS_URL", f"Redis {version}")
            await client.set(key, "there", ex=30)
            if await client.get(key) == "there" and await client.delete(key):
                report.good("write, read and delete a key")
            else:
                report.bad("write, read and delete a key", "what was written is not there")
            await _look_at_eviction(report, client)
    except (redis.exceptions.RedisError, OSError) as error:
        report.bad("use REDIS_URL", _told(error))


async def _look_at_eviction(report: Report, client: "redis.asyncio.Redis") -> None:
    try:
        policy = (await client.config_get("maxmemory-policy")).get("maxmemory-policy", "")
    except redis.exceptions.ResponseError:
        report.left_out("look at maxmemory-policy", "this Redis does not tell; it must be noeviction")
        return
    if policy == "noeviction":
        report.good("look at maxmemory-policy", policy)
    else:
        report.bad("look at maxmemory-policy", f"{policy}: sessions of live calls may be thrown out; set noeviction")


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
