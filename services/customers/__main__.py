"""Serves borrowers and calls: `python -m services.customers`."""

import asyncio

from services.customers.campaigns import Answer, CallsAsked, queue_calls
from services.customers.dialing_servicer import SERVICE, DialingServicer
from services.customers.file_checker import ProcessFileChecker
from services.customers.importer import Importer
from services.customers.postgres import Database, open_database
from services.customers.postgres_calls import PostgresCalls
from services.customers.postgres_campaigns import PostgresCampaigns, PostgresDialQueue
from services.customers.postgres_changes import PostgresChanges
from services.customers.postgres_customers import PostgresCustomers
from services.customers.postgres_desk import PostgresDesk
from services.customers.postgres_suppressions import PostgresSuppressions
from services.customers.postgres_uploads import PostgresUploads
from services.customers.servicer import CallsServicer, CustomersServicer
from services.customers.settings import Settings
from voice.customers import v1 as pb
from voicekit.process import run
from voicekit.rpc import RpcServer
from voicekit.settings import load


async def serve(settings: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set, then let what is under way end."""
    url, now = settings.database_url.get_secret_value(), settings.clock
    async with open_database(
        url,
        now=now,
        pool_size=settings.database_pool_size,
        acquire_timeout_s=settings.database_acquire_timeout_s,
        command_timeout_s=settings.database_command_timeout_s,
    ) as database:
        customers, uploads = PostgresCustomers(database), PostgresUploads(database)
        feed = PostgresChanges(database)
        checker = ProcessFileChecker()
        importer = Importer(uploads, checker, now)
        await uploads.fail_abandoned()
        server = RpcServer("customers", settings.customers_listen, reflection_on=settings.environment == "development")
        servicer = CustomersServicer(customers, importer, PostgresDesk(database), now=now)
        server.add(pb.add_CustomersServiceServicer_to_server, servicer, "voice.customers.v1.CustomersService")
        calls = CallsServicer(PostgresCalls(database, settings.policy, now), customers, feed)
        server.add(pb.add_CallsServiceServicer_to_server, calls, "voice.customers.v1.CallsService")
        server.add(pb.add_DialingServiceServicer_to_server, make_dialing(database, settings), SERVICE)
        helpers = [asyncio.create_task(feed.listen(url)), asyncio.create_task(feed.tend())]
        await server.start()
        await checker.prepare()
        await stop.wait()
        feed.close()
        importer.close()
        await server.drain(settings.drain_seconds)
        await importer.drain()
        await checker.close()
        for helper in helpers:
            helper.cancel()
        await asyncio.wait(helpers)


def make_dialing(database: Database, settings: Settings) -> DialingServicer:
    """Return what queues calls."""
    policy, now = settings.policy, settings.clock

    async def queue(asked: CallsAsked) -> Answer:
        async with database.transaction() as connection:
            return await queue_calls(asked, PostgresDialQueue(connection), policy, now)

    return DialingServicer(queue, PostgresCampaigns(database, now), PostgresSuppressions(database, now), now)


def main() -> None:
    """Read the settings and serve."""
    settings = load(Settings, program="python -m services.customers", description=__doc__ or "")
    run("customers", settings, lambda stop: serve(settings, stop))


if __name__ == "__main__":
    main()
