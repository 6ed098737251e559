"""Queueing calls: the dry run, repeats, duplicates, and campaigns that are steered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta

import asyncpg
import grpc
import pytest

from services.customers import campaigns
from services.customers.__main__ import make_dialing
from services.customers.campaigns import CallsAsked, queue_calls
from services.customers.dialing_servicer import SERVICE
from services.customers.may_dial import Policy
from services.customers.model import CustomerFilter, FactsTold
from services.customers.postgres import open_database
from services.customers.postgres_campaigns import PostgresDialQueue
from services.customers.settings import Settings
from tests.customers.record import TOMORROW, Record, facts, tell, told
from voice.customers import v1 as pb
from voicekit.clock import INDIA
from voicekit.rpc import RpcServer, channel

JOBS = "SELECT count(*) FROM pgqueuer WHERE status = 'queued'"


def settings(clock: datetime) -> Settings:
    variables = {
        "database_url": "postgresql://nobody",
        "calling_clock": clock,
        "call_quiet_days": "",
        "exotel_api_base": "http://127.0.0.1:1",
        "call_data_age_hours_overdue": 24_000,
        "call_data_age_hours_due": 24_000,
    }
    return Settings.model_validate(variables)


@pytest.fixture
def clock() -> datetime:
    return TOMORROW


@pytest.fixture
async def dialing(record: Record, clock: datetime) -> AsyncIterator["pb.DialingServiceAsyncStub"]:
    server = RpcServer("customers", "127.0.0.1:0")
    servicer = make_dialing(record.database, settings(clock))
    server.add(pb.add_DialingServiceServicer_to_server, servicer, SERVICE)
    async with channel(f"127.0.0.1:{await server.start()}", SERVICE) as there:
        yield pb.DialingServiceStub(there)
    await server.drain(1)


def ask(*customers: int, key: str = "", dry_run: bool = False) -> pb.QueueCallsRequest:
    return pb.QueueCallsRequest(idempotency_key=key, customer_ids=customers, dry_run=dry_run, requested_by="supervisor")


def by_code(answer: pb.QueueCallsResponse) -> dict[str, list[int]]:
    return {outcome.code: list(outcome.customer_ids) for outcome in answer.outcomes}


async def add(record: Record, count: int) -> list[int]:
    return [await record.add_customer(loan=f"L{n}", phone=f"+91999990{n:04d}") for n in range(count)]


async def test_a_dry_run_says_what_would_happen_and_queues_nobody(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    free, opted_out, live = await add(record, 3)
    sister = await record.add_customer(loan="L9", phone="+919999900000")
    call = (await record.calls.begin("r1", opted_out)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DNC")), told("failed"))
    await record.customers.retry(opted_out)
    await record.calls.begin("r2", live)
    everybody = (free, opted_out, live, sister, 404)
    would = await dialing.QueueCalls(ask(*everybody, dry_run=True), timeout=5)
    assert would.campaign_id == 0
    assert by_code(would) == {
        "ALLOWED": [free],
        "DNC": [opted_out],
        "ALREADY_IN_CALL": [live],
        "SAME_PHONE": [sister],
        "NO_CUSTOMER": [404],
    }
    assert [outcome.queued for outcome in would.outcomes] == [True, True, False, False, False]
    assert await record.value(JOBS) == 0
    queued = await dialing.QueueCalls(ask(*everybody), timeout=5)
    assert by_code(queued) == by_code(would)
    assert await record.value(JOBS) == 2


async def test_the_same_key_gets_the_same_campaign_and_another_request_is_refused(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    first, second = await add(record, 2)
    answers = await asyncio.gather(*(dialing.QueueCalls(ask(first, key="k"), timeout=5) for _ in range(5)))
    assert len({answer.campaign_id for answer in answers}) == 1
    assert {tuple(map(tuple, by_code(answer).values())) for answer in answers} == {((first,),)}
    assert await record.value(JOBS) == 1
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await dialing.QueueCalls(ask(first, second, key="k"), timeout=5)
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_who_is_in_the_queue_is_not_queued_again(record: Record, dialing: "pb.DialingServiceAsyncStub") -> None:
    customers = await add(record, 20)
    answers = await asyncio.gather(*(dialing.QueueCalls(ask(*customers), timeout=5) for _ in range(4)))
    assert sorted(code for answer in answers for code in by_code(answer)) == ["ALLOWED", *["ALREADY_QUEUED"] * 3]
    assert await record.value(JOBS) == 20


@pytest.mark.parametrize("clock", [datetime.combine(TOMORROW.date(), time(20), INDIA)])
async def test_outside_the_hours_calls_are_queued_for_the_next_opening(
    record: Record, dialing: "pb.DialingServiceAsyncStub", clock: datetime
) -> None:
    customers = await add(record, 3)
    answer = await dialing.QueueCalls(ask(*customers), timeout=5)
    [outcome] = answer.outcomes
    assert (outcome.code, outcome.queued, outcome.count) == ("OUTSIDE_CALL_WINDOW", True, 3)
    opening = outcome.not_before.ToDatetime(tzinfo=UTC).astimezone(INDIA)
    assert (opening.time(), (opening.date() - clock.date()).days) == (time(8), 1)
    waits = "SELECT round(extract(epoch FROM min(execute_after) - now()) / 3600) FROM pgqueuer"
    assert await record.value(waits) == 12
    begins = await record.database.fetch("SELECT not_before FROM dial_entries ORDER BY not_before")
    after = [begin["not_before"] - opening for begin in begins]
    assert len(set(after)) == 3, "all at the same instant"
    assert timedelta(0) <= after[0] < after[-1] < timedelta(minutes=10)


async def test_all_that_match_are_queued(record: Record, dialing: "pb.DialingServiceAsyncStub") -> None:
    customers = await add(record, 12)
    some = pb.QueueCallsRequest(all_matching=pb.CustomerFilter(text="+91999990001"), requested_by="s")
    assert by_code(await dialing.QueueCalls(some, timeout=5)) == {"ALLOWED": customers[10:]}
    everybody = pb.QueueCallsRequest(all_matching=pb.CustomerFilter(state="KARNATKA"), requested_by="s")
    assert sum(outcome.count for outcome in (await dialing.QueueCalls(everybody, timeout=5)).outcomes) == 12


async def test_a_campaign_is_paused_resumed_and_cancelled(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    campaign_id = (await dialing.QueueCalls(ask(*await add(record, 3)), timeout=5)).campaign_id

    async def steer(action: "pb.CampaignAction.ValueType") -> pb.Campaign:
        request = pb.ControlCampaignRequest(campaign_id=campaign_id, action=action, requested_by="supervisor")
        return (await dialing.ControlCampaign(request, timeout=5)).campaign

    assert (await steer(pb.CAMPAIGN_ACTION_PAUSE)).state == pb.CAMPAIGN_STATE_PAUSED
    assert (await steer(pb.CAMPAIGN_ACTION_RESUME)).state == pb.CAMPAIGN_STATE_RUNNING
    cancelled = await steer(pb.CAMPAIGN_ACTION_CANCEL)
    assert (cancelled.state, cancelled.total, cancelled.waiting, cancelled.dropped) == (
        pb.CAMPAIGN_STATE_CANCELLED, 3, 0, 3,
    )  # fmt: skip
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await steer(pb.CAMPAIGN_ACTION_RESUME)
    assert refused.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert await record.value("SELECT count(*) FROM operator_actions") == 3
    listed = await dialing.ListCampaigns(pb.ListCampaignsRequest(), timeout=5)
    assert [campaign.id for campaign in listed.campaigns] == [campaign_id]
    again = await dialing.GetCampaign(pb.GetCampaignRequest(campaign_id=campaign_id), timeout=5)
    assert again.campaign == cancelled


async def test_a_campaign_begins_by_the_clock_of_calling_as_its_calls_do(
    record: Record, dialing: "pb.DialingServiceAsyncStub", clock: datetime
) -> None:
    campaign_id = (await dialing.QueueCalls(ask(*await add(record, 1)), timeout=5)).campaign_id
    told = await dialing.GetCampaign(pb.GetCampaignRequest(campaign_id=campaign_id), timeout=5)
    since = told.campaign.created_at.ToDatetime(tzinfo=UTC) - clock
    assert timedelta(0) <= since < timedelta(minutes=10)


async def test_another_loan_of_a_phone_that_is_queued_or_in_a_call_waits_and_says_so(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    first, second, third = [await record.add_customer(loan=f"L{number}") for number in range(3)]
    answer = await dialing.QueueCalls(ask(first, second), timeout=5)
    assert by_code(answer) == {"ALLOWED": [first], "SAME_PHONE": [second]}
    assert answer.outcomes[1].not_before.ToDatetime(tzinfo=UTC) > TOMORROW
    assert by_code(await dialing.QueueCalls(ask(first, third), timeout=5)) == {
        "SAME_PHONE": [third],
        "ALREADY_QUEUED": [first],
    }
    fourth = await record.add_customer(loan="L4", phone="+919999900004")
    fifth = await record.add_customer(loan="L5", phone="+919999900004")
    await record.calls.begin("by hand", fourth)
    answer = await dialing.QueueCalls(ask(fourth, fifth), timeout=5)
    assert by_code(answer) == {"SAME_PHONE": [fifth], "ALREADY_IN_CALL": [fourth]}
    assert [outcome.queued for outcome in answer.outcomes] == [True, False]


@pytest.mark.parametrize(
    "request_",
    [
        pb.QueueCallsRequest(requested_by="s"),
        pb.QueueCallsRequest(customer_ids=[1]),
        pb.QueueCallsRequest(customer_ids=[1], all_matching=pb.CustomerFilter(), requested_by="s"),
        pb.QueueCallsRequest(customer_ids=[1], requested_by="s", idempotency_key="k" * 129),
        pb.QueueCallsRequest(all_matching=pb.CustomerFilter(text="nobody"), requested_by="s"),
    ],
)
async def test_a_request_says_who_asks_for_whom(
    dialing: "pb.DialingServiceAsyncStub", request_: pb.QueueCallsRequest
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await dialing.QueueCalls(request_, timeout=5)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_filter_that_too_many_pass_is_to_be_narrowed(
    dialing: "pb.DialingServiceAsyncStub", record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(record, 3)
    monkeypatch.setattr(campaigns, "MAX_CUSTOMERS", 2)
    request = pb.QueueCallsRequest(all_matching=pb.CustomerFilter(), requested_by="s", dry_run=True)
    with pytest.raises(grpc.aio.AioRpcError, match=r"more than 2 match.*filter them further") as refused:
        await dialing.QueueCalls(request, timeout=5)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("lock", ["hashtextextended('queueing', 3)", "hashtextextended('key', 1)"])
async def test_who_queues_while_somebody_queues_very_many_waits_longer_than_for_any_other_statement(
    record: Record, database_url: str, lock: str
) -> None:
    customers = tuple(await add(record, 1))
    other = await asyncpg.connect(database_url)
    await other.execute(f"SELECT pg_advisory_lock({lock})")
    until_done = asyncio.create_task(other.execute(f"SELECT pg_sleep(2.5); SELECT pg_advisory_unlock({lock})"))
    async with open_database(database_url, command_timeout_s=1.5) as database, database.transaction() as connection:
        queue = PostgresDialQueue(connection)
        answer = await queue_calls(CallsAsked("supervisor", "key", customers), queue, Policy(), lambda: TOMORROW)
    assert answer.campaign_id
    await until_done
    await other.close()


async def test_who_queues_all_that_match_needs_one_connection(record: Record, database_url: str) -> None:
    customers = await add(record, 2)
    async with (
        open_database(database_url, pool_size=1, acquire_timeout_s=1) as database,
        database.transaction() as connection,
    ):
        asked = CallsAsked("supervisor", matching=CustomerFilter())
        answer = await queue_calls(asked, PostgresDialQueue(connection), Policy(), lambda: TOMORROW)
    assert [outcome.customer_ids for outcome in answer.outcomes] == [customers]
