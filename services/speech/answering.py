"""Gets the words of a turn that has ended, by the first way that works.

In this order: the final of the open session; its last partial, when it had heard all of the speech; one request with
the whole utterance, while the session is renewed and the utterance dictated to it again; the last partial, whatever
it is. When nothing works the words are empty, and their source says so.
"""

import asyncio
from dataclasses import dataclass
from typing import Any
from typing import Final as Constant

import structlog

from services.speech.dictating import Dictator, Utterance
from services.speech.ports import Final, Source, UtteranceRecogniser
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import VoiceError

log = structlog.get_logger(__name__)

_TAIL_MS: Constant = 250
"""Of the pause that ended a turn, so much goes with a request."""


@dataclass(frozen=True, slots=True)
class AnsweringRules:
    """How long words may take."""

    final_within_s: float = 1.2
    """The session's final; of real ones 99 % come within 1.0 s."""
    request_within_s: float = 3.0
    """A request with the whole utterance."""
    budget_s: float = 4.0
    """Words of any kind, from the turn's end."""


class Answering:
    """Gets the words of a call's turns."""

    def __init__(self, dictator: Dictator, request: UtteranceRecogniser, rules: AnsweringRules) -> None:
        self._dictator, self._request, self._rules = dictator, request, rules

    async def words_of(self, utterance: Utterance) -> tuple[Final, Source]:
        """Return the words of `utterance`, which is over, within the budget."""
        await self._final_or_loss(utterance)
        if utterance.words.done():
            return utterance.words.result()
        if not self._dictator.lost.is_set():
            if utterance.partial and utterance.partial_sent >= utterance.speech_bytes:
                return Final(utterance.number, utterance.partial), Source.PARTIAL
            log.warning("The recogniser's final did not come.", utterance=utterance.number)
            self._dictator.restart()
        return await self._race(utterance)

    async def _final_or_loss(self, utterance: Utterance) -> None:
        lost = asyncio.ensure_future(self._dictator.lost.wait())
        either: list[asyncio.Future[Any]] = [utterance.words, lost]
        try:
            await asyncio.wait(either, timeout=self._rules.final_within_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            lost.cancel()

    async def _race(self, utterance: Utterance) -> tuple[Final, Source]:
        """Ask with the whole utterance while it is dictated again; the first words win."""
        loop, until = asyncio.get_running_loop(), utterance.ended_at + self._rules.budget_s
        asking = asyncio.create_task(self._ask(utterance, until), name="ask with the whole utterance")
        either: list[asyncio.Future[Any]] = [asking, utterance.words]
        try:
            await asyncio.wait(either, timeout=max(0.0, until - loop.time()), return_when=asyncio.FIRST_COMPLETED)
            if not utterance.words.done() and asking.done() and (answer := asking.result()):
                return answer, Source.REQUEST
            if not self._dictator.deaf:
                await asyncio.wait([utterance.words], timeout=max(0.0, until - loop.time()))
        finally:
            asking.cancel()
            await asyncio.wait([asking])
        if utterance.words.done():
            return utterance.words.result()
        if utterance.partial:
            return Final(utterance.number, utterance.partial), Source.PARTIAL
        return Final(utterance.number, ""), Source.NONE

    async def _ask(self, utterance: Utterance, until: float) -> Final | None:
        left = min(self._rules.request_within_s, until - asyncio.get_running_loop().time())
        pcm = bytes(utterance.pcm[: utterance.speech_bytes + _TAIL_MS * BYTES_PER_MS])
        try:
            return await self._request.recognise(pcm, utterance.language, within_s=left)
        except VoiceError as error:
            log.warning("A request with a whole utterance failed.", error=str(error))
            return None
