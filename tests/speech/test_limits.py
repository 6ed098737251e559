import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.speech.limits import ProcessLimit, SlidingLog
from services.speech.ports import QueueFull

WINDOW_S = 60.0

arrivals = st.lists(
    st.tuples(
        st.floats(0, 20, allow_subnormal=False),  # how long after the one before
        st.floats(0, 150),  # how long it would wait
        st.booleans(),  # whether it gives its place back
    ),
    max_size=60,
)


@given(limit=st.integers(1, 6), arrivals=arrivals)
def test_no_minute_holds_more_than_the_limit_and_everybody_keeps_his_place(
    limit: int, arrivals: list[tuple[float, float, bool]]
) -> None:
    log, now = SlidingLog(limit, WINDOW_S), 0.0
    given_back: list[float] = []
    places: list[float] = []
    for gap, patience, gives_back in arrivals:
        now += gap
        try:
            place = log.reserve(now, within_s=patience)
        except QueueFull as full:
            assert full.wait_s > patience
            continue
        assert now <= place <= now + patience + 0.001
        if gives_back and place > now:
            log.give_back(place)
            given_back.append(place)
        else:
            places.append(place)
    for first, beyond in zip(places, places[limit:], strict=False):
        assert beyond - first >= WINDOW_S - 1e-9
    assert given_back or all(earlier < later for earlier, later in pairwise(places))


@pytest.mark.virtual_time
async def test_those_who_must_wait_are_served_in_the_order_of_asking() -> None:
    limit, loop = ProcessLimit(2, WINDOW_S), asyncio.get_running_loop()
    served: list[tuple[int, float]] = []

    async def ask(number: int) -> None:
        await limit.take(within_s=1000)
        served.append((number, loop.time()))

    async with asyncio.TaskGroup() as tasks:
        for number in range(6):
            tasks.create_task(ask(number))
    assert [number for number, _ in served] == [0, 1, 2, 3, 4, 5]
    assert [at for _, at in served] == pytest.approx([0, 0, 60, 60, 120, 120], abs=0.001)


@pytest.mark.virtual_time
async def test_who_cannot_be_served_in_time_is_told_at_once_and_takes_no_place() -> None:
    limit, loop = ProcessLimit(1, WINDOW_S), asyncio.get_running_loop()
    await limit.take(within_s=0)
    await asyncio.sleep(20)
    with pytest.raises(QueueFull) as full:
        await limit.take(within_s=39)
    assert loop.time() == 20
    assert full.value.wait_s == pytest.approx(40)
    await limit.take(within_s=41)
    assert loop.time() == pytest.approx(60)


@pytest.mark.virtual_time
async def test_who_stops_waiting_leaves_the_place_to_the_next() -> None:
    limit, loop = ProcessLimit(1, WINDOW_S), asyncio.get_running_loop()
    await limit.take(within_s=0)
    waiting = asyncio.create_task(limit.take(within_s=100))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait([waiting])
    await limit.take(within_s=100)
    assert loop.time() == pytest.approx(60)
