import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.hub import Hub, Member, Message
from voicekit.errors import Overloaded


def hub(keep: int = 1000, limit: int = 2000) -> Hub:
    return Hub(lambda number: json.dumps({"present": number}), keep=keep, limit=limit)


async def take(member: Member) -> list[int | dict[str, int]]:
    return [json.loads(body) for body in await member.take()]


def publish(to: Hub, number: int) -> None:
    to.publish(Message(number, str(number)))


@given(
    steps=st.lists(st.sampled_from(["publish", "read", "cut"]), max_size=60),
    gaps=st.lists(st.integers(1, 5), min_size=60, max_size=60),
    keep=st.integers(1, 70),
)
def test_whoever_is_cut_off_and_comes_back_hears_every_change_once_in_order(
    steps: list[str], gaps: list[int], keep: int
) -> None:
    """A page that lost no snapshot's worth hears all; one that was away too long gets the present, and all after it."""

    async def story() -> None:
        told = hub(keep=keep)
        told.begin(10)
        last, numbers, heard, snapshots = 10, [], [], []
        member = told.join(None)

        async def read() -> None:
            for one in await take(member):
                if isinstance(one, dict):
                    snapshots.append(one["present"])
                else:
                    heard.append(one)

        await read()
        for step, gap in zip(steps, gaps, strict=False):
            if step == "publish":
                last += gap
                numbers.append(last)
                publish(told, last)
            elif step == "cut":
                told.leave(member)
                seen = max([*heard, *snapshots])
                member = told.join(seen)
            elif numbers and numbers[-1] > max([*heard, *snapshots]):
                await read()
        publish(told, last + 1)
        numbers.append(last + 1)
        await read()
        assert heard == sorted(set(heard))
        # What was never heard lies before a snapshot that told it all at once.
        for number in set(numbers) - set(heard):
            assert any(number <= snapshot for snapshot in snapshots[1:])
        if keep >= len(numbers):
            assert heard == numbers
            assert snapshots == [10]

    asyncio.run(story())


async def test_who_comes_back_after_long_gets_the_present() -> None:
    told = hub(keep=3)
    told.begin(10)
    for number in range(11, 20):
        publish(told, number)
    assert await take(told.join(16)) == [17, 18, 19]
    assert await take(told.join(15)) == [{"present": 19}]
    assert await take(told.join(19_000)) == [{"present": 19}]
    assert await take(told.join(None)) == [{"present": 19}]


async def test_when_changes_were_missed_everybody_gets_the_present_and_nothing_older() -> None:
    told = hub()
    told.begin(10)
    member = told.join(None)
    publish(told, 11)
    told.begin(50)
    publish(told, 51)
    assert await take(member) == [{"present": 50}, 51]
    assert await take(told.join(11)) == [{"present": 51}]


async def test_who_is_too_slow_is_dropped_and_the_others_hear_on() -> None:
    told = hub(limit=3)
    told.begin(10)
    slow, quick = told.join(None), told.join(None)
    await take(quick)
    for number in (11, 12, 13):
        publish(told, number)
    assert await take(quick) == [11, 12, 13]
    with pytest.raises(Overloaded):
        await slow.take()


async def test_a_member_waits_until_there_is_news() -> None:
    told = hub()
    told.begin(10)
    member = told.join(None)
    await take(member)
    waiting = asyncio.create_task(take(member))
    await asyncio.sleep(0)
    assert not waiting.done()
    publish(told, 11)
    assert await waiting == [11]
