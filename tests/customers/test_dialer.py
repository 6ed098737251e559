"""The worker, before a real Postgres and a telephony that answers over gRPC."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.customers.campaigns import CampaignState
from services.customers.grpc_telephony import SERVICE
from services.customers.model import FactsTold
from services.customers.postgres_campaigns import PostgresCampaigns
from services.customers.postgres_steps import PostgresSteps
from tests.customers.dial_stand import FakeTelephony, Stand
from tests.customers.record import TOMORROW, Record, facts, tell, told
from tests.telephony.world import free_port
from voice.telephony import v1 as telephony_pb
from voicekit.rpc import RpcServer, channel

HOUR = timedelta(hours=1)
LIVE = "SELECT count(*)::int FROM call_sessions WHERE direction = 'outbound' AND NOT is_final(status)"
ENTRIES = "SELECT string_agg(DISTINCT state || ':' || code, ',') FROM dial_entries"


@pytest.fixture
async def stand(record: Record, database_url: str) -> AsyncIterator[Stand]:
    telephony = FakeTelephony()
    server = RpcServer("telephony", "127.0.0.1:0")
    server.add(telephony_pb.add_TelephonyServiceServicer_to_server, telephony, SERVICE)
    yield Stand(record, database_url, telephony, await server.start())
    telephony.answers.set()
    await server.drain(1)


async def test_never_more_calls_than_slots_none_lost_none_twice(stand: Stand) -> None:
    record = stand.record
    customers = [await record.add_customer(loan=f"L{n}", phone=f"+91999990{n:04d}") for n in range(100)]
    live = "SELECT count(*) FROM call_sessions WHERE NOT is_final(status)"
    seen: list[int] = []

    async def talk(call_id: str) -> None:
        count = await record.value(live)
        assert isinstance(count, int)
        seen.append(count)
        await tell(record, call_id, told("in_progress"), told("completed"))

    stand.telephony.then = talk
    await stand.queue(*customers)
    async with stand.worker(DIAL_SLOTS="20"), stand.worker(DIAL_SLOTS="20"):
        await stand.until("SELECT count(*) FROM dial_entries WHERE state = 'done'", 100)
    assert max(seen) <= 20
    assert set(Counter(stand.telephony.asked).values()) == {1}
    called = "SELECT count(DISTINCT customer_id) FROM call_sessions WHERE status = 'completed'"
    assert (len(stand.telephony.asked), await record.value(called)) == (100, 100)


@pytest.mark.parametrize(
    ("ending", "reason", "entry", "minutes"),
    [
        ("not_picked", "busy", "waiting:busy", 15),
        ("not_picked", "no_answer", "waiting:no_answer", 120),
        ("not_picked", "canceled", "waiting:canceled", 1440),
        ("failed", "carrier_failed", "waiting:carrier_failed", 1440),
        ("failed", "media_lost", "waiting:media_lost", 60),
        ("failed", "never_placed", "waiting:never_placed", 5),
        ("completed", "conversation_done", "done:conversation_done", 0),
    ],
)
async def test_how_a_call_ended_decides_when_the_next_is_made(
    stand: Stand, ending: str, reason: str, entry: str, minutes: int
) -> None:
    record = stand.record
    customer = await record.add_customer()

    async def end(call_id: str) -> None:
        await tell(record, call_id, told(ending, reason=reason))

    stand.telephony.then = end
    await stand.queue(customer)
    async with stand.worker():
        await stand.until(ENTRIES, entry)
    ready = (await record.customers.get(customer)).call_status == "ready"
    assert ready is (minutes > 0)
    waits = "SELECT round(extract(epoch FROM not_before - $1) / 60)::int FROM dial_entries"
    assert await record.value(waits, TOMORROW) == minutes


async def test_no_more_calls_live_than_telephony_has_room_for(stand: Stand) -> None:
    record, stand.telephony.slots = stand.record, 3
    customers = [await record.add_customer(loan=f"L{n}", phone=f"+91999990{n:04d}") for n in range(8)]
    rung_back = await record.add_customer(loan="L9", phone="+919999900009")
    await record.calls.begin_inbound("sid-inbound", rung_back)
    await stand.queue(*customers)
    async with stand.worker(DIAL_SLOTS="20"):
        await stand.until(LIVE, 2)
        stand.telephony.slots = 0
        for call_id in stand.telephony.asked:
            await tell(record, call_id, told("completed"))
        await stand.until("SELECT count(*)::int FROM dial_entries WHERE state = 'done'", 2)
        stand.telephony.slots = 1000
        await stand.until(LIVE, 6)
    assert len(stand.telephony.asked) == 8


async def test_a_campaign_is_paused_and_goes_on_within_a_moment(stand: Stand) -> None:
    record = stand.record
    customers = [await record.add_customer(loan=f"L{n}", phone=f"+91999990{n:04d}") for n in range(4)]
    await stand.queue(*customers)
    campaigns = PostgresCampaigns(record.database, lambda: TOMORROW)
    async with stand.worker(DIAL_SLOTS="1"):
        await stand.until(LIVE, 1)
        await campaigns.steer(1, CampaignState.PAUSED, "supervisor")
        await tell(record, stand.telephony.asked[0], told("completed"))
        await stand.until("SELECT count(*)::int FROM dial_entries WHERE state = 'done'", 1)
        assert await record.value(LIVE) == 0
        began = asyncio.get_running_loop().time()
        await campaigns.steer(1, CampaignState.RUNNING, "supervisor")
        await stand.until(LIVE, 1)
        assert asyncio.get_running_loop().time() - began < 10, "it was left to the poll of another time"
        await campaigns.steer(1, CampaignState.CANCELLED, "supervisor")
        await tell(record, stand.telephony.asked[1], told("not_picked", reason="busy"))
        await stand.until(ENTRIES, "done:,done:busy,dropped:CANCELLED")
    assert len(stand.telephony.asked) == 2


async def test_other_loans_of_a_phone_wait_with_the_one_that_was_not_answered(stand: Stand) -> None:
    record = stand.record
    loans = [await record.add_customer(loan=f"L{n}") for n in range(3)]

    async def nobody(call_id: str) -> None:
        await tell(record, call_id, told("not_picked", reason="no_answer"))

    stand.telephony.then = nobody
    await stand.queue(*loans)
    async with stand.worker():
        await stand.until("SELECT count(*)::int FROM dial_entries WHERE not_before >= $1", 3, TOMORROW + 2 * HOUR)
    assert len(stand.telephony.asked) == 1


async def test_a_borrower_is_called_when_they_asked_to_be_and_not_before(stand: Stand) -> None:
    record = stand.record
    customer = await record.add_customer()
    asked = TOMORROW + timedelta(hours=5)

    async def later(call_id: str) -> None:
        what = FactsTold(verified=True, disposition="CB", callback_words="shaam ko", callback_time=asked)
        await tell(record, call_id, facts("f", what), told("in_progress"), told("completed"))

    stand.telephony.then = later
    await stand.queue(customer)
    async with stand.worker():
        await stand.until(ENTRIES, "waiting:CALLBACK")
    assert await record.value("SELECT not_before FROM dial_entries") == asked
    await record.run("UPDATE pgqueuer SET execute_after = now()")  # the queue's own clock goes on to that time
    async with stand.worker(CALLING_CLOCK=asked.isoformat()):
        await stand.until("SELECT count(*)::int FROM call_sessions", 2)
    assert len(set(stand.telephony.asked)) == 2


async def test_the_worker_tells_that_it_lives_and_takes_work(stand: Stand) -> None:
    port = free_port()
    address = f"127.0.0.1:{port}"
    async with stand.worker(DIALER_LISTEN=address), channel(address, "dialer-readiness") as there:
        request = health_pb2.HealthCheckRequest(service="dialer-readiness")
        watching = health_pb2_grpc.HealthStub(there).Watch(request, wait_for_ready=True, timeout=30)
        async for answer in watching:
            if answer.status == health_pb2.HealthCheckResponse.SERVING:
                break
        watching.cancel()


async def test_whom_a_mistake_of_ours_put_aside_is_called_all_the_same(stand: Stand) -> None:
    await stand.queue(await stand.record.add_customer())
    await stand.record.run("UPDATE pgqueuer SET status = 'failed'")
    async with stand.worker():
        await stand.until(LIVE, 1)


async def test_campaigns_are_followed_on_after_a_mistake_of_ours(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    step, mistakes = PostgresSteps.step, [KeyError("a mistake")]

    async def stumble_once(steps: PostgresSteps) -> bool:
        if mistakes:
            raise mistakes.pop()
        return await step(steps)

    monkeypatch.setattr(PostgresSteps, "step", stumble_once)
    campaign = "INSERT INTO campaigns (requested_by, request_sha256, answer) VALUES ('s', '', '{}') RETURNING id"
    await stand.record.value(f"WITH made AS ({campaign}) INSERT INTO campaign_steps SELECT id FROM made")
    async with stand.worker():
        await stand.until("SELECT count(*)::int FROM campaign_steps", 0)


async def test_the_queue_s_log_is_trimmed(stand: Stand) -> None:
    await stand.queue(await stand.record.add_customer())
    await stand.record.run("UPDATE pgqueuer_log SET created = now() - interval '3 days'")
    old = "SELECT count(*)::int FROM pgqueuer_log WHERE created < now() - interval '1 day'"
    assert await stand.record.value(old) == 1
    async with stand.worker():
        await stand.until(old, 0)


async def test_who_opts_out_after_queueing_is_not_called(stand: Stand) -> None:
    record = stand.record
    customer = await record.add_customer()
    await stand.queue(customer)
    call = (await record.calls.begin("by hand", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DNC")), told("failed"))
    await record.customers.retry(customer)
    async with stand.worker():
        await stand.until(ENTRIES, "dropped:DNC")
    assert stand.telephony.asked == []


async def test_what_was_queued_in_time_is_not_called_at_night(stand: Stand) -> None:
    customer = await stand.record.add_customer()
    await stand.queue(customer)
    async with stand.worker(CALLING_CLOCK=TOMORROW.replace(hour=20).isoformat()):
        await stand.until(ENTRIES, "waiting:OUTSIDE_CALL_WINDOW")
    night = TOMORROW.replace(hour=19, minute=59)
    assert await stand.record.value("SELECT updated_at > $1 FROM dial_entries", night)  # by the worker's clock
    assert stand.telephony.asked == []
    assert await stand.record.value("SELECT count(*) FROM call_sessions") == 0


async def test_who_the_carrier_refuses_is_not_tried_again(stand: Stand) -> None:
    stand.telephony.refuses = grpc.StatusCode.FAILED_PRECONDITION
    await stand.queue(await stand.record.add_customer())
    async with stand.worker():
        await stand.until(ENTRIES, "done:carrier_refused")
    assert len(stand.telephony.asked) == 1


BLOCK_ASKING = """
    CREATE FUNCTION block() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NEW; END $$;
    CREATE TRIGGER block BEFORE UPDATE ON dial_entries FOR EACH ROW
    WHEN (OLD.asked_at IS NULL AND NEW.asked_at IS NOT NULL) EXECUTE FUNCTION block();
"""
WAITING = "SELECT count(*)::int FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"


@pytest.mark.parametrize(
    ("step", "placed", "entry"),
    [
        ("before the attempt is written", 1, "done:"),
        ("before it is written that telephony is asked", 0, "waiting:not_placed"),
        ("before telephony is asked", 0, "waiting:never_placed"),
        ("while telephony is asked", 1, "done:"),
        ("while the call lives", 1, "done:"),
        ("before the end is settled", 1, "done:"),
    ],
)
async def test_a_worker_that_is_killed_at_any_step_makes_no_second_call(
    stand: Stand, database_url: str, step: str, placed: int, entry: str
) -> None:
    record, telephony = stand.record, stand.telephony
    await stand.queue(await record.add_customer())
    blocker = await asyncpg.connect(database_url)
    held = blocker.transaction()
    await held.start()
    if step == "before the attempt is written":
        await blocker.execute("SELECT FROM customers FOR UPDATE")
    elif step.endswith("telephony is asked") and step.startswith("before"):
        await record.run(BLOCK_ASKING)
        await blocker.execute("SELECT pg_advisory_xact_lock(77)")
    elif step == "while telephony is asked":
        telephony.answers.clear()
    first = stand.process()
    if step.startswith("while") or "settled" in step:
        await stand.until("SELECT count(*)::int FROM dial_entries WHERE asked_at IS NOT NULL", 1)
        await asyncio.wait_for(telephony.was_asked.wait(), 20)
    if "settled" in step:
        await blocker.execute("SELECT FROM dial_entries FOR UPDATE")
        await tell(record, telephony.asked[0], told("completed"))
    if step.startswith("before"):
        await stand.until(WAITING, 1)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    if step == "before it is written that telephony is asked":
        await record.run(f"SELECT pg_terminate_backend(pid) {WAITING.partition('count(*)::int')[2]}")
    await held.rollback()
    await blocker.close()
    telephony.answers.set()
    second = stand.process()
    if placed:
        await asyncio.wait_for(telephony.was_asked.wait(), 20)
        await tell(record, telephony.asked[0], told("completed"))
    await stand.until(ENTRIES, entry)
    second.send_signal(signal.SIGTERM)
    assert second.wait(20) == 0
    assert len(telephony.asked) == placed
