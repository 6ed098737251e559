"""Thin calls over all the real wires: gRPC, Redis, Postgres, and the providers' own protocols."""

import asyncio

import pytest
import redis.asyncio

from tests.support.real_system import RealSystem
from voice.customers import v1 as pb
from voice.telephony import v1 as telephony_pb

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(120)]


async def test_two_calls_at_once_from_the_upload_to_the_record(system: RealSystem) -> None:
    interrupts, somebody_else = await asyncio.gather(system.rings("interrupts"), system.rings("somebody-else"))
    outcomes = await asyncio.gather(interrupts.ends(), somebody_else.ends())
    assert outcomes[0][0] == outcomes[1][0] == "completed"
    assert (outcomes[0][2], outcomes[1][2]) == ("PAID", "TPC")
    record = await interrupts.record()
    statuses = [update.status for update in record.history if update.applied]
    assert statuses == [pb.CALL_STATUS_IN_PROGRESS, pb.CALL_STATUS_COMPLETED]
    assert [turn.state for turn in record.turns if turn.interrupted] == ["PLAYING_EMI_PART1"]
    assert (record.call.verified, record.call.language_used) == (True, "hi-IN")
    await asyncio.gather(interrupts.on_the_line(), somebody_else.on_the_line())
    assert await system.errors_of_the_carrier() == []


async def test_what_redis_keeps_of_a_call_does_not_outlive_it_for_long(system: RealSystem) -> None:
    call = await system.rings("lives-on")
    await call.borrower_has_said(1)
    async with redis.asyncio.Redis.from_url(system.system.redis_url, decode_responses=True) as client:
        lives = {kind: [await client.ttl(key) async for key in client.scan_iter(f"{kind}:*")] for kind in LONGEST}
    for kind, longest in LONGEST.items():
        assert all(0 < life <= longest for life in lives[kind]), (kind, lives[kind])
    assert lives["call:session"]
    assert lives["temp:call"]
    end = telephony_pb.EndCallRequest(call_id=call.call_id, reason="operator_ended")
    await system.telephony.EndCall(end, timeout=5)
    status, reason, _ = await call.ends()
    assert (status, reason) == ("completed", "operator_ended")


LONGEST = {"call:session": 2 * 3600, "temp:call": 30 * 60, "websocket:session": 3600, "rate:limit": 120}
"""Seconds, by the beginning of the key; the names are the contract with existing users."""
