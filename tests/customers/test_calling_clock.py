"""A simulated run: all that a person sees, or a rule goes by, is dated by the simulated clock."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Final

import asyncpg
import pytest

from services.customers.__main__ import serve
from services.customers.settings import Settings
from tests.customers.record import TOMORROW, Record
from tests.customers.test_check_file import GOOD, HEADER
from tests.customers.test_main import free_address
from voice.customers import v1 as pb
from voicekit.rpc import channel

LATER: Final = TOMORROW + timedelta(days=40)
OF_MACHINES: Final = {"file_uploads.alive_at", "dial_pace.next_at", "schema_migrations.applied_at"}
"""What only machines agree about among themselves."""
COLUMNS: Final = """
    SELECT table_name, column_name, column_default FROM information_schema.columns
    WHERE table_schema = 'public' AND data_type = 'timestamp with time zone' AND table_name NOT LIKE 'pgqueuer%'
"""
WITHIN: Final = 20


@pytest.fixture
async def address(database_url: str) -> AsyncIterator[str]:
    """Address of a service whose clock of calling is weeks ahead."""
    address, stop = free_address(), asyncio.Event()
    variables = {
        "database_url": database_url,
        "customers_listen": address,
        "calling_clock": LATER,
        "exotel_api_base": "http://127.0.0.1:1",
        "call_quiet_days": "",
    }
    serving = asyncio.create_task(serve(Settings.model_validate(variables), stop))
    yield address
    stop.set()
    await serving


async def live_a_day(address: str) -> None:
    """Do all that is done in a day: a file, a campaign, calls of both directions, and what people at a desk do."""
    loan = pb.ImportInfo(filename="borrowers.csv", lender_name="Asha Finance")
    steps = (
        pb.ImportCustomersRequest(info=loan),
        pb.ImportCustomersRequest(chunk=(HEADER + GOOD.replace("05/12/2026", f"{LATER:%d/%m/%Y}")).encode()),
        pb.ImportCustomersRequest(finished=pb.ImportFinished()),
    )
    async with contextlib.AsyncExitStack() as stack:
        names = [f"voice.customers.v1.{name}" for name in ("CustomersService", "CallsService", "DialingService")]
        there = [await stack.enter_async_context(channel(address, name)) for name in names]
        customers, calls = pb.CustomersServiceStub(there[0]), pb.CallsServiceStub(there[1])
        dialing = pb.DialingServiceStub(there[2])
        await customers.ListUploads(pb.ListUploadsRequest(), wait_for_ready=True, timeout=WITHIN)
        imported = await customers.ImportCustomers(iter(steps), timeout=WITHIN)
        [customer] = imported.customer_ids
        queued = await dialing.QueueCalls(
            pb.QueueCallsRequest(customer_ids=[customer], requested_by="s"), timeout=WITHIN
        )
        cancel = pb.ControlCampaignRequest(
            campaign_id=queued.campaign_id, action=pb.CAMPAIGN_ACTION_CANCEL, requested_by="s"
        )
        await dialing.ControlCampaign(cancel, timeout=WITHIN)
        rings = pb.BeginInboundCallRequest(call_sid="sid", customer_id=customer)
        await tell(calls, (await calls.BeginInboundCall(rings, timeout=WITHIN)).brief.call_id, "PAID")
        ready = pb.SetCallStatusRequest(customer_id=customer, call_status=pb.CALL_STATUS_READY, requested_by="s")
        await customers.SetCallStatus(ready, timeout=WITHIN)
        held = await dialing.ListSuppressions(pb.ListSuppressionsRequest(customer_id=customer), timeout=WITHIN)
        for hold in held.suppressions:
            lift = pb.LiftSuppressionRequest(suppression_id=hold.id, note="a mistake", requested_by="s")
            await dialing.LiftSuppression(lift, timeout=WITHIN)
        begun = await calls.BeginCall(pb.BeginCallRequest(request_id="r", customer_id=customer), timeout=WITHIN)
        await tell(calls, begun.brief.call_id, "CB")


async def tell(calls: "pb.CallsServiceAsyncStub", call_id: str, disposition: str) -> None:
    words = pb.CallTurn(sequence=1, speaker=pb.SPEAKER_BORROWER, text="haan")
    told = [
        pb.CallEvent(key="b", status=pb.StatusEvent(status=pb.CALL_STATUS_IN_PROGRESS)),
        pb.CallEvent(key="t", turn=words),
        pb.CallEvent(key="f", facts=pb.FactsEvent(disposition=disposition)),
        pb.CallEvent(key="e", status=pb.StatusEvent(status=pb.CALL_STATUS_FAILED, reason="media_lost")),
    ]
    for event in told:
        event.source = "bot"
        event.timestamp.FromDatetime(LATER)
    await calls.RecordEvents(pb.RecordEventsRequest(call_id=call_id, events=told), timeout=WITHIN)


async def test_nothing_that_happens_in_a_day_is_dated_by_another_clock(address: str, database_url: str) -> None:
    await live_a_day(address)
    connection = await asyncpg.connect(database_url)
    dated = {
        f"{table}.{column}": [
            row[0] for row in await connection.fetch(f"SELECT {column} FROM {table} WHERE isfinite({column})")
        ]
        for table, column, _ in await connection.fetch(COLUMNS)
    }
    await connection.close()
    seen = {name: dates for name, dates in dated.items() if dates and name not in OF_MACHINES}
    a_day, two_weeks = timedelta(days=1), timedelta(days=14)
    wrong = {name for name, dates in seen.items() if min(dates) < LATER - a_day or max(dates) > LATER + two_weeks}
    assert wrong == set()
    assert {"customers.updated_at", "file_uploads.finished_at", "suppressions.until", "campaigns.created_at"} <= set(
        seen
    )
    for name in OF_MACHINES - {"dial_pace.next_at"}:
        assert all(date < LATER - a_day for date in dated[name])


async def test_the_schema_asks_the_database_s_own_clock_only_for_what_machines_agree_about(record: Record) -> None:
    defaults = {
        f"{row['table_name']}.{row['column_name']}"
        for row in await record.database.fetch(COLUMNS)
        if row["column_default"] == "now()"
    }
    assert defaults <= OF_MACHINES
    functions = r"""
        SELECT p.proname FROM pg_proc AS p JOIN pg_language AS l ON l.oid = p.prolang
        WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('sql', 'plpgsql')
            AND p.proname NOT LIKE 'fn_pgqueuer%'
            AND pg_get_functiondef(p.oid) ~* '\m(now|clock_timestamp|statement_timestamp)\(|\mcurrent_(date|timestamp)'
    """
    assert {row["proname"] for row in await record.database.fetch(functions)} == {"calling_now"}
