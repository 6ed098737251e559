"""The jobs of pgqueuer: who is claimed, by which worker, and when an entry of the queue is looked at."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

if TYPE_CHECKING:
    import asyncpg

    from services.customers.postgres import Connection

ENTRYPOINT: Final = "dial"
JOBS_WITHIN: Final = 30.0
"""Seconds for a statement about all jobs of a campaign."""
_BATCH: Final = 10_000
"""Jobs of one statement: more would only make the statement slower than its limit."""


async def enqueue(connection: "Connection", entries: Sequence[tuple[int, timedelta]]) -> None:
    """Have each of these entries looked at after so long, in the caller's transaction."""
    # A lent connection does all that the driver asks of one; asyncpg's types do not say so.
    queries = Queries(AsyncpgDriver(cast("asyncpg.Connection[Any]", connection)))
    for start in range(0, len(entries), _BATCH):
        batch = entries[start : start + _BATCH]
        payloads: list[bytes | None] = [str(entry).encode() for entry, _ in batch]
        waits: list[timedelta | None] = [wait for _, wait in batch]
        keys: list[str | None] = [*_keys([entry for entry, _ in batch])]
        await queries.enqueue([ENTRYPOINT] * len(batch), payloads, [0] * len(batch), waits, dedupe_key=keys)


async def hold_jobs(connection: "Connection", entries: Sequence[int]) -> None:
    """Have no worker look at these entries until `wake_jobs`."""
    query = """
        UPDATE pgqueuer SET execute_after = now() + interval '10 years'
        WHERE dedupe_key = ANY ($1) AND status = 'queued'
    """
    await connection.execute(query, _keys(entries), timeout=JOBS_WITHIN)


async def wake_jobs(connection: "Connection", entries: Sequence[int], now: datetime) -> None:
    """Have these entries looked at when they are due; `now` is the present by the clock of calling."""
    query = """
        UPDATE pgqueuer AS j SET execute_after = now() + GREATEST(e.not_before - $2, interval '0')
        FROM dial_entries AS e
        WHERE e.id = ANY ($1) AND j.dedupe_key = 'dial:' || e.id AND j.status = 'queued'
    """
    await connection.execute(query, entries, now, timeout=JOBS_WITHIN)


async def drop_jobs(connection: "Connection", entries: Sequence[int]) -> None:
    """Take these entries out of the queue."""
    query = "DELETE FROM pgqueuer WHERE dedupe_key = ANY ($1) AND status = 'queued'"
    await connection.execute(query, _keys(entries), timeout=JOBS_WITHIN)


async def try_failed_again(connection: "Connection") -> int:
    """Queue anew what was put aside because of a mistake of ours, so that nobody is lost by it; return how many."""
    queries = Queries(AsyncpgDriver(cast("asyncpg.Connection[Any]", connection)))
    failed = await queries.list_failed_jobs(limit=_BATCH)
    await queries.requeue_jobs([job.id for job in failed])
    return len(failed)


async def trim_log(connection: "Connection", older_than: timedelta) -> None:
    """Forget what pgqueuer noted about jobs long ago: it only feeds its own statistics."""
    query = "DELETE FROM pgqueuer_log WHERE created < now() - $1::interval"
    await connection.execute(query, older_than, timeout=JOBS_WITHIN)
    query = "DELETE FROM pgqueuer_statistics WHERE created < now() - $1::interval"
    await connection.execute(query, older_than, timeout=JOBS_WITHIN)


def _keys(entries: Sequence[int]) -> list[str]:
    """Return by what the jobs of entries are found."""
    return [f"{ENTRYPOINT}:{entry}" for entry in entries]
