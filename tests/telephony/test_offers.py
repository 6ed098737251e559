"""How much room for calls this pod tells the others of."""

import asyncio

import pytest

from tests.telephony.fakes import FakeDialog, turn
from tests.telephony.world import world
from voice.telephony import v1 as pb

pytestmark = pytest.mark.virtual_time


async def test_room_is_offered_for_as_long_as_calls_are_taken() -> None:
    async with world(FakeDialog(turn(1, "Am I speaking with Asha?")), max_calls=7) as it:

        async def capacity() -> tuple[int, int, int]:
            answer = await it.telephony.servicer.GetCapacity(pb.GetCapacityRequest(), None)  # type: ignore[arg-type]  # unused
            return answer.slots, answer.live, answer.pods

        await asyncio.sleep(60)  # many times as long as one offer holds
        assert await capacity() == (7, 0, 1)
        await it.sessions.offer_slots("another-pod", 5, 60.0)
        await it.rings()
        assert await capacity() == (12, 1, 2)
        draining = asyncio.create_task(it.telephony.drain(90.0))
        await asyncio.sleep(1)
        assert (await capacity())[::2] == (5, 1)
        await asyncio.sleep(10)
        assert (await capacity())[::2] == (5, 1), "it was offered again while the pod drains"
        await draining


async def test_a_pod_that_has_died_offers_nothing_any_more() -> None:
    async with world(FakeDialog()) as it:
        await it.sessions.offer_slots("dead-pod", 50, 8.0)
        await asyncio.sleep(9)
        assert await it.sessions.offered_slots() == (50, 1)
