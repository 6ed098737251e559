"""The worker that takes calls from the queue and has them placed: `python -m services.customers.dialer`."""

import asyncio
from datetime import timedelta
from typing import Annotated, Final

import asyncpg
import structlog
from pgqueuer import AsyncpgDriver, Job, Queries, QueueManager, RetryRequested
from pydantic import Field, PositiveFloat, PositiveInt

from services.customers.dialling import Dialler, Retries
from services.customers.grpc_telephony import SERVICE, GrpcTelephony
from services.customers.jobs import ENTRYPOINT, trim_log, try_failed_again
from services.customers.postgres import Database, open_database
from services.customers.postgres_calls import PostgresCalls
from services.customers.postgres_entries import PostgresEntries
from services.customers.postgres_steps import PostgresSteps
from services.customers.settings import Settings
from voicekit.errors import NotFound, VoiceError
from voicekit.process import run
from voicekit.rpc import RpcServer, channel
from voicekit.settings import load

log = structlog.get_logger(__name__)

AFTER_TROUBLE: Final = timedelta(seconds=5)
LOOK_EVERY: Final = timedelta(seconds=0.5)
"""How long a job that has become due may wait when the notice of it is lost."""
TEND_EVERY: Final = 600.0
STEP_EVERY: Final = 0.25
"""How soon a worker sees that a campaign has been steered."""
LOG_KEPT: Final = timedelta(days=2)


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

    dial_retry_unreachable_minutes: PositiveInt = 1440
    """After how long to call again when the phone was switched off or could not be reached."""

    dial_retry_rejected_minutes: PositiveInt = 1440
    """After how long to call again when the call was rejected."""

    dial_retry_failed_minutes: PositiveInt = 60
    """After how long to call again when the call failed in its middle."""

    dial_retry_not_placed_minutes: PositiveInt = 5
    """After how long to call again when nobody was rung."""

    dialer_listen: Annotated[str, Field(pattern=r"^.+:\d+$")] = "0.0.0.0:50055"
    """host:port that the health of the worker is asked at, over gRPC: dialer-liveness and dialer-readiness."""

    @property
    def retries(self) -> Retries:
        """After how long to call again."""
        return Retries(
            busy=timedelta(minutes=self.dial_retry_busy_minutes),
            no_answer=timedelta(minutes=self.dial_retry_no_answer_minutes),
            unreachable=timedelta(minutes=self.dial_retry_unreachable_minutes),
            rejected=timedelta(minutes=self.dial_retry_rejected_minutes),
            failed=timedelta(minutes=self.dial_retry_failed_minutes),
            not_placed=timedelta(minutes=self.dial_retry_not_placed_minutes),
        )


async def work(settings: DialerSettings, stop: asyncio.Event) -> None:
    """Work off the queue until `stop` is set; calls that live are left to whoever works then."""
    url, now = settings.database_url.get_secret_value(), settings.clock
    connection = await asyncpg.connect(url, timeout=10)
    health = RpcServer("dialer", settings.dialer_listen)
    await health.start(ready=False)
    try:
        async with (
            open_database(url, now=now, pool_size=settings.database_pool_size) as database,
            channel(settings.telephony_address, SERVICE) as there,
        ):
            calls = PostgresCalls(database, settings.policy, now)
            slots, pace = settings.dial_slots, settings.dial_per_minute
            entries = PostgresEntries(database, calls, settings.policy, now, slots=slots, per_minute=pace)
            after, telephony = settings.dial_unknown_seconds, GrpcTelephony(there)
            dialler = Dialler(entries, telephony, settings.policy, settings.retries, now, unknown_after=after)
            await health.set_ready(True)
            beside = [
                asyncio.create_task(_tend(database), name="tend the queue"),
                asyncio.create_task(_follow_steering(PostgresSteps(database, now)), name="follow steering"),
            ]
            await _take_jobs(QueueManager(Queries(AsyncpgDriver(connection))), dialler, settings, stop)
            for task in beside:
                task.cancel()
            await asyncio.wait(beside)
    finally:
        await health.drain(0)
        await connection.close(timeout=5)


async def _tend(database: Database) -> None:
    """Keep pgqueuer's log small and nothing put aside, for as long as the worker lives."""
    while True:
        try:
            async with database.connection() as connection:
                await trim_log(connection, LOG_KEPT)
                if again := await try_failed_again(connection):
                    log.warning("Entries of the queue that had failed are tried again.", count=again)
        except VoiceError:
            log.warning("The queue was not tended: the database does not answer.")
        except Exception:
            log.exception("The queue was not tended, through a mistake of ours.")
        await asyncio.sleep(TEND_EVERY)


async def _follow_steering(steps: PostgresSteps) -> None:
    """Move what waits of steered campaigns, for as long as the worker lives."""
    while True:
        try:
            while await steps.step():
                pass
        except VoiceError:
            log.warning("Campaigns were steered that wait for it: the database does not answer.")
        except Exception:
            # Who is resumed must be called all the same: the next round tries again.
            log.exception("Campaigns were steered that wait for it, through a mistake of ours.")
        await asyncio.sleep(STEP_EVERY)


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
    taking = asyncio.create_task(queue.run(heartbeat_timeout=heartbeat, dequeue_timeout=min(heartbeat, LOOK_EVERY)))
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
