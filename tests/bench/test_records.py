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
        "pause",
        "pause: the jobs follow",
        "resume",
        "resume: the jobs follow",
        "cancel",
        "cancel: the jobs follow",
    ]


async def test_every_filter_is_asked_for_in_every_order(postgres_server: EmbeddedPostgres) -> None:
    lines = await lists.measure(postgres_server, rows=300, rounds=1)
    assert len(lines) == len(lists.FILTERS) * len(CustomerOrder) * 2 + 2  # either way round; the counts, and all in one
    assert all(line.taken for line in lines)


def test_one_slow_combination_is_a_miss() -> None:
    quick, slow = (lists.Line("none", "name", [seconds]) for seconds in (0.01, 0.2))
    text, misses = lists.report([quick, slow, lists.Line("all", "all", [*quick.taken, *slow.taken])])
    assert misses == 1
    assert [line.split()[-1] for line in text.splitlines()[-4:-1]] == ["ok", "MISS", "MISS"]
