"""Sarvam's realtime socket, as a recogniser: partials while the borrower speaks.

We decide where an utterance begins and ends (`endpointing=manual`), since we know what answer is awaited, and send
audio around speech only: what is sent is billed. Audio goes in JSON, because binary frames are ignored.

Source: Sarvam, "Realtime speech to text".
"""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Literal

import structlog

from services.speech.ports import Final as FinalWords
from services.speech.ports import Partial, ProviderRefused, Source
from services.speech.sarvam import JsonSocket, SarvamAccount, SocketClosed, from_sarvam, number, to_realtime
from voicekit.audio import SAMPLE_RATE, ulaw_encode
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

_REJECTED: Final = 4000
_REFUSED: Final = 1003


class SarvamRealtime:
    """Opens realtime sessions."""

    source = Source.REALTIME
    eager = True

    def __init__(
        self,
        account: SarvamAccount,
        *,
        path: str = "/speech-to-text-realtime/ws",
        model: str = "saaras:v3-realtime",
        stream_type: str = "fast",
        mode: str = "transcribe",
        encoding: Literal["mulaw", "linear16"] = "mulaw",
        begin_within_s: float = 2.5,
        ping_every_s: float = 10.0,
        pong_within_s: float = 4.0,
    ) -> None:
        self._account, self._path = account, path
        self._parameters = {
            "model": model,
            "stream_type": stream_type,
            "mode": mode,
            "encoding": encoding,
            "sample_rate": str(SAMPLE_RATE),
            "endpointing": "manual",
        }
        self._begin_within_s, self._ping_every_s, self._pong_within_s = begin_within_s, ping_every_s, pong_within_s

    @asynccontextmanager
    async def open(self, language: str) -> AsyncIterator["RealtimeDictation"]:
        """Open a session; a connection is one only when the provider has said so."""
        asked = {**self._parameters, "language_code": to_realtime(language)}
        try:
            async with asyncio.timeout(self._begin_within_s):
                socket = await self._account.connect(self._path, asked)
                dictation = RealtimeDictation(socket, asked)
                try:
                    await dictation.wait_for_begin()
                except BaseException:
                    await socket.close()
                    raise
        except TimeoutError:
            raise ProviderDown("Sarvam's realtime session did not begin in time") from None
        pinging = asyncio.create_task(
            dictation.ping(self._ping_every_s, self._pong_within_s), name="ping the recogniser"
        )
        try:
            yield dictation
        finally:
            pinging.cancel()
            with suppress(ProviderDown):
                await socket.send({"event": "end"})
            await socket.close()


class RealtimeDictation:
    """One realtime session."""

    def __init__(self, socket: JsonSocket, asked: dict[str, str]) -> None:
        self._socket, self._asked = socket, asked
        self._language = asked["language_code"]
        self._mulaw = asked["encoding"] == "mulaw"
        self._begun: list[int] = []
        """Our numbers of utterances, by the provider's."""
        self._lives = asyncio.Event()
        self._last_error: dict[str, Any] = {}

    async def wait_for_begin(self) -> None:
        """Wait until the provider says that the session has begun, and compare what it took with what was asked."""
        async for message in self._messages():
            if message.get("event") != "session.begin":
                continue
            taken = message.get("config")
            config = taken if isinstance(taken, dict) else {}
            differing = [name for name, value in self._asked.items() if str(config.get(name, value)) != value]
            if differing:
                log.warning("The realtime recogniser took other parameters than asked.", parameters=differing)
            return

    async def begin(self, utterance: int, language: str) -> None:
        """Begin an utterance, in another language when need be."""
        code = to_realtime(language)
        if code != self._language:
            await self._socket.send({"event": "config.update", "language_code": code})
            self._language = code
        self._begun.append(utterance)
        await self._socket.send({"event": "speech_start"})

    async def audio(self, pcm: bytes) -> None:
        """Send audio of the utterance."""
        encoded = ulaw_encode(pcm) if self._mulaw else pcm
        await self._socket.send({"event": "audio_input", "audio": b64encode(encoded).decode()})

    async def end(self) -> None:
        """End the utterance."""
        await self._socket.send({"event": "speech_end"})

    async def heard(self) -> AsyncIterator[Partial | FinalWords]:
        """Return partials and finals; those of utterances that this session did not begin are left out."""
        async for message in self._messages():
            event = message.get("event")
            if event not in ("transcript.partial", "transcript.final"):
                continue
            utterance, text = self._utterance(message), message.get("text")
            if not utterance or not isinstance(text, str):
                continue
            if event == "transcript.partial":
                yield Partial(utterance, text)
            else:
                confidence = number(message.get("language_confidence")) or 0.0
                yield FinalWords(utterance, text.strip(), self._found(message), min(max(confidence, 0.0), 1.0))

    async def ping(self, every_s: float, within_s: float) -> None:
        """Ask for a sign of life now and then; without one, close, since a dead socket does not say so."""
        while True:
            await asyncio.sleep(every_s)
            self._lives.clear()
            try:
                await self._socket.send({"event": "ping"})
                async with asyncio.timeout(within_s):
                    await self._lives.wait()
            except (TimeoutError, ProviderDown):
                log.warning("The realtime recogniser gives no sign of life.")
                await self._socket.close()
                return

    def _utterance(self, message: dict[str, Any]) -> int:
        index = number(message.get("utterance_idx"))
        return self._begun[int(index)] if index is not None and 0 <= index < len(self._begun) else 0

    def _found(self, message: dict[str, Any]) -> str:
        return from_sarvam(message.get("language")) if self._language == "auto" else ""

    async def _messages(self) -> AsyncIterator[dict[str, Any]]:
        try:
            while True:
                message = await self._socket.receive()
                self._lives.set()
                if message.get("event") == "error":
                    self._last_error = message
                    log.warning("The realtime recogniser reports an error.", fatal=message.get("is_fatal") is True)
                yield message
        except SocketClosed as closed:
            if self._is_final(closed.code):
                raise ProviderRefused(f"Sarvam refused the realtime session ({closed.code})") from None
            raise

    def _is_final(self, code: int) -> bool:
        """Tell whether another session would be refused too."""
        said = f"{self._last_error.get('code', '')} {self._last_error.get('message', '')}".lower()
        if code == _REFUSED:
            return "rate" not in said or "quota" in said
        status = number(self._last_error.get("status_code"))
        return code == _REJECTED or status in (400, 401, 402, 403) or "quota" in said
