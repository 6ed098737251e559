"""The measurements of the record run, with a handful of borrowers: their figures mean nothing then."""

from bench import bulk, lists
from local.postgres import EmbeddedPostgres
from services.customers.model import CustomerOrder


async def test_calls_are_queued_and_plain_rows_written(postgres_server: EmbeddedPostgres) -> None:
    table = (await bulk.measure(postgres_server, rows=50, rounds=1)).splitlines()
    assert [line.rsplit(maxsplit=2)[0].strip() for line in table[3:]] == [
        "plain SQL",
        "dry run",
        "queue",
        "queue again",
    ]


async def test_every_filter_is_asked_for_in_every_order(postgres_server: EmbeddedPostgres) -> None:
    table = (await lists.measure(postgres_server, rows=300, rounds=1)).splitlines()
    assert len(table) == 3 + len(lists.FILTERS) * len(CustomerOrder) + 1
