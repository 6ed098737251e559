"""The way to Postgres: a pool that never waits without end, and whose errors are told in our own words."""

from __future__ import annotations  # asyncpg's classes take their type parameters in stubs alone

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import asyncpg
import structlog

from services.customers.postgres_watch import WatchedConnection
from voicekit.clock import Now, utc_now
from voicekit.errors import InvalidInput, Overloaded, ProviderDown

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

log = structlog.get_logger(__name__)

CLOSE_SECONDS: Final = 5.0
_LOST: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
)
"""What asyncpg raises when the server, or the way to it, is gone, or when it has given up and may be asked again."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, pool: asyncpg.Pool[asyncpg.Record], acquire_timeout_s: float) -> None:
        self._pool = pool
        self._acquire_timeout_s = acquire_timeout_s

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Read rows. What is read may be read again: a connection that was lost is replaced once."""
        try:
            async with self.connection() as connection:
                return await connection.fetch(query, *arguments)
        except ProviderDown:
            log.warning("A connection to the database was lost; reading again.")
        async with self.connection() as connection:
            return await connection.fetch(query, *arguments)

    async def fetchrow(self, query: str, *arguments: object) -> asyncpg.Record | None:
        """Read at most one row, as `fetch` does."""
        rows = await self.fetch(query, *arguments)
        return rows[0] if rows else None

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; `Overloaded` when none is free in time, `ProviderDown` when the server is gone."""
        try:
            connection = await self._pool.acquire(timeout=self._acquire_timeout_s)
        except TimeoutError as error:
            raise Overloaded("no connection to the database is free") from error
        except _LOST as error:
            raise ProviderDown("the database cannot be reached") from error
        try:
            yield connection
        except (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError) as error:
            raise InvalidInput("a text holds a character that cannot be kept, such as NUL") from error
        except (TimeoutError, *_LOST) as error:
            if isinstance(error, ValueError):  # asyncpg's word for an argument that does not fit: a mistake of ours
                raise
            raise ProviderDown("the database did not answer") from error
        finally:
            with contextlib.suppress(*_LOST):
                await self._pool.release(connection, timeout=CLOSE_SECONDS)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection in a transaction, committed when the block ends well."""
        async with self.connection() as connection, connection.transaction():
            yield connection


@contextlib.asynccontextmanager
async def open_database(
    url: str,
    *,
    now: Now = utc_now,
    pool_size: int = 10,
    acquire_timeout_s: float = 2,
    command_timeout_s: float = 5,
) -> AsyncIterator[Database]:
    """Open a pool and close it at the end, by force when it will not close by itself.

    Args:
        url: postgresql://user:password@host:port/database.
        now: the clock that the rules of calling go by, which `calling_now()` in SQL shows too.
        pool_size: connections at most.
        acquire_timeout_s: how long a request waits for a free one.
        command_timeout_s: how long a statement may take unless it says otherwise.
    """
    try:
        pool: asyncpg.Pool[Any] = await asyncpg.create_pool(
            url,
            min_size=1,
            max_size=pool_size,
            command_timeout=command_timeout_s,
            timeout=acquire_timeout_s,
            connection_class=WatchedConnection,
            server_settings=_settings(now),
        )
    except (TimeoutError, *_LOST) as error:
        raise ProviderDown("the database cannot be reached") from error
    try:
        yield Database(pool, acquire_timeout_s)
    finally:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            pool.terminate()


def _settings(now: Now) -> dict[str, str]:
    """Return what tells SQL of a simulated clock. As settings of the session they outlive the pool's resets."""
    return {} if now is utc_now else {"calling.ahead": f"{(now() - utc_now()).total_seconds():.6f} seconds"}
