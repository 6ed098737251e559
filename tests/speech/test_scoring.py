import asyncio
from collections.abc import Sequence

import pytest

from emulators.audio import mix, noise, silence
from emulators.voices import synthesise
from services.speech.scoring import Scorer
from services.speech.vad import Judged, Question, Vad, VoiceModel, Window

pytestmark = pytest.mark.virtual_time

SPEECH = synthesise("मैं पाँच तारीख को भर दूँगा", "hi-IN", voice="ravi")
PIECE = 60 * 16


class CountingModel(VoiceModel):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def judge(self, questions: Sequence[Question]) -> list[Judged]:
        self.batches.append(len(questions))
        return super().judge(questions)


@pytest.fixture(scope="module")
def model() -> CountingModel:
    return CountingModel()


async def hear(scorer: Scorer, vad: Vad, line: bytes, *, piece: int = PIECE) -> list[Window]:
    windows = []
    for at in range(0, len(line), piece):
        windows += await scorer.hear(vad, line[at : at + piece])
        await asyncio.sleep(piece / 16000)
    return windows


def line_of(number: int) -> bytes:
    return mix(silence(300 + 50 * number) + SPEECH + silence(600), noise(4000, -55.0, seed=number))[: 16 * 3000]


@pytest.mark.parametrize("lines", [1, 12])
async def test_each_line_is_heard_as_it_would_be_alone(model: CountingModel, lines: int) -> None:
    scorer = Scorer(model)
    model.batches.clear()
    heard = await asyncio.gather(*(hear(scorer, scorer.line(), line_of(number)) for number in range(lines)))
    assert (max(model.batches) > 1) == (lines > 1)
    for number, windows in enumerate(heard):
        alone = Vad(model).feed(line_of(number))
        assert [window.pcm for window in windows] == [window.pcm for window in alone]
        assert [window.probability for window in windows] == pytest.approx(
            [window.probability for window in alone], abs=1e-3
        )


async def test_who_catches_up_with_half_a_minute_does_not_keep_others_waiting(model: CountingModel) -> None:
    scorer = Scorer(model)
    catching_up = asyncio.create_task(scorer.hear(scorer.line(), SPEECH * 10))
    await asyncio.sleep(0)
    await scorer.hear(scorer.line(), SPEECH[:PIECE])
    assert not catching_up.done()
    assert len(await catching_up) == len(SPEECH) * 10 // 512


async def test_a_line_that_ends_while_it_waits_troubles_nobody(model: CountingModel) -> None:
    scorer = Scorer(model)
    gone = asyncio.create_task(scorer.hear(scorer.line(), SPEECH))
    stays = asyncio.create_task(scorer.hear(scorer.line(), SPEECH))
    await asyncio.sleep(0)
    gone.cancel()
    assert len(await stays) == len(SPEECH) // 512
