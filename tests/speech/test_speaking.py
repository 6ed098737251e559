import asyncio
from contextlib import aclosing

import pytest

from emulators.audio import silence, tone
from services.speech.limits import LiveLimit, ProcessLimit
from services.speech.ports import Limit, ProviderRefused, QueueFull
from services.speech.speaking import Line, Speaking
from services.speech.stores import MemoryStore
from tests.speech.fakes import DictStore, FakeSynthesiser, NoLimit
from voicekit.audio import FRAME_BYTES
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

LINE = Line("आपकी किस्त बाकी है।")
PERSONAL = Line("नमस्ते आशा राव जी।", personal=True)


class Stage:
    """A voice with fakes around it."""

    def __init__(self) -> None:
        self.first, self.second = FakeSynthesiser(), FakeSynthesiser()
        self.limit, self.shared, self.memory = NoLimit(), DictStore(), MemoryStore(1 << 20)
        self.speaking = self.another_pod()

    def another_pod(self, voice: str = "priya") -> Speaking:
        return Speaking(
            [self.first, self.second],
            self.limit,
            self.shared,
            voice_name=lambda _: voice,
            memory=MemoryStore(1 << 20),
        )

    async def says(self, line: Line, speaking: Speaking | None = None) -> bytes:
        return b"".join([piece async for piece in (speaking or self.speaking).render(line, "hi-IN")])

    @property
    def requests(self) -> int:
        return len(self.first.asked) + len(self.second.asked)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_a_line_is_heard_as_it_is_made(stage: Stage) -> None:
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    heard: list[tuple[float, int]] = []
    async for piece in stage.speaking.render(LINE, "hi-IN"):
        heard.append((loop.time() - began, len(piece)))
    assert heard[0][0] == pytest.approx(0.2)
    assert heard[-1][0] > 0.4
    assert sum(length for _, length in heard) % FRAME_BYTES == 0


async def test_prepared_lines_are_spoken_without_asking_anybody(stage: Stage) -> None:
    prepared = await stage.speaking.prepare([LINE, PERSONAL], "hi-IN", within_s=20)
    assert all(prepared)
    asked = stage.requests
    for line, ms in zip((LINE, PERSONAL), prepared, strict=True):
        found = await stage.speaking.ready(line, "hi-IN")
        assert found is not None
        assert len(found) // 16 == ms
    assert stage.requests == asked == 2


async def test_another_pod_finds_what_one_has_rendered(stage: Stage) -> None:
    said = await stage.says(LINE)
    await asyncio.sleep(1)
    assert await stage.another_pod().ready(LINE, "hi-IN") == said


async def test_another_voice_is_another_rendition(stage: Stage) -> None:
    await stage.says(LINE)
    await asyncio.sleep(1)
    assert await stage.another_pod(voice="shubh").ready(LINE, "hi-IN") is None
    assert await stage.speaking.ready(LINE, "ta-IN") is None


async def test_personal_lines_are_forgotten_soon_and_keys_hold_no_text(stage: Stage) -> None:
    await stage.says(PERSONAL)
    await stage.says(LINE)
    await asyncio.sleep(1)
    lives = sorted(life_s for _, life_s in stage.shared.kept.values())
    assert lives == [1800, 7 * 86400]
    assert all(len(key) == 64 and int(key, 16) >= 0 for key in stage.shared.kept)
    stage.shared.kept.clear()
    await asyncio.sleep(301)
    assert await stage.speaking.ready(PERSONAL, "hi-IN") is None
    assert await stage.speaking.ready(LINE, "hi-IN") is not None


async def test_a_line_that_many_want_is_made_once(stage: Stage) -> None:
    spoken = await asyncio.gather(
        *(stage.says(LINE) for _ in range(5)), stage.speaking.prepare([LINE], "hi-IN", within_s=9)
    )
    assert stage.requests == 1
    assert len(set(spoken[:5])) == 1


async def test_a_line_that_nobody_listens_to_any_more_is_stopped(stage: Stage) -> None:
    before = asyncio.all_tasks()
    async with aclosing(stage.speaking.render(LINE, "hi-IN")) as pieces:
        await anext(pieces)
        assert stage.first.open == 1
    assert stage.first.open == 0
    assert asyncio.all_tasks() == before
    assert await stage.speaking.ready(LINE, "hi-IN") is None, "half a line is no line"


async def test_one_listener_who_leaves_does_not_stop_the_other(stage: Stage) -> None:
    other = asyncio.create_task(stage.says(LINE))
    async with aclosing(stage.speaking.render(LINE, "hi-IN")) as pieces:
        await anext(pieces)
    assert len(await other) == len(await stage.says(LINE, stage.another_pod()))


async def test_a_line_that_breaks_off_is_finished_the_second_way(stage: Stage) -> None:
    whole = stage.first.sound(LINE.text)
    stage.first.break_after = 5
    said = await stage.says(LINE)
    assert stage.second.asked == [(LINE.text, "hi-IN")]
    assert len(whole) <= len(said) <= len(whole) + 400 * 16 + FRAME_BYTES


@pytest.mark.parametrize("stall_after", [0, 4])
async def test_a_line_that_stalls_is_finished_the_second_way(stage: Stage, stall_after: int) -> None:
    loop, began = asyncio.get_running_loop(), asyncio.get_running_loop().time()
    stage.first.stall_after = stall_after
    said = await stage.says(LINE)
    assert len(said) >= len(stage.first.sound(LINE.text))
    assert loop.time() - began < 4.0
    assert stage.first.open == stage.second.open == 0


async def test_a_silent_answer_is_not_kept_and_not_played(stage: Stage) -> None:
    stage.first.sound = lambda _: silence(2000)
    said = await stage.says(LINE)
    assert said[:1600] == tone(2000, 300)[:1600]
    assert stage.second.asked


async def test_when_no_way_works_the_caller_is_told(stage: Stage) -> None:
    stage.first.break_after = stage.second.break_after = 0
    stage.second.error = ProviderRefused("quota")
    with pytest.raises(ProviderDown):
        await stage.says(LINE)
    assert stage.requests == 2
    assert stage.shared.kept == {}


async def test_a_full_queue_is_told_before_anything_is_asked(stage: Stage) -> None:
    class Full(NoLimit):
        async def take(self, *, within_s: float) -> None:
            raise QueueFull(12)

    stage.limit = Full()
    with pytest.raises(QueueFull):
        await stage.says(LINE, stage.another_pod())
    assert stage.requests == 0


async def test_preparing_tells_which_lines_are_not_ready(stage: Stage) -> None:
    lines = [Line(f"पंक्ति {number} है।") for number in range(12)]
    prepared = await stage.speaking.prepare(lines, "hi-IN", within_s=1.0)
    ready = [ms is not None for ms in prepared]
    assert ready[0]
    assert not ready[-1]
    assert ready == sorted(ready, reverse=True), "in the order given"
    assert stage.first.open == 0


async def test_preparing_waits_for_the_limit_as_long_as_it_may(stage: Stage) -> None:
    waits: list[float] = []

    class Noting(NoLimit):
        async def take(self, *, within_s: float) -> None:
            waits.append(within_s)

    stage.limit = Noting()
    await stage.another_pod().prepare([LINE], "hi-IN", within_s=18)
    await stage.says(PERSONAL, stage.another_pod())
    assert waits == pytest.approx([18, 1.0])


def busy(limit: Limit, stage: Stage, live: Limit) -> Speaking:
    return Speaking([stage.first], limit, stage.shared, voice_name=str, memory=MemoryStore(1 << 20), live_limit=live)


async def test_a_line_that_is_wanted_now_waits_behind_nothing_that_is_prepared(stage: Stage) -> None:
    common, loop = ProcessLimit(2, 60.0), asyncio.get_running_loop()
    speaking = busy(common, stage, LiveLimit(common, ProcessLimit(1, 60.0)))
    lines = [Line(f"पंक्ति {number} है।") for number in range(6)]
    preparing = asyncio.create_task(speaking.prepare(lines, "hi-IN", within_s=300))
    await asyncio.sleep(5)
    asked = loop.time()
    await stage.says(PERSONAL, speaking)
    assert loop.time() - asked < 3
    assert None not in await preparing
    assert loop.time() > 60


async def test_a_line_that_waits_to_be_prepared_goes_first_when_it_is_wanted_now(stage: Stage) -> None:
    common, loop = ProcessLimit(1, 60.0), asyncio.get_running_loop()
    speaking = busy(common, stage, LiveLimit(common, ProcessLimit(1, 60.0)))
    preparing = asyncio.create_task(speaking.prepare([PERSONAL, LINE], "hi-IN", within_s=300))
    await asyncio.sleep(5)
    asked = loop.time()
    await stage.says(LINE, speaking)
    assert loop.time() - asked < 3
    assert None not in await preparing
    assert loop.time() < 30
    assert stage.requests == 2


async def test_a_recording_goes_before_all_else(stage: Stage) -> None:
    recording = tone(640, 200)
    speaking = Speaking(
        [stage.first],
        stage.limit,
        stage.shared,
        voice_name=str,
        memory=stage.memory,
        recorded=lambda text, _: recording if text == LINE.text else None,
    )
    assert await speaking.ready(LINE, "hi-IN") == recording
    assert await speaking.prepare([LINE], "hi-IN", within_s=1) == [640]
    assert stage.requests == 0


async def test_closing_ends_what_is_under_way(stage: Stage) -> None:
    stage.first.stall_after = 0
    listening = asyncio.create_task(stage.says(LINE))
    await asyncio.sleep(0.1)
    await stage.speaking.aclose()
    assert stage.first.open == 0
    listening.cancel()
    await asyncio.wait([listening])
