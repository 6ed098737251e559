import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.telephony.pacer import Pacer
from services.telephony.playback import Playback
from tests.support.virtual_time import VirtualTimeLoop
from tests.telephony.fakes import FakeLeg
from voicekit.audio import silence

pytestmark = pytest.mark.virtual_time


class Ear:
    """A leg with a playback on it, and what the playback clock told."""

    def __init__(self, chunk_ms: int = 100) -> None:
        self.leg = FakeLeg()
        self.told: list[tuple[float, str]] = []
        loop = asyncio.get_running_loop()
        self.playback = Playback(
            self.leg,
            Pacer(),
            chunk_ms=chunk_ms,
            on_audible=lambda audible: self.told.append((loop.time(), f"audible {audible}")),
            on_ended=lambda _: self.told.append((loop.time(), "ended")),
        )

    def most_ahead(self) -> float:
        """The most seconds of sound that the carrier ever had to play."""
        heard_at, most = 0.0, 0.0
        for at, pcm in self.leg.sent:
            heard_at = max(heard_at, at) + len(pcm) / 16000
            most = max(most, heard_at - at)
        return most

    def least_ahead(self) -> float:
        """The least it had to play when the next sound came, once it had enough."""
        heard_at, least = 0.0, 10.0
        for at, pcm in self.leg.sent:
            if heard_at >= 0.4:
                least = min(least, heard_at - at)
            heard_at = max(heard_at, at) + len(pcm) / 16000
        return least


@pytest.mark.parametrize("chunk_ms", [20, 60, 100, 200])
async def test_the_carrier_always_has_a_little_to_play_and_never_much(chunk_ms: int) -> None:
    ear = Ear(chunk_ms)
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(3000))
    ear.playback.complete(key)
    await asyncio.sleep(5)
    assert ear.most_ahead() <= 0.43
    assert ear.least_ahead() >= 0.18


async def test_the_end_is_told_when_it_is_heard_and_not_when_it_is_sent() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(1000))
    ear.playback.complete(key)
    await asyncio.sleep(3)
    assert ear.told[0] == (0.0, "audible True")
    (silent_at, silent), (ended_at, ended) = ear.told[1:]
    assert (silent, ended) == ("audible False", "ended")
    assert silent_at == ended_at
    assert 1.0 <= ended_at <= 1.02
    assert ear.leg.marks == ["t1"]
    assert not ear.leg.clears


async def test_stopping_tells_how_much_was_heard_and_which_lines() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(500))
    ear.playback.feed(key, 1, silence(500))
    ear.playback.feed(key, 2, silence(2000))
    ear.playback.complete(key)
    await asyncio.sleep(1.24)
    heard = ear.playback.stop()
    assert abs(heard.ms - 1240) <= 1
    assert heard.lines == 2
    assert ear.leg.clears == [1.24]
    sent = len(ear.leg.sent)
    await asyncio.sleep(3)
    assert len(ear.leg.sent) == sent
    assert ear.told[-1] == (1.24, "audible False")


async def test_sound_of_a_stopped_utterance_is_dropped() -> None:
    ear = Ear()
    old = ear.playback.begin("t1")
    ear.playback.feed(old, 0, silence(500))
    new = ear.playback.begin("t2")
    ear.playback.feed(old, 0, silence(500))
    ear.playback.complete(old)
    ear.playback.feed(new, 0, b"\x01\x00" * 160)
    ear.playback.complete(new)
    ear.leg.sent.clear()
    await asyncio.sleep(2)
    assert ear.leg.marks == ["t2"]


async def test_after_a_clear_nothing_is_sent_for_a_moment() -> None:
    ear = Ear()
    ear.playback.feed(ear.playback.begin("t1"), 0, silence(500))
    await asyncio.sleep(0.1)
    key = ear.playback.begin("t2")
    ear.playback.feed(key, 0, silence(500))
    ear.playback.complete(key)
    ear.leg.sent.clear()
    await asyncio.sleep(2)
    assert 0.15 <= ear.leg.sent[0][0] - ear.leg.clears[0] <= 0.18
    assert ear.told[-1][1] == "ended"
    assert ear.told[-1][0] == pytest.approx(ear.leg.sent[0][0] + 0.5, abs=0.03)


async def test_an_utterance_that_runs_dry_goes_on_where_it_stopped() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(200))
    await asyncio.sleep(1)
    assert ear.playback.gaps == 1
    assert not any(what == "ended" for _, what in ear.told)
    ear.playback.feed(key, 0, silence(200))
    ear.playback.complete(key)
    await asyncio.sleep(0.1)
    assert abs(ear.playback.heard().ms - 300) <= 20
    await asyncio.sleep(1)
    assert ear.told[-1][1] == "ended"


async def test_who_makes_sound_waits_when_much_is_queued() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(20_000))
    waiting = asyncio.create_task(ear.playback.room())
    await asyncio.sleep(10)
    assert not waiting.done()
    await asyncio.sleep(8)
    assert waiting.done()


async def test_a_line_that_is_fed_anew_is_counted_once() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(300))
    ear.playback.feed(key, 1, silence(2000))
    ear.playback.forget(key, 1)
    ear.playback.feed(key, 1, silence(300))
    ear.playback.complete(key)
    await asyncio.sleep(3)
    # 400 ms had been sent before line 1 was forgotten: 300 of line 0 and 100 of line 1.
    assert sum(len(pcm) for _, pcm in ear.leg.sent) == 16 * 700


async def test_a_late_timer_is_made_up_for() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(2000))
    ear.playback.complete(key)
    await asyncio.sleep(0.5)
    before = sum(len(pcm) for _, pcm in ear.leg.sent)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualTimeLoop)
    loop._jumping.now += 0.3  # as if something had held up the loop
    await asyncio.sleep(0.02)
    assert sum(len(pcm) for _, pcm in ear.leg.sent) - before >= 16 * 250


def _run(story: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(story())  # type: ignore[arg-type]  # a coroutine function, said loosely


@given(
    pieces=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5000), st.floats(0, 0.6)), max_size=25),
    chunk_ms=st.sampled_from([20, 100, 200]),
    stop_after=st.none() | st.floats(0, 8),
)
@settings(max_examples=30, deadline=None)
def test_whatever_comes_leaves_as_whole_frames_in_time(
    pieces: list[tuple[int, int, float]], chunk_ms: int, stop_after: float | None
) -> None:
    async def story() -> None:
        ear = Ear(chunk_ms)
        key = ear.playback.begin("t1")
        line, fed = 0, 0

        async def feed() -> None:
            nonlocal line, fed
            for step, size, pause in pieces:
                line += step
                ear.playback.feed(key, line, bytes(size))
                fed += size
                await asyncio.sleep(pause)
            ear.playback.complete(key)

        feeding = asyncio.create_task(feed())
        await asyncio.sleep(30 if stop_after is None else stop_after)
        heard = ear.playback.stop()
        await feeding
        sent = sum(len(pcm) for _, pcm in ear.leg.sent)
        assert all(len(pcm) % 320 == 0 for _, pcm in ear.leg.sent)
        assert ear.most_ahead() <= 0.45
        assert heard.ms * 16 <= sent
        if stop_after is None:
            assert sent == fed + -fed % 320
            assert sum(what == "ended" for _, what in ear.told) == 1

    _run(story)
