"""Sarvam's older streaming socket, behind the same port as the realtime one. It gives no partials.

Its own voice activity detection cuts an utterance into segments, each with its `data` message, and `flush` ends the
last. The texts are joined until the utterance is over; since nothing says which message is the last one, it is over
when none has come for a moment. There is no ping: a little silence keeps the socket alive, which dies after a
minute without audio.

Source: Sarvam, "Streaming speech to text" (legacy).
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog

from services.speech.ports import Final as FinalWords
from services.speech.ports import Partial, ProviderRefused, Source
from services.speech.sarvam import JsonSocket, SarvamAccount, error_of, from_sarvam, number, to_sarvam
from voicekit.audio import SAMPLE_RATE, silence
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

_SETTLE_S: Final = 0.25
"""After the flush and a text, how long another text may take."""
_FLUSHED_S: Final = 0.7
"""After the flush alone, when a text had come before: the segment may have ended before we said so."""
_KEEP_ALIVE_S: Final = 20.0


class SarvamLegacy:
    """Opens sessions on the older socket. A session hears one language: another one needs another socket."""

    source = Source.STREAMING
    eager = False

    def __init__(
        self,
        account: SarvamAccount,
        *,
        path: str = "/speech-to-text/ws",
        model: str = "saaras:v3",
        mode: str = "transcribe",
        open_within_s: float = 2.5,
    ) -> None:
        self._account, self._path, self._open_within_s = account, path, open_within_s
        self._parameters = {
            "model": model,
            "mode": mode,
            "sample_rate": str(SAMPLE_RATE),
            "input_audio_codec": "pcm_s16le",
            "flush_signal": "true",
        }

    @asynccontextmanager
    async def open(self, language: str) -> AsyncIterator["LegacyDictation"]:
        """Open a session for one language."""
        # The one name with a hyphen; an unknown name is ignored in silence.
        asked = {**self._parameters, "language-code": to_sarvam(language)}
        try:
            async with asyncio.timeout(self._open_within_s):
                socket = await self._account.connect(self._path, asked)
        except TimeoutError:
            raise ProviderDown("Sarvam's socket did not open in time") from None
        dictation = LegacyDictation(socket, language)
        helpers = [asyncio.create_task(dictation.read()), asyncio.create_task(dictation.keep_alive())]
        try:
            yield dictation
        finally:
            for helper in helpers:
                helper.cancel()
            await socket.close()


class LegacyDictation:
    """One session on the older socket."""

    def __init__(self, socket: JsonSocket, language: str) -> None:
        self._socket, self._language = socket, language
        self._inbox: asyncio.Queue[dict[str, Any] | ProviderDown | None] = asyncio.Queue()
        self._utterance = 0
        self._texts: list[str] = []
        self._found, self._flushed = "", False
        self._over_at: float | None = None
        """When the utterance, which was flushed, is over unless more of it comes."""

    async def begin(self, utterance: int, language: str) -> None:
        """Begin an utterance; `ProviderDown` when it is in another language, which needs another session."""
        if language != self._language:
            raise ProviderDown("a session of this recogniser hears one language")
        self._utterance, self._texts, self._found = utterance, [], ""
        self._flushed, self._over_at = False, None

    async def audio(self, pcm: bytes) -> None:
        """Send audio of the utterance."""
        data = {"data": b64encode(pcm).decode(), "sample_rate": SAMPLE_RATE, "encoding": "audio/wav"}
        await self._socket.send({"audio": data})

    async def end(self) -> None:
        """End the utterance."""
        await self._socket.send({"type": "flush"})
        if self._texts:
            self._over_at = asyncio.get_running_loop().time() + _FLUSHED_S
        self._flushed = True
        self._inbox.put_nowait(None)  # wakes `heard`, which now has something to wait for

    async def heard(self) -> AsyncIterator[Partial | FinalWords]:
        """Return what was understood, a text so far being a partial."""
        while True:
            try:
                async with asyncio.timeout_at(self._over_at):
                    message = await self._inbox.get()
            except TimeoutError:
                final = FinalWords(self._utterance, " ".join(self._texts), self._found)
                self._utterance, self._over_at = 0, None
                yield final
                continue
            if isinstance(message, ProviderDown):
                raise message
            if message is not None and self._take(message):
                yield Partial(self._utterance, " ".join(self._texts))

    async def read(self) -> None:
        """Read the socket until it closes."""
        try:
            while True:
                self._inbox.put_nowait(await self._socket.receive())
        except ProviderDown as error:
            self._inbox.put_nowait(error)

    async def keep_alive(self) -> None:
        """Send a little silence now and then."""
        while True:
            await asyncio.sleep(_KEEP_ALIVE_S)
            if not self._utterance:
                with suppress(ProviderDown):
                    await self.audio(silence(100))

    def _take(self, message: dict[str, Any]) -> bool:
        """Take in one message; True when it held words of the utterance."""
        data = message.get("data")
        if not isinstance(data, dict):
            return False
        if message.get("type") == "error":
            raise _meaning(data)
        text = data.get("transcript")
        if message.get("type") != "data" or not isinstance(text, str) or not self._utterance:
            return False
        if self._flushed:
            self._over_at = asyncio.get_running_loop().time() + _SETTLE_S
        if text.strip():
            self._texts.append(text.strip())
        if not self._language:
            self._found = from_sarvam(data.get("language_code"))
        return bool(text.strip())


def _meaning(data: dict[str, Any]) -> ProviderDown:
    code = str(data.get("code") or data.get("error") or data.get("message") or "")
    status = number(code[:3]) or number(data.get("status_code")) or 0
    log.warning("The streaming recogniser reports an error.")
    if "quota" in code:
        return ProviderRefused("Sarvam's quota is used up")
    return error_of(int(status), "") if status >= 400 else ProviderDown("Sarvam's socket reported an error")
