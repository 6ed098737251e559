"""Has the windows of several lines judged in one run of the model, which halves what each costs.

Lines of a busy process bring their pieces at about the same time, so that waiting a moment makes a batch; where few
lines are heard nobody waits.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, cast

from services.speech.vad import Question, Steps, Vad, VoiceModel, Window

_WAIT_S: Final = 0.004
"""How long a piece waits for others; it adds to every turn."""
_FEW_LINES: Final = 8
"""Up to so many hardly meet: a piece waits for those alone that are here already."""
_IN_ONE_GO: Final = 32
"""Windows of a line that are judged before others get their turn: half a minute may be caught up with."""


@dataclass(eq=False)
class _Hearing:
    """A line's piece on its way through the model."""

    steps: Steps
    question: Question
    heard: "asyncio.Future[list[Window]]"


class Scorer:
    """Hears the pieces of all lines of a process."""

    def __init__(self, model: VoiceModel) -> None:
        self._model = model
        self._waiting: list[_Hearing] = []
        self._lines = 0

    @contextmanager
    def line(self) -> Iterator[Vad]:
        """Hear one more line for as long as the block lasts."""
        self._lines += 1
        try:
            yield Vad(self._model)
        finally:
            self._lines -= 1

    async def hear(self, vad: Vad, pcm: bytes) -> list[Window]:
        """Return the windows that `pcm` completes; a line's pieces are heard one after another."""
        steps = vad.steps(pcm)
        try:
            question = next(steps)
        except StopIteration as nothing_to_judge:
            return cast("list[Window]", nothing_to_judge.value)
        hearing = _Hearing(steps, question, asyncio.get_running_loop().create_future())
        self._wait_with([hearing], _WAIT_S if self._lines > _FEW_LINES else 0.0)
        return await hearing.heard

    def _wait_with(self, more: list[_Hearing], wait_s: float) -> None:
        if more and not self._waiting:
            asyncio.get_running_loop().call_later(wait_s, self._judge_all)
        self._waiting += more

    def _judge_all(self) -> None:
        together, self._waiting = self._waiting, []
        for _ in range(_IN_ONE_GO):
            together = [hearing for hearing in together if not hearing.heard.done()]
            if not together:
                return
            judged = self._model.judge([hearing.question for hearing in together])
            for hearing, answer in zip(together, judged, strict=True):
                try:
                    hearing.question = hearing.steps.send(answer)
                except StopIteration as done:
                    hearing.heard.set_result(done.value)
        self._wait_with([hearing for hearing in together if not hearing.heard.done()], 0.0)
