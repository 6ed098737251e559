"""The words of one turn, asked for at each pause that may end it.

What is dictated up to a pause is a take. When the borrower goes on, a short take is dictated once more from its
beginning, since a recogniser understands a sentence better than its halves; a long one stands, and the next follows
it.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Final as Constant

from services.speech.answering import Answering
from services.speech.dictating import Dictator, Utterance
from services.speech.ports import Final, Source
from voicekit.audio import BYTES_PER_MS

_TAKEN_AGAIN: Constant = 4000 * BYTES_PER_MS
"""A take up to so long is dictated anew."""


class Asking:
    """Has one turn dictated, and its words asked for."""

    def __init__(
        self,
        take: Utterance,
        numbers: Iterator[int],
        dictator: Dictator,
        answering: Answering,
        *,
        tasks: asyncio.TaskGroup,
        on_known: Callable[["Asking"], None],
    ) -> None:
        """Begin with `take`; `on_known` is called when all words up to the last pause have come."""
        self._take, self._numbers = take, numbers
        self._dictator, self._answering, self._tasks, self._on_known = dictator, answering, tasks, on_known
        self._takes = [take]  # those whose words count
        self._before: list[asyncio.Task[tuple[Final, Source]]] = []
        self._asked: asyncio.Task[tuple[Final, Source]] | None = None
        self._since = bytearray()  # sound after the last pause was asked about
        self.recognised = len(take.pcm)
        """Bytes that were dictated."""
        dictator.begin(take)

    @property
    def ended_at(self) -> float:
        """When the words were last asked for, by the loop's clock."""
        return self._take.ended_at

    def is_taking(self, take: Utterance) -> bool:
        """Tell whether `take` is the one that grows."""
        return take is self._take and self._asked is None

    def hear(self, pcm: bytes) -> None:
        """Take in sound of the turn; `Dictator.more` tells of it."""
        if self._asked:
            self._since += pcm
        else:
            self._take.pcm += pcm
            self.recognised += len(pcm)

    def ask(self, ended_ms: int) -> None:
        """Ask for the words up to here: the speech has paused, or the turn has ended."""
        if self._asked:
            return
        self._take.ended_ms, self._take.ended_at = ended_ms, asyncio.get_running_loop().time()
        self._dictator.more()
        self._asked = self._tasks.create_task(self._answering.words_of(self._take), name="await words")
        self._asked.add_done_callback(self._tell)

    def go_on(self) -> None:
        """Take in that the speech goes on after the pause that was asked about."""
        if self._asked is None:
            return
        old, since = self._take, self._since
        if len(old.pcm) <= _TAKEN_AGAIN:
            self._asked.cancel()
            self._dictator.forget(self._takes.pop())
            began_ms, lead, pcm = old.started_ms, old.lead, old.pcm + since
        else:
            self._before.append(self._asked)
            began_ms, lead, pcm = old.started_ms + (len(old.pcm) - old.lead) // BYTES_PER_MS, 0, since
        self._take = Utterance(next(self._numbers), old.language, began_ms, pcm, lead)
        self._takes.append(self._take)
        self._asked, self._since = None, bytearray()
        self.recognised += len(pcm)
        self._dictator.begin(self._take)

    @property
    def sound(self) -> bytes:
        """What came after the speech had ended."""
        return bytes(self._take.pcm[self._take.speech_bytes :] + self._since)

    async def words(self) -> tuple[Final, Source]:
        """Wait for the words of the turn, which has ended."""
        answers = [await task for task in (*self._before, self._asked) if task]
        last, source = answers[-1]
        text = " ".join(final.text for final, _ in answers if final.text)
        for take in self._takes:
            self._dictator.forget(take)
        return Final(last.utterance, text, last.language, last.language_confidence), source

    @property
    def text(self) -> str:
        """All words that have come up to now."""
        done = [task.result()[0].text for task in (*self._before, self._asked) if task and task.done()]
        return " ".join(text for text in done if text)

    def with_partial(self, partial: str) -> str:
        """Return the words before the take that grows, with what is understood of it so far."""
        return f"{self.text} {partial}".strip()

    def _tell(self, task: "asyncio.Task[tuple[Final, Source]]") -> None:
        if task is self._asked and not task.cancelled() and not task.exception():
            self._on_known(self)
