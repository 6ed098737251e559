"""A thousand borrowers are called over twenty slots, by the real worker, telephony and carrier's protocol.

What happened is taken from the carrier's own record, and compared with ours.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any, Final

import pytest
import pytest_asyncio
from pytest import TempPathFactory

from local.cases import Case
from tests.support.real_system import FINALS, RealSystem, case, real_system
from voice.customers import v1 as pb
from voicekit.rpc import channel

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(540)]

BORROWERS: Final = 1000
SLOTS: Final = 20
DIALER: Final = {
    "DIAL_SLOTS": str(SLOTS),
    "DIAL_PER_MINUTE": "60000",
    "DIAL_HEARTBEAT_SECONDS": "2",
    "DIAL_UNKNOWN_SECONDS": "3",
    "EXOTEL_REQUESTS_PER_MINUTE": "60000",
    "LOG_LEVEL": "WARNING",
}
SOON: Final = {"after_s": 0.1}
PHONES: Final[Sequence[Mapping[str, Any]]] = (
    *([{"pickup": {"kind": "busy", **SOON}}] * 9),
    *([{"pickup": {"kind": "no-answer", **SOON}}] * 9),
    {"pickup": {"kind": "failed", **SOON}},
    {"pickup": {"kind": "answers", **SOON}, "steps": ["hang_up"]},
)
"""How twenty phones in a row behave; all are done with their call at once."""
OUTCOMES: Final = {
    "busy": {("not_picked", "busy", "BUSY")},
    "no-answer": {("not_picked", "no_answer", "RNR")},
    "failed": {("failed", "carrier_failed", "SWOFF")},
    # Who rings off within the instant may be gone before the carrier has opened the socket.
    "completed": {("completed", "hung_up_early", "HANGUP_EARLY"), ("failed", "socket_never_opened", "NETFAIL")},
}
"""What the carrier's word for an end is on our record: status, reason, disposition."""
UNASKED: Final = {("failed", "not_placed", "NETFAIL"), ("failed", "never_placed", "NETFAIL")}
"""What stands there when a worker died before anybody was rung; the queue tries again later."""


def borrower(number: int) -> Case:
    plain = case(f"b{number}", number, [])
    return replace(plain, persona={"language": "hi-IN", **PHONES[number % len(PHONES)]})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system(tmp_path_factory: TempPathFactory) -> AsyncIterator[RealSystem]:
    folder, everybody = tmp_path_factory.mktemp("dialing"), [borrower(number) for number in range(BORROWERS)]
    async with real_system(folder, everybody, **DIALER) as real:
        exotel = real.system.programs["exotel"]
        quick = [*exotel.arguments, "--latency-s", "0.05", "--requests-per-minute", "100000"]
        real.system.programs["exotel"] = replace(exotel, arguments=quick)
        await real.system.processes.stop("exotel")
        await real.system.start("exotel")
        yield real


@dataclass
class Told:
    """A call as the carrier has it."""

    customer: str
    status: str
    began: float
    ended: float


async def the_carriers_record(system: RealSystem) -> list[Told]:
    calls = (await system.exotel("GET", "calls"))["calls"]
    return [Told(c["customer"], c["status"], c["placed_s"], c["placed_s"] + (c["duration_s"] or 1e9)) for c in calls]


def most_at_once(calls: Sequence[Told]) -> int:
    steps = sorted([(call.began, 1) for call in calls] + [(call.ended, -1) for call in calls])
    return max(accumulate(step for _, step in steps))


async def queue_all(system: RealSystem) -> int:
    async with channel(system.system.customers_address, "voice.customers.v1.DialingService") as there:
        stub: Any = pb.DialingServiceStub(there)
        request = pb.QueueCallsRequest(all_matching=pb.CustomerFilter(state="Bihar"), requested_by="supervisor")
        answer = await stub.QueueCalls(request, timeout=30)
    assert [(outcome.code, outcome.count) for outcome in answer.outcomes] == [("ALLOWED", BORROWERS)]
    return int(answer.campaign_id)


async def our_record(system: RealSystem) -> dict[str, pb.Call]:
    """All calls on our record, by the borrower's phone."""
    phones: dict[int, str] = {}
    calls: dict[str, pb.Call] = {}
    page = pb.ListCustomersResponse(next_page_token="")
    while not phones or page.next_page_token:
        page = await system.customers.ListCustomers(
            pb.ListCustomersRequest(page_size=1000, page_token=page.next_page_token), timeout=10
        )
        phones |= {customer.id: customer.phone_number for customer in page.customers}
    listed = pb.ListCallsResponse(next_page_token="")
    seen = 0
    while not seen or listed.next_page_token:
        listed = await system.calls.ListCalls(
            pb.ListCallsRequest(page_size=1000, page_token=listed.next_page_token), timeout=10
        )
        seen += len(listed.calls)
        calls |= {phones[call.customer_id]: call for call in listed.calls}
    assert seen == len(calls) == BORROWERS
    return calls


def finals(system: RealSystem) -> int:
    return sum(status in FINALS for status in system.changes.calls.values())


async def test_a_thousand_are_called_over_twenty_slots_once_each_though_the_worker_is_killed(
    system: RealSystem,
) -> None:
    campaign_id = await queue_all(system)
    await system.changes.until(lambda: finals(system) >= BORROWERS // 3, 200)
    await system.system.processes.kill("dialer")
    await system.system.start("dialer")
    await system.changes.until(lambda: finals(system) >= BORROWERS, 300)

    told = await the_carriers_record(system)
    assert most_at_once(told) <= SLOTS
    assert set(Counter(call.customer for call in told).values()) == {1}, "somebody was called twice"
    record = await our_record(system)
    by_phone = {call.customer: call for call in told}
    for phone, call in record.items():
        status = pb.CallStatus.Name(call.status).removeprefix("CALL_STATUS_").lower()
        expected = OUTCOMES[by_phone[phone].status] if phone in by_phone else UNASKED
        assert (status, call.reason, call.disposition) in expected, by_phone.get(phone)
    assert len(by_phone) >= BORROWERS - SLOTS, "more were not rung than could be under way when the worker died"
    assert await system.errors_of_the_carrier() == []
    await everything_is_settled(system, campaign_id)


async def everything_is_settled(system: RealSystem, campaign_id: int) -> None:
    """Nobody is in a call any more: each borrower waits for the next attempt, or is done."""
    async with channel(system.system.customers_address, "voice.customers.v1.DialingService") as there:
        stub: Any = pb.DialingServiceStub(there)
        async with asyncio.timeout(20):
            while True:  # the worker settles an entry a moment after the call's end is on record
                campaign = (await stub.GetCampaign(pb.GetCampaignRequest(campaign_id=campaign_id), timeout=5)).campaign
                if not campaign.calling:
                    break
                await asyncio.sleep(0.1)
    assert (campaign.total, campaign.waiting + campaign.done) == (BORROWERS, BORROWERS)
