"""Sarvam's REST synthesis: a whole line at once; the way that is left when the socket has failed.

Source: Sarvam, "Text to speech" (REST).
"""

from collections.abc import AsyncGenerator

from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_voice import Voice, decode, without_header
from voicekit.errors import ProviderDown


class SarvamTtsRest:
    """Speaks by requests."""

    def __init__(
        self, account: SarvamAccount, voice: Voice, *, path: str = "/text-to-speech", within_s: float = 4.0
    ) -> None:
        self._account, self._voice, self._path, self._within_s = account, voice, path, within_s

    async def synthesise(self, text: str, language: str) -> AsyncGenerator[bytes, None]:
        """Speak one line, in one piece."""
        body = {"text": text, "model": self._voice.model, **self._voice.parameters(language)}
        answer = await self._account.post(self._path, within_s=self._within_s, json=body)
        audios = answer.get("audios")
        if not isinstance(audios, list) or not audios:
            raise ProviderDown("Sarvam answered without audio")
        for audio in audios:
            yield without_header(decode(audio))
