"""Campaigns that are paused, resumed and cancelled: what holds at once, and what follows step by step."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import asyncpg
import pytest

from services.customers import postgres_steps
from services.customers.__main__ import make_dialing
from services.customers.campaigns import CampaignState
from services.customers.may_dial import Decision
from services.customers.model import FactsTold
from services.customers.ports import Begun
from services.customers.postgres_campaigns import PostgresCampaigns
from services.customers.postgres_entries import PostgresEntries
from services.customers.postgres_steps import PostgresSteps
from tests.customers.record import EASY, TOMORROW, Record, facts, tell, told
from tests.customers.test_dial_queue import settings
from voice.customers import v1 as pb

DUE = "SELECT count(*)::int FROM pgqueuer WHERE execute_after <= now() + interval '1 second'"
JOBS = "SELECT count(*)::int FROM pgqueuer"
STATES = "SELECT string_agg(state, ',' ORDER BY id) FROM dial_entries"
LEFT = "SELECT count(*)::int FROM campaign_steps"
SLOTS = "SELECT pg_advisory_xact_lock(hashtextextended('dial slots', 2))"
BLOCKED = """
    SELECT count(*)::int FROM pg_stat_activity, pg_sleep(0.05) -- Postgres tells nobody that somebody waits
    WHERE wait_event_type = 'Lock' AND datname = current_database() AND pid <> pg_backend_pid()
"""


class Steered:
    """A campaign, and all that has to do with it."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.campaigns = PostgresCampaigns(record.database, lambda: TOMORROW)
        self.entries = PostgresEntries(
            record.database, record.calls, EASY, lambda: TOMORROW, slots=100, per_minute=60_000
        )
        self.customers: list[int] = []

    async def queue(self, *customers: int) -> dict[str, list[int]]:
        servicer = make_dialing(self.record.database, settings(TOMORROW))
        request = pb.QueueCallsRequest(customer_ids=customers or self.customers, requested_by="supervisor")
        answer = await servicer.QueueCalls(request, None)  # type: ignore[arg-type]  # it does not use the context
        return {outcome.code: list(outcome.customer_ids) for outcome in answer.outcomes}

    async def steer(self, to: CampaignState) -> None:
        await self.campaigns.steer(1, to, "supervisor")

    async def follow(self) -> None:
        steps = PostgresSteps(self.record.database, lambda: TOMORROW)
        while await steps.step():
            pass

    async def begin(self, entry: int = 1) -> Begun | Decision | None:
        return await self.entries.begin(entry, 100)


@pytest.fixture
async def steered(record: Record) -> Steered:
    steered = Steered(record)
    steered.customers = [await record.add_customer(loan=f"L{n}", phone=f"+91999990{n:04d}") for n in range(5)]
    await steered.queue()
    return steered


async def blocked(record: Record, count: int = 1) -> None:
    async with asyncio.timeout(30):
        while await record.value(BLOCKED) != count:
            pass


async def until_done(waiting: Awaitable[object]) -> object:
    async with asyncio.timeout(30):
        return await waiting


@pytest.mark.parametrize("at_once", [1, 2, 2000])
async def test_jobs_follow_whatever_the_campaign_was_last_told(
    steered: Steered, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(postgres_steps, "AT_ONCE", at_once)
    value = steered.record.value
    for to, due, jobs in [
        (CampaignState.PAUSED, 0, 5),
        (CampaignState.RUNNING, 5, 5),
        (CampaignState.PAUSED, 0, 5),
        (CampaignState.CANCELLED, 0, 0),
    ]:
        await steered.steer(to)
        await steered.follow()
        assert (await value(DUE), await value(JOBS), await value(LEFT)) == (due, jobs, 0)
    assert await value(STATES) == ",".join(["dropped"] * 5)


async def test_who_is_steered_twice_ends_as_told_last_whoever_stops_in_between(
    steered: Steered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_steps, "AT_ONCE", 2)
    await steered.steer(CampaignState.PAUSED)
    died = PostgresSteps(steered.record.database, lambda: TOMORROW)
    assert await died.step()
    assert await steered.record.value(DUE) == 3
    await steered.steer(CampaignState.RUNNING)
    assert await died.step()
    await asyncio.gather(steered.follow(), steered.follow())
    await steered.follow()
    assert (await steered.record.value(DUE), await steered.record.value(LEFT)) == (5, 0)


async def test_what_waits_for_a_later_time_is_woken_for_that_time(steered: Steered) -> None:
    later = TOMORROW + timedelta(hours=3)
    await steered.record.run("UPDATE dial_entries SET not_before = $1 WHERE id = 2", later)
    for to in (CampaignState.PAUSED, CampaignState.RUNNING):
        await steered.steer(to)
        await steered.follow()
    assert await steered.record.value(DUE) == 4
    waits = "SELECT round(extract(epoch FROM max(execute_after) - now()) / 3600)::int FROM pgqueuer"
    assert await steered.record.value(waits) == 3


async def test_steering_waits_for_no_job_and_no_entry(steered: Steered) -> None:
    async with steered.record.database.transaction() as somebody:
        await somebody.execute("SELECT id FROM pgqueuer FOR UPDATE")  # as a worker that takes jobs does
        await somebody.execute("SELECT id FROM dial_entries FOR UPDATE")
        for to in (CampaignState.PAUSED, CampaignState.RUNNING, CampaignState.CANCELLED):
            await until_done(steered.steer(to))
    told = await steered.campaigns.get(1)
    assert (told.state, told.waiting, told.dropped) == (CampaignState.CANCELLED, 0, 5)


@pytest.mark.parametrize("to", [CampaignState.PAUSED, CampaignState.CANCELLED])
async def test_steering_answers_after_the_attempts_that_are_being_written_and_none_is_written_after(
    steered: Steered, database_url: str, to: CampaignState
) -> None:
    somebody = await asyncpg.connect(database_url)
    held = somebody.transaction()
    await held.start()
    await somebody.execute(SLOTS)  # as another worker that begins a call does
    beginning = asyncio.ensure_future(steered.begin())
    await blocked(steered.record)
    steering = asyncio.ensure_future(steered.steer(to))
    await blocked(steered.record, 2)
    assert not steering.done()
    await held.rollback()
    await somebody.close()
    assert isinstance(await until_done(beginning), Begun)
    await until_done(steering)
    refused = await steered.begin(2)
    assert isinstance(refused, Decision)
    assert await steered.record.value("SELECT count(*)::int FROM call_sessions") == 1


@pytest.mark.parametrize(("to", "code"), [("paused", "PAUSED"), ("cancelled", "NOT_WAITING")])
async def test_who_begins_while_the_campaign_is_steered_sees_what_it_was_told(
    steered: Steered, database_url: str, to: str, code: str
) -> None:
    somebody = await asyncpg.connect(database_url)
    steering = somebody.transaction()
    await steering.start()
    await somebody.execute("UPDATE campaigns SET state = $1", to)
    beginning = asyncio.ensure_future(steered.begin())
    await blocked(steered.record)
    await steering.commit()
    await somebody.close()
    refused = await until_done(beginning)
    assert isinstance(refused, Decision)
    assert refused.code == code
    assert await steered.record.value("SELECT count(*)::int FROM call_sessions") == 0


async def test_borrowers_of_a_cancelled_campaign_may_be_queued_anew_at_once(steered: Steered) -> None:
    await steered.steer(CampaignState.CANCELLED)
    assert await steered.queue(*steered.customers[:3]) == {"ALLOWED": steered.customers[:3]}
    assert await steered.record.value(STATES) == "dropped,dropped,dropped,waiting,waiting,waiting,waiting,waiting"
    await steered.follow()
    assert await steered.record.value(STATES) == ",".join(["dropped"] * 5 + ["waiting"] * 3)
    assert (await steered.campaigns.get(2)).waiting == 3
    assert await steered.record.value(JOBS) == 3


async def test_a_call_asked_for_by_a_borrower_of_a_cancelled_campaign_is_queued(steered: Steered) -> None:
    record = steered.record
    call = (await record.calls.begin("by hand", steered.customers[0])).call
    await steered.steer(CampaignState.CANCELLED)
    what = FactsTold(verified=True, disposition="CB", callback_words="shaam ko")
    await tell(record, call.id, facts("f", what), told("in_progress"), told("completed"))
    codes = "SELECT string_agg(code, ',' ORDER BY id) FROM dial_entries WHERE customer_id = $1"
    assert await record.value(codes, steered.customers[0]) == "CANCELLED,CALLBACK"
