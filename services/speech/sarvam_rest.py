"""Sarvam's REST recogniser: one whole utterance a request; the way that is left when a stream has failed.

Audio goes as WAV with its true rate, since raw PCM is taken to be 16 kHz.

Source: Sarvam, "Speech to text" (REST).
"""

import asyncio
from typing import Final

import aiohttp

from services.speech.ports import Final as FinalWords
from services.speech.ports import Limit, ProviderRefused
from services.speech.sarvam import SarvamAccount, from_sarvam, number, to_sarvam
from voicekit.audio import wav_bytes
from voicekit.errors import ProviderDown

_WORTH_TRYING_S: Final = 0.3


class SarvamRest:
    """Hears whole utterances."""

    def __init__(
        self,
        account: SarvamAccount,
        limit: Limit,
        *,
        path: str = "/speech-to-text",
        model: str = "saaras:v3",
        mode: str = "transcribe",
    ) -> None:
        self._account, self._limit, self._path, self._model, self._mode = account, limit, path, model, mode

    async def recognise(self, pcm: bytes, language: str, *, within_s: float) -> FinalWords:
        """Return the words of one utterance; a failure that may pass is tried once more while there is time."""
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        try:
            return await self._ask(pcm, language, within_s)
        except ProviderRefused:
            raise
        except ProviderDown:
            if (left := until - loop.time()) < _WORTH_TRYING_S:
                raise
            return await self._ask(pcm, language, left)

    async def _ask(self, pcm: bytes, language: str, within_s: float) -> FinalWords:
        loop = asyncio.get_running_loop()
        until = loop.time() + within_s
        await self._limit.take(within_s=within_s / 2)
        form = aiohttp.FormData()
        form.add_field("file", wav_bytes(pcm), filename="utterance.wav", content_type="audio/wav")
        form.add_field("model", self._model)
        form.add_field("mode", self._mode)
        form.add_field("language_code", to_sarvam(language))
        answer = await self._account.post(self._path, within_s=until - loop.time(), data=form)
        text = answer.get("transcript")
        if not isinstance(text, str):
            raise ProviderDown("Sarvam answered without a transcript")
        found = "" if language else from_sarvam(answer.get("language_code"))
        confidence = number(answer.get("language_probability")) or 0.0
        return FinalWords(0, text.strip(), found, min(max(confidence, 0.0), 1.0))
