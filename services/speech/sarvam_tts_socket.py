"""Sarvam's speaking socket: the first audio about 0.2 s after the text.

It has no cancel, and its answers do not say to which text they belong. So a socket speaks one line at a time; one
whose line was broken off is closed; one that has finished rests until it has been quiet for a moment, so that what
comes late of one line is never heard in the next. A few sockets are kept open, since opening takes 0.15 s.

Source: Sarvam, "Text to speech, streaming".
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

import structlog

from services.speech.sarvam import JsonSocket, SarvamAccount
from services.speech.sarvam_voice import Voice, decode, error_in, without_header
from voicekit.errors import ProviderDown

log = structlog.get_logger(__name__)

_QUIET_S: Final = 0.3
_LONGEST_IDLE_S: Final = 600.0


class _Idle:
    """An open socket that waits for its next line, and watches that nothing comes meanwhile."""

    def __init__(self, socket: JsonSocket) -> None:
        self.socket = socket
        self.since = asyncio.get_running_loop().time()
        self._watch = asyncio.create_task(socket.receive(), name="watch an idle socket")

    @property
    def spoilt(self) -> bool:
        """True when it has closed, or something came that nobody waits for."""
        return self._watch.done() or self.socket.closed

    @property
    def rested(self) -> bool:
        """True when it has been quiet for long enough to be used again."""
        return asyncio.get_running_loop().time() - self.since >= _QUIET_S

    async def wake(self) -> JsonSocket | None:
        """Return the socket for use; None when it turns out to be spoilt."""
        self._watch.cancel()
        await asyncio.wait([self._watch])
        return self.socket if self._watch.cancelled() else None

    async def close(self) -> None:
        """Close it."""
        self._watch.cancel()
        await asyncio.gather(self._watch, return_exceptions=True)
        await self.socket.close()


class SarvamTtsSocket:
    """Speaks over sockets."""

    def __init__(
        self,
        account: SarvamAccount,
        voice: Voice,
        *,
        path: str = "/text-to-speech/ws",
        warm: int = 1,
        most_idle: int = 16,
        open_within_s: float = 2.0,
        ping_every_s: float = 20.0,
    ) -> None:
        """Speak with `voice`, with `warm` spare sockets while `running`, and at most `most_idle` kept after use."""
        self._account, self._voice, self._path = account, voice, path
        self._warm, self._most_idle = warm, most_idle
        self._open_within_s, self._ping_every_s = open_within_s, ping_every_s
        self._idle: list[_Idle] = []
        self._taken = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep spare sockets open and alive as long as the block lasts, and close them all after it."""
        keeping = asyncio.create_task(self._keep_warm(), name="keep spare sockets")
        try:
            yield
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            await asyncio.gather(*(idle.close() for idle in self._idle))
            self._idle.clear()

    async def synthesise(self, text: str, language: str) -> AsyncGenerator[bytes, None]:
        """Speak one line; closing the generator closes its socket."""
        socket = await self._take()
        finished = False
        try:
            await socket.send({"type": "config", "data": self._voice.parameters(language)})
            await socket.send({"type": "text", "data": {"text": text}})
            await socket.send({"type": "flush"})
            first = True
            while (piece := await self._next_piece(socket, first)) is not None:
                yield without_header(piece) if first else piece
                first = False
            finished = True
        finally:
            if finished and len(self._idle) < self._most_idle:
                self._idle.append(_Idle(socket))
            else:
                await socket.close()

    async def _next_piece(self, socket: JsonSocket, first: bool) -> bytes | None:
        """Return the next audio; None after the last."""
        while True:
            message = await socket.receive()
            data: Any = message.get("data")
            if not isinstance(data, dict):
                continue
            if message.get("type") == "audio":
                return decode(data.get("audio"))
            if message.get("type") == "error":
                raise error_in(data)
            # One before any audio tells of a flush before ours: a new `config` flushes too.
            if data.get("event_type") == "final" and not first:
                return None

    async def _take(self) -> JsonSocket:
        for idle in [each for each in self._idle if each.rested or each.spoilt]:
            self._idle.remove(idle)
            self._taken.set()
            if not idle.spoilt and (socket := await idle.wake()):
                return socket
            await idle.close()
        return await self._open()

    async def _open(self) -> JsonSocket:
        asked = {"model": self._voice.model, "send_completion_event": "true"}
        try:
            async with asyncio.timeout(self._open_within_s):
                # The protocol's own ping finds dead sockets; only the JSON one keeps the provider from closing.
                return await self._account.connect(self._path, asked, heartbeat_s=self._ping_every_s)
        except TimeoutError:
            raise ProviderDown("Sarvam's socket did not open in time") from None

    async def _keep_warm(self) -> None:
        while True:
            self._taken.clear()
            await self._drop_spoilt()
            try:
                while len(self._idle) < self._warm:
                    self._idle.append(_Idle(await self._open()))
            except ProviderDown as error:
                log.warning("No spare socket opens.", error=str(error))
                await asyncio.sleep(self._ping_every_s)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._ping_every_s):
                    await self._taken.wait()
            for idle in list(self._idle):
                with suppress(ProviderDown):
                    await idle.socket.send({"type": "ping"})

    async def _drop_spoilt(self) -> None:
        old = asyncio.get_running_loop().time() - _LONGEST_IDLE_S
        for idle in [each for each in self._idle if each.spoilt or each.since < old]:
            self._idle.remove(idle)
            await idle.close()
