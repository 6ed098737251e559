"""What calls learn, and what people set, stops or moves further calls."""

from collections.abc import AsyncIterator, Awaitable
from datetime import UTC, datetime, timedelta

import grpc
import pytest

from services.customers.__main__ import make_dialing
from services.customers.dialing_servicer import SERVICE
from services.customers.may_dial import may_dial
from services.customers.model import FactsTold
from services.customers.postgres_facts import read_facts
from services.customers.suppressions import KINDS
from tests.customers.record import EASY, TOMORROW, Record, facts, tell, told
from tests.customers.test_dial_queue import settings
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

DAY = timedelta(days=1)
JOBS = "SELECT count(*) FROM pgqueuer WHERE status = 'queued'"
ASKED = TOMORROW + timedelta(hours=6)


@pytest.fixture
async def dialing(record: Record) -> AsyncIterator["pb.DialingServiceAsyncStub"]:
    server = RpcServer("customers", "127.0.0.1:0")
    server.add(pb.add_DialingServiceServicer_to_server, make_dialing(record.database, settings(TOMORROW)), SERVICE)
    async with channel(f"127.0.0.1:{await server.start()}", SERVICE) as there:
        yield pb.DialingServiceStub(there)
    await server.drain(1)


async def decided(record: Record, customer: int, at: datetime = TOMORROW) -> tuple[str, datetime | None]:
    async with record.database.connection() as connection:
        known = await read_facts(connection, [customer], at)
    decision = may_dial(at, known[customer], EASY)
    return decision.code, decision.not_before


async def refused(call: Awaitable[object]) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as error:
        await call
    return error.value.code(), error.value.details() or ""


@pytest.mark.parametrize(
    ("disposition", "days"),
    [
        ("DNC", 0),
        ("WN", 0),
        ("DISP", 0),
        ("FRAUD", 0),
        ("DECD", 0),
        ("INVALID", 0),
        ("PAID", 3),
        ("HARD", 7),
        ("PTP", 1),
    ],
)
async def test_what_a_call_learns_holds_the_next_one_by_its_name(record: Record, disposition: str, days: int) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition=disposition)), told("failed", reason="media_lost"))
    await record.customers.retry(customer)
    code, until = await decided(record, customer)
    assert code == disposition
    assert (until is not None) is (days > 0)
    if until:
        assert (await decided(record, customer, until + DAY))[0] == "ALLOWED"


@pytest.mark.parametrize(
    ("status", "reason", "disposition"),
    [
        ("not_picked", "no_answer", "RNR"),
        ("not_picked", "busy", "BUSY"),
        ("not_picked", "canceled", "REJ"),
        ("failed", "carrier_failed", "SWOFF"),
        ("failed", "carrier_refused", "BLOCKED"),
        ("failed", "never_placed", "NETFAIL"),
        ("completed", "no_response", "SILENT"),
        ("completed", "conversation_done", ""),
    ],
)
async def test_an_end_of_which_nobody_speaks_says_by_its_reason_what_came_of_it(
    record: Record, status: str, reason: str, disposition: str
) -> None:
    call = (await record.calls.begin("one", await record.add_customer())).call
    await tell(record, call.id, told(status, reason=reason))
    assert (await record.calls.get(call.id)).call.disposition == disposition


@pytest.mark.parametrize("before", [True, False])
async def test_what_the_bot_says_of_a_call_holds_over_its_reason(record: Record, before: bool) -> None:
    call = (await record.calls.begin("one", await record.add_customer())).call
    events = [facts("f", FactsTold(disposition="TPC")), told("completed", reason="hung_up_early", at=60)]
    for event in events if before else reversed(events):
        await tell(record, call.id, event)
    assert (await record.calls.get(call.id)).call.disposition == "TPC"


async def test_who_asks_for_another_time_is_queued_for_it_once_and_held_until_then_for_all_loans(
    record: Record,
) -> None:
    customer, sister = await record.add_customer(), await record.add_customer(loan="L2")
    call = (await record.calls.begin("one", customer)).call
    what = FactsTold(verified=True, disposition="CB", callback_words="shaam ko", callback_time=ASKED)
    for _ in range(2):
        await tell(record, call.id, facts("f", what), told("in_progress"), told("completed"))
        await tell(record, call.id, told("failed", source="reaper"))
    assert await record.value("SELECT string_agg(code || not_before, ',') FROM dial_entries") is not None
    entry = (await record.database.fetch("SELECT customer_id, state, code, not_before FROM dial_entries"))[0]
    assert tuple(entry) == (customer, "waiting", "CALLBACK", ASKED)
    assert await record.value(JOBS) == 1
    assert (await record.calls.get(call.id)).call.callback_at == ASKED
    assert (await record.customers.get(customer)).call_status == "ready"
    for borrower in (customer, sister):
        assert await decided(record, borrower) == ("CALLBACK", ASKED)
        assert await decided(record, borrower, ASKED) == ("ALLOWED", None)


@pytest.mark.parametrize("facts_last", [True, False])
async def test_a_time_that_becomes_known_after_the_end_counts_too(record: Record, facts_last: bool) -> None:
    call = (await record.calls.begin("one", await record.add_customer())).call
    events = [told("completed"), facts("f", FactsTold(disposition="CB", callback_words="later"))]
    for event in events if facts_last else reversed(events):
        await tell(record, call.id, event)
    at = (await record.calls.get(call.id)).call.callback_at
    assert at is not None
    assert timedelta(hours=3) <= at - TOMORROW < timedelta(hours=4), "in another part of the day"


async def test_the_latest_words_take_their_time_with_them(record: Record) -> None:
    call = (await record.calls.begin("one", await record.add_customer())).call
    first = FactsTold(disposition="CB", callback_words="kal", callback_time=ASKED + DAY)
    await tell(record, call.id, facts("f2", FactsTold(disposition="CB", callback_words="later"), at=9))
    await tell(record, call.id, facts("f1", first, at=5), told("completed"))
    at = (await record.calls.get(call.id)).call.callback_at
    assert at is not None
    assert at - TOMORROW < timedelta(hours=4), "of the words that were said first"


async def test_who_stands_in_the_queue_and_asks_for_another_time_stands_in_it_once(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    await dialing.QueueCalls(pb.QueueCallsRequest(customer_ids=[customer], requested_by="s"), timeout=5)
    call = (await record.calls.begin_inbound("sid-1", customer)).call
    what = FactsTold(disposition="CB", callback_words="5 baje", callback_time=ASKED)
    await tell(record, call.id, told("in_progress"), facts("f", what), told("completed"))
    entries = await record.database.fetch("SELECT state, code, not_before FROM dial_entries")
    assert [tuple(entry) for entry in entries] == [("waiting", "CALLBACK", ASKED)]
    assert await record.value(JOBS) == 1


async def test_a_person_sets_a_hold_and_lifts_it_with_a_reason(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    customer, sister = await record.add_customer(), await record.add_customer(loan="L2")
    hold = pb.SetSuppressionRequest(customer_id=customer, kind="DNC", note="by letter", requested_by="supervisor")
    held = (await dialing.SetSuppression(hold, timeout=5)).suppressions
    assert [(one.scope, one.active, one.set_by, one.note, one.HasField("until")) for one in held] == [
        (pb.SUPPRESSION_SCOPE_LOAN, True, "supervisor", "by letter", False),
        (pb.SUPPRESSION_SCOPE_PHONE, True, "supervisor", "by letter", False),
    ]
    assert (await decided(record, customer))[0] == (await decided(record, sister))[0] == "DNC"
    again = (await dialing.SetSuppression(hold, timeout=5)).suppressions
    assert [one.id for one in again] == [one.id for one in held]
    for one in held:
        lift = pb.LiftSuppressionRequest(suppression_id=one.id, note="asked to be called", requested_by="admin")
        lifted = (await dialing.LiftSuppression(lift, timeout=5)).suppression
        assert (lifted.active, lifted.lifted_by, lifted.lift_note) == (False, "admin", "asked to be called")
        assert (await refused(dialing.LiftSuppression(lift, timeout=5)))[0] is grpc.StatusCode.FAILED_PRECONDITION
    assert (await decided(record, customer))[0] == "ALLOWED"
    listed = await dialing.ListSuppressions(pb.ListSuppressionsRequest(customer_id=customer), timeout=5)
    assert not listed.suppressions
    ever = pb.ListSuppressionsRequest(customer_id=customer, include_ended=True, page_size=1)
    page = await dialing.ListSuppressions(ever, timeout=5)
    ever.page_token = page.next_page_token
    rest = await dialing.ListSuppressions(ever, timeout=5)
    assert [one.id for one in (*page.suppressions, *rest.suppressions)] == [held[1].id, held[0].id]
    assert rest.next_page_token == ""
    audit = await record.database.fetch("SELECT requested_by, action FROM operator_actions ORDER BY id")
    assert [tuple(row) for row in audit] == [
        *([("supervisor", "suppression_set")] * 2),
        *([("admin", "suppression_lifted")] * 2),
    ]


async def test_what_a_call_has_learnt_may_be_lifted_by_a_person(
    record: Record, dialing: "pb.DialingServiceAsyncStub"
) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DISP")), told("failed", reason="media_lost"))
    await record.customers.retry(customer)
    listed = await dialing.ListSuppressions(pb.ListSuppressionsRequest(customer_id=customer), timeout=5)
    [held] = listed.suppressions
    assert (held.kind, held.set_by, held.call_id) == ("DISP", "bot", call.id)
    lift = pb.LiftSuppressionRequest(suppression_id=held.id, note="settled", requested_by="admin")
    await dialing.LiftSuppression(lift, timeout=5)
    assert (await decided(record, customer))[0] == "ALLOWED"
    # The same event told again does not hold anew.
    await tell(record, call.id, facts("f", FactsTold(disposition="DISP")))
    assert (await decided(record, customer))[0] == "ALLOWED"


async def test_a_hold_is_lengthened_but_not_shortened(record: Record, dialing: "pb.DialingServiceAsyncStub") -> None:
    customer = await record.add_customer()

    def hold(days: int) -> pb.SetSuppressionRequest:
        request = pb.SetSuppressionRequest(customer_id=customer, kind="QUIET_UNTIL", requested_by="s")
        request.until.FromDatetime(TOMORROW + days * DAY)
        return request

    await dialing.SetSuppression(hold(2), timeout=5)
    longer = (await dialing.SetSuppression(hold(4), timeout=5)).suppressions
    assert {one.until.ToDatetime(tzinfo=UTC) for one in longer} == {TOMORROW + 4 * DAY}
    code, words = await refused(dialing.SetSuppression(hold(3), timeout=5))
    assert (code, "lift it first" in words) == (grpc.StatusCode.FAILED_PRECONDITION, True)
    assert await record.value("SELECT count(*) FROM suppressions") == 2


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"kind": "BECAUSE"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"kind": "CALLBACK"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"kind": "QUIET_UNTIL"}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"note": "n" * 501}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"requested_by": ""}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"scope": 9}, grpc.StatusCode.INVALID_ARGUMENT),
        ({"customer_id": 404}, grpc.StatusCode.NOT_FOUND),
    ],
)
async def test_a_hold_that_cannot_be_meant_is_refused(
    record: Record, dialing: "pb.DialingServiceAsyncStub", changes: dict[str, object], code: grpc.StatusCode
) -> None:
    usual: dict[str, object] = {"customer_id": await record.add_customer(), "kind": "DNC", "requested_by": "s"}
    request = pb.SetSuppressionRequest(**(usual | changes))  # type: ignore[arg-type]  # one of them is wrong on purpose
    assert (await refused(dialing.SetSuppression(request, timeout=5)))[0] is code
    assert await record.value("SELECT count(*) FROM suppressions") == 0


async def test_people_hold_the_same_as_calls_do_for_the_same_reason(record: Record) -> None:
    rows = await record.database.fetch("SELECT code, holds FROM dispositions WHERE holds IS NOT NULL")
    held = {row["code"]: {"wrong": "loan_on_phone"}.get(row["holds"], row["holds"]) for row in rows}
    assert {kind: KINDS[kind] for kind in held if kind in KINDS} == {k: v for k, v in held.items() if k in KINDS}
    assert set(held) - set(KINDS) == {"RPC_INFO", "PTP_PART"}


async def test_who_hears_all_and_asks_for_another_time_is_called_then_and_not_days_later(record: Record) -> None:
    customer = await record.add_customer()
    call = (await record.calls.begin("one", customer)).call
    await tell(record, call.id, told("in_progress"), facts("f1", FactsTold(verified=True, disposition="RPC_INFO")))
    what = FactsTold(verified=True, disposition="CB", callback_words="shaam ko", callback_time=ASKED)
    await tell(record, call.id, facts("f2", what, at=60), told("completed"))
    assert await decided(record, customer) == ("CALLBACK", ASKED)
    assert await decided(record, customer, ASKED) == ("ALLOWED", None)
