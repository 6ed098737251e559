"""Has the windows of several lines judged in one run of the model, which halves what each costs.

Pieces of several lines come in one message, so that they are here together: nobody waits for others.
"""

import asyncio
from dataclasses import dataclass
from typing import Final, cast

from services.speech.vad import Question, Steps, Vad, VoiceModel, Window

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

    def line(self) -> Vad:
        """Hear one more line."""
        return Vad(self._model)

    async def hear(self, vad: Vad, pcm: bytes) -> list[Window]:
        """Return the windows that `pcm` completes; a line's pieces are heard one after another."""
        steps = vad.steps(pcm)
        try:
            question = next(steps)
        except StopIteration as nothing_to_judge:
            return cast("list[Window]", nothing_to_judge.value)
        hearing = _Hearing(steps, question, asyncio.get_running_loop().create_future())
        self._judge_soon([hearing])
        return await hearing.heard

    def _judge_soon(self, more: list[_Hearing]) -> None:
        """Judge these with what else comes before the loop's next round."""
        if more and not self._waiting:
            asyncio.get_running_loop().call_soon(self._judge_all)
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
        self._judge_soon([hearing for hearing in together if not hearing.heard.done()])
