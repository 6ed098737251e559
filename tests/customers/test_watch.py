import asyncio
import random

import pytest

from services.customers.model import Call, Change, Customer, Event, Speaker, Turn, TurnChange
from services.customers.postgres_changes import PostgresChanges
from services.customers.watch import ChangesForgotten, Quiet, follow
from tests.customers.record import NOON, Record, tell, told
from voicekit.errors import ProviderDown


async def read_all(feed: PostgresChanges, after: int) -> list[Change]:
    return await feed.read(after, 10_000)


async def test_a_watcher_hears_what_changes_as_it_now_is(record: Record) -> None:
    start = await record.feed.last_number()
    customer = await record.add_customer()
    call = (await record.calls.begin("r", customer)).call
    turn = Turn(1, Speaker.BORROWER, "INITIAL_GREETING", "haan", "hi-IN", "yes", "lexicon", 100, 900, False)
    await tell(record, call.id, told("ringing"), Event("t1", "bot", NOON, turn), told("in_progress"))
    changes = await read_all(record.feed, start)
    assert [change.number for change in changes] == sorted({change.number for change in changes})
    assert {type(change.what) for change in changes} == {Customer, Call, TurnChange}
    assert len(changes) == 3  # each thing once, though the borrower changed four times
    for change in changes:
        match change.what:
            case Customer() as what:
                assert what.call_status == "in_progress"
            case Call() as what:
                assert (what.id, what.status) == (call.id, "in_progress")
            case told_turn:
                assert told_turn == TurnChange(call.id, customer, turn)


async def test_a_watcher_from_now_on_hears_nothing_of_before(record: Record) -> None:
    await record.add_customer(loan="before")
    changes = follow(record.feed, 0)
    quiet = await anext(changes)
    assert isinstance(quiet, Quiet)
    later = await record.add_customer(loan="later")
    change = await anext(changes)
    assert isinstance(change, Change)
    assert isinstance(change.what, Customer)
    assert change.what.id == later
    assert change.number > quiet.number
    await changes.aclose()


async def test_no_change_is_lost_to_the_order_of_commits(record: Record) -> None:
    """A transaction that began first and ends last: whoever reads by rising numbers must still see it."""
    async with record.database.transaction() as slow:
        query = """
            INSERT INTO customers (name, phone_number, state, loan_id, lender_name, amount_paise, due_date)
            VALUES ('Slow', '+919999900099', '', 'slow', 'Asha Finance', 1, '2026-12-05') RETURNING id
        """
        slow_id = await slow.fetchval(query)
        fast_id = await record.add_customer(loan="fast")
        seen = await read_all(record.feed, 0)
        assert [change.what.id for change in seen if isinstance(change.what, Customer)] == [fast_id]
    later = await read_all(record.feed, seen[-1].number)
    assert [change.what.id for change in later if isinstance(change.what, Customer)] == [slow_id]


async def test_watchers_that_resume_have_no_gap_and_no_double_under_concurrent_commits(record: Record) -> None:
    writers_done = asyncio.Event()
    dice = random.Random(7)

    async def write(lane: int) -> list[int]:
        ids = []
        for number in range(15):
            async with record.database.transaction() as connection:
                query = """
                    INSERT INTO customers (name, phone_number, state, loan_id, lender_name, amount_paise, due_date)
                    VALUES ('Asha', '+919999900001', '', $1, 'Asha Finance', 1, '2026-12-05') RETURNING id
                """
                ids.append(await connection.fetchval(query, f"{lane}-{number}"))
                await connection.execute("SELECT pg_sleep($1)", dice.choice([0, 0.001, 0.004]))
        return ids

    async def watch(limit: int) -> list[Change]:
        seen: list[Change] = []
        while True:  # each round is a new stream that resumes from the last number seen
            finished = writers_done.is_set()
            batch = await record.feed.read(seen[-1].number if seen else 0, limit)
            seen += batch
            if finished and not batch:
                return seen

    async with asyncio.TaskGroup() as tasks:
        watchers = [tasks.create_task(watch(limit)) for limit in (1, 3, 500)]
        written = await asyncio.gather(*map(write, range(5)))
        writers_done.set()
    expected = sorted(customer for ids in written for customer in ids)
    for watcher in watchers:
        numbers = [change.number for change in watcher.result()]
        assert numbers == sorted(set(numbers))
        ids = [change.what.id for change in watcher.result() if isinstance(change.what, Customer)]
        assert sorted(ids) == expected
    orders = [[change.number for change in watcher.result()] for watcher in watchers]
    assert orders[0] == orders[1] == orders[2]


async def test_the_feed_keeps_a_bounded_past_and_says_when_it_is_gone(record: Record) -> None:
    await record.run("UPDATE change_feed SET keep = 5")
    for number in range(9):
        await record.add_customer(loan=f"L{number}")
    last = await record.feed.last_number()
    assert await record.value("SELECT count(*) FROM changes") == 5
    assert len(await read_all(record.feed, last - 5)) == 5
    with pytest.raises(ChangesForgotten):
        await read_all(record.feed, last - 6)


async def test_the_feed_stays_bounded_though_nobody_reads_it(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.customers.postgres_changes.TEND_SECONDS", 0.01)
    await record.run("UPDATE change_feed SET keep = 5")
    for number in range(9):
        await record.add_customer(loan=f"L{number}")
    tending = asyncio.create_task(record.feed.tend())
    while await record.value("SELECT count(*) FROM changes") != 5:
        pass
    tending.cancel()
    await asyncio.wait([tending])


async def test_a_number_that_was_never_given_is_refused(record: Record) -> None:
    with pytest.raises(ChangesForgotten):
        await read_all(record.feed, 1_000_000)


async def test_a_notice_wakes_a_watcher_before_it_would_have_looked(
    record: Record, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.customers.watch.POLL_SECONDS", 50)
    bell = record.feed.bell()
    listening = asyncio.create_task(record.feed.listen(database_url))
    await bell.wait()  # it listens now
    changes = follow(record.feed, 0)
    assert isinstance(await anext(changes), Quiet)
    waiting = asyncio.ensure_future(anext(changes))
    await record.add_customer()
    assert isinstance(await asyncio.wait_for(waiting, 5), Change)
    listening.cancel()
    await asyncio.wait([listening])
    await changes.aclose()


async def test_without_notices_a_watcher_looks_by_itself(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.customers.watch.POLL_SECONDS", 0.01)
    changes = follow(record.feed, 0)
    assert isinstance(await anext(changes), Quiet)
    waiting = asyncio.ensure_future(anext(changes))
    await record.add_customer()
    assert isinstance(await asyncio.wait_for(waiting, 5), Change)
    await changes.aclose()


async def test_the_listener_comes_back_when_its_connection_is_cut(
    record: Record, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.customers.postgres_changes.RECONNECT_SECONDS", 0.01)
    bell = record.feed.bell()
    listening = asyncio.create_task(record.feed.listen(database_url))
    await bell.wait()
    again = record.feed.bell()
    await record.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
    await asyncio.wait_for(again.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])


async def test_a_watcher_is_told_when_the_process_is_about_to_end(record: Record) -> None:
    changes = follow(record.feed, 0)
    assert isinstance(await anext(changes), Quiet)
    waiting = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    record.feed.close()
    with pytest.raises(ProviderDown):
        await asyncio.wait_for(waiting, 5)
