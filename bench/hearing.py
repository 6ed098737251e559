"""What hearing costs: CPU a call-second of voice activity and turn-taking, at 1, 20 and 50 calls at once.

The lines are calls as they are: an answer now and then (a quarter of the line is speech), a faint hiss between, cut
into pieces as telephony cuts them. They come in real time. The recogniser is one of our own; gRPC is left out.
"one by one" judges each window by itself, "together" those that wait at the same moment.
"""

import argparse
import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

import numpy as np

from bench.lines import SENTENCES, VOICES, noisy, silent, spoken, table
from emulators.audio import BYTES_PER_MS
from services.speech.events import Expectation, Silence, Sound, Step
from services.speech.hearing import Ears
from services.speech.ports import Final as FinalWords
from services.speech.ports import Partial, Source
from services.speech.turns import Answer
from services.speech.vad import Judged, Question, VoiceModel
from services.telephony.packing import Packing

LINES: Final = (1, 20, 50)
_FRAME: Final = 20 * BYTES_PER_MS


class OneByOne(VoiceModel):
    """The model without its batches."""

    def judge(self, questions: Sequence[Question]) -> list[Judged]:
        """Judge each window by itself."""
        return [super(OneByOne, self).judge([question])[0] for question in questions]


class Quick:
    """A recogniser that understands one word, 150 ms after each utterance."""

    source, eager = Source.REALTIME, True

    def __init__(self) -> None:
        self._finals: asyncio.Queue[FinalWords] = asyncio.Queue()
        self._utterance = 0

    @asynccontextmanager
    async def open(self, language: str) -> AsyncIterator["Quick"]:
        """Open a session."""
        yield Quick()

    async def begin(self, utterance: int, language: str) -> None:
        """Take note of the utterance."""
        self._utterance = utterance

    async def audio(self, pcm: bytes) -> None:
        """Take it."""

    async def end(self) -> None:
        """Have the final come."""
        final = FinalWords(self._utterance, "हाँ")
        asyncio.get_running_loop().call_later(0.15, self._finals.put_nowait, final)

    async def heard(self) -> AsyncIterator[Partial | FinalWords]:
        """Tell finals as they come."""
        while True:
            yield await self._finals.get()

    async def recognise(self, pcm: bytes, language: str, *, within_s: float) -> FinalWords:
        """Understand nothing."""
        return FinalWords(0, "")


def call_line(seconds: int, seed: int) -> bytes:
    """Make a line of which a quarter is speech."""
    parts, length, at = [silent(300 + 137 * (seed % 20))], 0.0, seed
    while length < seconds:
        text, language = SENTENCES[at % len(SENTENCES)]
        speech = spoken(text, language, VOICES[at % len(VOICES)])
        parts += [speech, silent(3 * len(speech) / 8)]
        length, at = length + 4 * len(speech) / 8000, at + 1
    return noisy(np.concatenate(parts), "white", 35, seed % 3)[: seconds * 1000 * BYTES_PER_MS]


def pieces(line: bytes) -> list[tuple[float, bytes]]:
    """Cut a line as telephony does: (when the piece is sent, its sound)."""
    packing, batch, cut = Packing(), b"", []
    for at in range(0, len(line), _FRAME):
        frame = line[at : at + _FRAME]
        batch += frame
        if len(batch) >= packing.wait_ms(frame, utterance=False) * BYTES_PER_MS:
            cut.append(((at + _FRAME) / BYTES_PER_MS / 1000, batch))
            batch = b""
    return cut


async def measure(model: VoiceModel, lines: Sequence[list[tuple[float, bytes]]]) -> float:
    """Hear lines at once, in real time, and return CPU milliseconds a call-second."""
    quick = Quick()
    ears, loop = Ears(model, [quick], quick), asyncio.get_running_loop()
    began, cpu = loop.time() + 0.2, time.process_time()

    async def comes(cut: list[tuple[float, bytes]], late: float) -> AsyncIterator[Step]:
        for due, pcm in cut:
            await asyncio.sleep(max(0.0, began + due + late - loop.time()))
            yield Sound(pcm)
        yield Silence(1000)

    async def hear(number: int, cut: list[tuple[float, bytes]]) -> None:
        async with ears.listen(comes(cut, number * 0.0071 % 0.02), Expectation(Answer.SHORT, "hi-IN")) as events:
            async for _ in events:
                pass

    await asyncio.gather(*(hear(number, cut) for number, cut in enumerate(lines)))
    seconds = sum(sum(len(pcm) for _, pcm in cut) for cut in lines) / BYTES_PER_MS / 1000
    return 1000 * (time.process_time() - cpu) / seconds


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench hearing", description=__doc__)
    parser.add_argument("--seconds", type=int, default=15, help="how long each call is (15)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured; the least counts (3)")
    options = parser.parse_args()
    seconds = options.seconds
    lines = [pieces(call_line(seconds, seed)) for seed in range(max(LINES))]
    rows = []
    for count in LINES:
        costs: list[list[float]] = [[], []]
        for _ in range(options.rounds):
            for cost, model in zip(costs, (OneByOne(), VoiceModel()), strict=True):
                cost.append(asyncio.run(measure(model, lines[:count])))
        rows.append([str(count), *(f"{min(cost):.2f}" for cost in costs)])
    print(table(["calls", "one by one: CPU-ms a call-second", "together"], rows))


if __name__ == "__main__":
    main()
