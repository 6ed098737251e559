import asyncio
from collections.abc import Callable

import numpy as np
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


SPOKEN = np.random.default_rng(1).integers(-8000, 8000, 24_000).astype("<i2")
"""Three seconds, no two moments of which are alike, with a rest of 60 ms at each half second."""
for begin in range(4000, 24_000, 4000):
    SPOKEN[begin - 480 : begin] = 0


def heard_by(leg: FakeLeg) -> bytes:
    """What the ear heard: a `clear` drops what the carrier has not played yet."""
    heard, until = bytearray(), 0.0
    for at, pcm in leg.sent:
        starts, played = max(until, at), len(pcm)
        until = starts + len(pcm) / 16000
        if clears := [clear for clear in leg.clears if at <= clear < until]:
            played = max(0, round((clears[0] - starts) * 8000) * 2)
            until = clears[0]
        heard += pcm[:played]
    return bytes(heard)


@pytest.mark.parametrize("moment", [0.05, 0.31, 0.52, 0.9, 1.49, 2.2])
async def test_after_a_pause_it_goes_on_where_the_ear_stopped_hearing(moment: float) -> None:
    ear = Ear(20)
    sound = SPOKEN.tobytes()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, sound)
    ear.playback.complete(key)
    await asyncio.sleep(moment)
    assert ear.playback.pause()
    assert ear.playback.heard().ms == pytest.approx(moment * 1000, abs=20)
    await asyncio.sleep(0.7)
    silent_for = ear.leg.sent[-1][0]
    assert silent_for <= moment
    ear.playback.resume()
    await asyncio.sleep(4)
    heard = heard_by(ear.leg)
    before = round(moment * 8000) * 2
    assert heard[:before] == sound[:before]
    again = len(heard) - len(sound)
    assert 0 <= again <= 600 * 16
    assert heard[before:] == sound[before - again :], "whatever was said is said, in order"
    assert ear.leg.clears == [moment]
    assert ear.leg.marks == ["t1"]
    assert ear.told[-1][1] == "ended"
    assert [what for _, what in ear.told] == ["audible True", "audible False"] * 2 + ["ended"]


async def test_it_goes_on_at_a_pause_of_the_voice_when_one_is_near() -> None:
    ear = Ear(20)
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, SPOKEN.tobytes())
    ear.playback.complete(key)
    await asyncio.sleep(0.8)
    ear.playback.pause()
    sent = len(ear.leg.sent)
    ear.playback.resume()
    await asyncio.sleep(0.5)
    again = b"".join(pcm for _, pcm in ear.leg.sent[sent:])
    at = SPOKEN.tobytes().find(again[640:1280]) - 640
    assert 440 * 16 <= at <= 500 * 16


async def test_a_sentence_that_was_heard_is_not_heard_again() -> None:
    ear = Ear(20)
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, SPOKEN[:8000].tobytes())
    ear.playback.feed(key, 1, SPOKEN[8000:].tobytes())
    ear.playback.complete(key)
    await asyncio.sleep(1.1)
    ear.playback.pause()
    assert ear.playback.heard().lines == 1
    sent = len(ear.leg.sent)
    ear.playback.resume()
    await asyncio.sleep(0.5)
    assert SPOKEN.tobytes().find(ear.leg.sent[sent][1]) >= 16_000
    assert ear.playback.heard().lines == 1


async def test_what_is_nearly_over_is_not_paused_and_what_has_not_begun_neither() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    assert not ear.playback.pause()
    ear.playback.feed(key, 0, silence(1000))
    ear.playback.complete(key)
    await asyncio.sleep(0.5)
    assert not ear.playback.pause()
    assert not ear.leg.clears


async def test_an_utterance_that_is_stopped_while_it_is_paused_was_heard_to_where_it_paused() -> None:
    ear = Ear()
    key = ear.playback.begin("t1")
    ear.playback.feed(key, 0, silence(3000))
    ear.playback.complete(key)
    await asyncio.sleep(1.0)
    ear.playback.pause()
    await asyncio.sleep(0.6)
    assert ear.playback.stop().ms == 1000
    assert ear.leg.clears == [1.0]


def _run(story: Callable[[], object]) -> None:
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(story())  # type: ignore[arg-type]  # a coroutine function, said loosely


@given(
    pieces=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 5000), st.floats(0, 0.6)), max_size=25),
    chunk_ms=st.sampled_from([20, 100, 200]),
    stop_after=st.none() | st.floats(0, 8),
    pauses=st.lists(st.tuples(st.floats(0, 2), st.floats(0, 1)), max_size=3),
)
@settings(max_examples=30, deadline=None)
def test_whatever_comes_leaves_as_whole_frames_in_time(
    pieces: list[tuple[int, int, float]],
    chunk_ms: int,
    stop_after: float | None,
    pauses: list[tuple[float, float]],
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

        async def interrupt() -> None:
            for after, lasts in pauses:
                await asyncio.sleep(after)
                ear.playback.pause()
                await asyncio.sleep(lasts)
                ear.playback.resume()

        feeding, pausing = asyncio.create_task(feed()), asyncio.create_task(interrupt())
        await asyncio.sleep(40 if stop_after is None else stop_after)
        heard = ear.playback.stop()
        await feeding
        await pausing
        sent = sum(len(pcm) for _, pcm in ear.leg.sent)
        assert all(len(pcm) % 320 == 0 for _, pcm in ear.leg.sent)
        assert ear.leg.clears or ear.most_ahead() <= 0.45
        assert heard.ms * 16 <= sent
        if stop_after is None:
            whole = fed + -fed % 320
            assert sent == whole if not ear.leg.clears else len(heard_by(ear.leg)) >= whole - 320
            assert sum(what == "ended" for _, what in ear.told) == 1

    _run(story)
