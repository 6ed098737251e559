"""What keeps things goes away in the middle of a call, and the call goes on."""

import asyncio

import grpc
import grpc.aio
import pytest

from tests.faults.conftest import Redis
from tests.support.real_system import RealSystem
from voice.customers import v1 as pb
from voice.telephony.v1 import EndCallRequest

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(150)]

IN_PROGRESS, COMPLETED = pb.CALL_STATUS_IN_PROGRESS, pb.CALL_STATUS_COMPLETED
TALK = ("completed", "conversation_done", "RPC_INFO")


async def test_the_record_is_complete_after_it_was_away(system: RealSystem) -> None:
    call = await system.rings("record-away")
    await call.borrower_has_said(1)
    await system.system.processes.stop("customers")
    await asyncio.sleep(5)
    await system.system.start("customers")
    assert await call.ends() == TALK
    record = await call.record()
    said = [(turn.speaker, turn.state) for turn in record.turns]
    assert said == [
        (pb.SPEAKER_BOT, "INITIAL_GREETING"),
        (pb.SPEAKER_BOT, "WAITING_FOR_LANG_DETECT"),
        (pb.SPEAKER_BORROWER, "WAITING_FOR_LANG_DETECT"),
        (pb.SPEAKER_BOT, "PLAYING_EMI_PART1"),
        (pb.SPEAKER_BOT, "PLAYING_EMI_PART2"),
        (pb.SPEAKER_BOT, "ASKING_AGENT_CONNECT"),
        (pb.SPEAKER_BORROWER, "ASKING_AGENT_CONNECT"),
        (pb.SPEAKER_BOT, "GOODBYE_DECLINE"),
    ]
    assert [update.status for update in record.history if update.applied] == [IN_PROGRESS, COMPLETED]


async def test_a_call_goes_on_without_redis_and_the_next_one_is_placed_when_it_is_back(
    system: RealSystem, redis_server: Redis
) -> None:
    call = await system.rings("redis-away")
    await call.borrower_has_said(1)
    await redis_server.stop()
    try:
        assert await call.ends() == TALK
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await system.rings("redis-back")
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    finally:
        await redis_server.start()
    after = await system.rings("redis-back")
    await system.changes.until(lambda: system.changes.calls.get(after.call_id) == IN_PROGRESS, within=20)
    await system.telephony.EndCall(EndCallRequest(call_id=after.call_id, reason="operator_ended"), timeout=5)
    assert (await after.ends())[:2] == ("completed", "operator_ended")
