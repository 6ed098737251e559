"""The worker that takes calls from the queue and has them placed: `python -m services.customers.dialer`."""

import asyncio
from datetime import timedelta
from typing import Annotated

import asyncpg
import structlog
from pgqueuer import AsyncpgDriver, Job, Queries, QueueManager, RetryRequested
from pydantic import Field, PositiveFloat, PositiveInt

from services.customers.dialling import Dialler, Retries
from services.customers.grpc_telephony import SERVICE, GrpcTelephony
from services.customers.postgres import open_database
from services.customers.postgres_calls import PostgresCalls
from services.customers.postgres_campaigns import ENTRYPOINT
from services.customers.postgres_entries import PostgresEntries
from services.customers.settings import Settings
from voicekit.errors import NotFound, VoiceError
from voicekit.process import run
from voicekit.rpc import channel
from voicekit.settings import load

log = structlog.get_logger(__name__)

AFTER_TROUBLE = timedelta(seconds=5)


class DialerSettings(Settings):
    """Settings of the worker: those of the service, and its own."""

    telephony_address: Annotated[str, Field(pattern=r"^.+:\d+$")]
    """host:port of the telephony service."""

    dial_slots: PositiveInt = 20
    """Calls that live at once, over all workers; not more than telephony's pods have room for."""

    dial_per_minute: PositiveInt = 60
    """Calls that are placed in a minute, over all workers."""

    dial_heartbeat_seconds: PositiveFloat = 30
    """How long a worker may be silent before another takes over what it was doing."""

    dial_unknown_seconds: PositiveFloat = 60
    """How long telephony may not know a call that it was asked to place."""

    dial_retry_busy_minutes: PositiveInt = 15
    """After how long to call again when the line was busy."""

    dial_retry_no_answer_minutes: PositiveInt = 120
    """After how long to call again when nobody answered."""

    dial_retry_failed_minutes: PositiveInt = 60
    """After how long to call again when the call failed."""

    @property
    def retries(self) -> Retries:
        """After how long to call again."""
        return Retries(
            busy=timedelta(minutes=self.dial_retry_busy_minutes),
            no_answer=timedelta(minutes=self.dial_retry_no_answer_minutes),
            failed=timedelta(minutes=self.dial_retry_failed_minutes),
        )


async def work(settings: DialerSettings, stop: asyncio.Event) -> None:
    """Work off the queue until `stop` is set; calls that live are left to whoever works then."""
    url, now = settings.database_url.get_secret_value(), settings.clock
    connection = await asyncpg.connect(url, timeout=10)
    try:
        async with (
            open_database(url, pool_size=settings.database_pool_size) as database,
            channel(settings.telephony_address, SERVICE) as there,
        ):
            calls = PostgresCalls(database, settings.policy, now)
            slots, pace = settings.dial_slots, settings.dial_per_minute
            entries = PostgresEntries(database, calls, now, slots=slots, per_minute=pace)
            after, telephony = settings.dial_unknown_seconds, GrpcTelephony(there)
            dialler = Dialler(entries, telephony, settings.policy, settings.retries, now, unknown_after=after)
            await _take_jobs(QueueManager(Queries(AsyncpgDriver(connection))), dialler, settings, stop)
    finally:
        await connection.close(timeout=5)


async def _take_jobs(queue: QueueManager, dialler: Dialler, settings: DialerSettings, stop: asyncio.Event) -> None:
    @queue.entrypoint(ENTRYPOINT, concurrency_limit=settings.dial_slots, on_failure="hold")
    async def dial(job: Job) -> None:
        try:
            again = await dialler.work(int(job.payload or b"0"))
        except NotFound:
            log.warning("A job of the queue has no entry.", job=job.id)
            return
        except VoiceError as error:
            log.warning("An entry of the queue must wait: something it needs does not answer.")
            raise RetryRequested(AFTER_TROUBLE) from error
        if again is not None:
            raise RetryRequested(again)

    heartbeat = timedelta(seconds=settings.dial_heartbeat_seconds)
    taking = asyncio.create_task(queue.run(heartbeat_timeout=heartbeat, dequeue_timeout=min(heartbeat, AFTER_TROUBLE)))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({taking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    dialler.stop()
    queue.shutdown.set()
    await taking


def main() -> None:
    """Read the settings and work."""
    settings = load(DialerSettings, program="python -m services.customers.dialer", description=__doc__ or "")
    run("dialer", settings, lambda stop: work(settings, stop))


if __name__ == "__main__":
    main()
