"""`/text-to-speech/ws`: text in, audio out, faster than it plays, and no way to take it back."""

import asyncio
import base64
import random
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from aiohttp import web

from emulators.sarvam.codecs import Encoded, encode, open_wav_header
from emulators.sarvam.errors import ApiError, invalid
from emulators.sarvam.faults import Fault, Hit
from emulators.sarvam.provider import Provider
from emulators.sarvam.sockets import Dropped, Socket, converse
from emulators.sarvam.speech_request import Speech, read_speech

_CHUNK_BYTES: Final = (1100, 2200)
_LONGEST_TEXT: Final = 2500
_SENTENCE: Final = re.compile(r"(?<=[.!?।॥])\s+")


class _Piece(NamedTuple):
    """A text whose turn comes."""

    text: str
    speech: Speech
    at: float
    """Loop time at which the service had it."""


class _Flush(NamedTuple):
    """The end of what one flush asked for."""


async def serve_tts(provider: Provider, request: web.Request) -> web.StreamResponse:
    """Serve one connection to its end."""
    model = request.query.get("model", "bulbul:v3")
    completes = request.query.get("send_completion_event", "false").lower() == "true"

    async def session(socket: Socket) -> None:
        await _Session(provider, socket, model, completes=completes).run()

    return await converse(provider, request, "tts", session)


def pieces(text: str, longest: int) -> Iterator[str]:
    """Cut a text at sentence ends, or at words where a sentence is too long, into pieces of at most `longest`."""
    piece = ""
    for part in _SENTENCE.split(text.strip()):
        for word in [part] if len(part) <= longest else part.split():
            joined = f"{piece} {word}".strip()
            if len(joined) > longest and piece:
                yield piece
                joined = word
            piece = joined
    if piece:
        yield piece


class _Session:
    """One connection: a reader that buffers text, and a speaker that works through it in order."""

    def __init__(self, provider: Provider, socket: Socket, model: str, *, completes: bool) -> None:
        self._provider, self._socket, self._model = provider, socket, model
        self._completes = completes
        self._request_id = provider.request_id()
        self._random = random.Random(f"{provider.seed} {self._request_id}")
        self._speech: Speech | None = None
        self._buffer = ""
        self._work: asyncio.Queue[_Piece | _Flush] = asyncio.Queue()
        self._last_chunk = b""
        self._reply_begun = False

    async def run(self) -> None:
        """Speak until either side ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                speaker = tasks.create_task(self._speak_all())
                await self._read()
                speaker.cancel()
        except* Dropped:
            pass

    async def _read(self) -> None:
        death = self._provider.faults.take(Fault.TTS_IDLE_DEATH)
        try:
            async for message in self._socket.messages(death.number if death else self._provider.latency.idle_s):
                if isinstance(message, bytes):
                    continue
                try:
                    await self._obey(message)
                except ApiError as error:
                    await self._error(error)
        except TimeoutError:
            if death:
                await self._socket.cut()
            await self._socket.close(1000, "idle")
        except ValueError:
            await self._error(invalid("Input parameters must be a valid dictionary", 422))

    async def _obey(self, message: Mapping[str, Any]) -> None:
        data = message.get("data")
        match message.get("type"):
            case "config" if isinstance(data, dict):
                self._configure(data)
            case "ping":
                pass  # it resets the idle timer, and gets no reply
            case "text" | "flush" if self._speech is None:
                await self._error(invalid("The first message must be a valid config"))
            case "text" if isinstance(data, dict):
                self._take_text(str(data.get("text", "")))
            case "flush":
                self._flush()
            case _:
                raise invalid("Input parameters must be a valid dictionary", 422)

    def _configure(self, data: Mapping[str, Any]) -> None:
        if self._provider.faults.take(Fault.TTS_DEPRECATED):
            raise invalid(f"Model {self._model} is deprecated. Please use bulbul:v3.")
        self._provider.check_model(self._model)
        speech = read_speech(data, self._model, socket=True)
        if self._speech is not None:
            self._speak_buffer()  # what was sent before a new config is spoken as the old one asked
        self._speech = speech

    def _take_text(self, text: str) -> None:
        if not 0 < len(text) <= _LONGEST_TEXT:
            raise invalid(f"text should have 1 to {_LONGEST_TEXT} characters")
        self._provider.check_credits()
        self._buffer += text
        if self._speech and len(self._buffer) >= self._speech.min_buffer:
            self._speak_buffer()

    def _flush(self) -> None:
        self._speak_buffer()
        self._work.put_nowait(_Flush())

    def _speak_buffer(self) -> None:
        text, self._buffer = self._buffer, ""
        if self._speech is not None:
            now = asyncio.get_running_loop().time()
            for piece in pieces(text, self._speech.max_chunk):
                self._work.put_nowait(_Piece(piece, self._speech, now))

    async def _speak_all(self) -> None:
        while True:
            match await self._work.get():
                case _Piece() as piece:
                    await self._speak(piece)
                case _Flush():
                    await self._finish_reply()

    async def _speak(self, piece: _Piece) -> None:
        faults = self._provider.faults
        if faults.take(Fault.TTS_ERROR_WITHOUT_CODE):
            return await self._error(invalid("internal failure"), code=None)
        if faults.take(Fault.TTS_ERROR_CODE_STRING):
            return await self._error(invalid("422: unprocessable", 422), code="422")
        pcm = await self._provider.speak(
            piece.text,
            piece.speech.language,
            pace=piece.speech.pace,
            codec=piece.speech.codec,
            path=self._socket.path,
            request_id=self._request_id,
        )
        due = piece.at + self._provider.latency.tts_first_byte_s
        await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
        if faults.take(Fault.TTS_NO_AUDIO):
            return None
        return await self._send(encode(pcm, piece.speech.codec, piece.speech.rate_hz), piece.speech.rate_hz)

    async def _send(self, sound: Encoded, rate_hz: int) -> None:
        """Send one piece in chunks, at the pace of generation."""
        faults = self._provider.faults
        if not self._reply_begun:
            self._reply_begun = True
            await self._begin_reply(sound, rate_hz)
        slow = faults.take(Fault.TTS_SLOW)
        speed = slow.number if slow else self._provider.latency.tts_speed
        stall, close = faults.take(Fault.TTS_STALL), faults.take(Fault.TTS_CLOSE_MID_REPLY)
        sent = 0
        for chunk in self._chunks(sound.body, odd=faults.take(Fault.TTS_ODD_CHUNKS) is not None):
            if sent + len(chunk) > len(sound.body) / 2:
                await self._break_off(stall, close)
                stall = close = None
            if sent + len(chunk) == len(sound.body) and faults.take(Fault.TTS_EARLY_FINAL):
                await self._final()
            await self._audio(chunk, sound.content_type)
            sent += len(chunk)
            self._last_chunk = chunk
            await asyncio.sleep(len(chunk) / sound.bytes_a_second / speed)

    async def _begin_reply(self, sound: Encoded, rate_hz: int) -> None:
        if sound.header or self._provider.faults.take(Fault.TTS_HEADER_ONLY):
            await self._audio(open_wav_header(rate_hz), sound.content_type)
        if self._last_chunk and self._provider.faults.take(Fault.TTS_STALE_AUDIO):
            await self._audio(self._last_chunk, sound.content_type)

    async def _break_off(self, stall: Hit | None, close: Hit | None) -> None:
        if stall:
            await asyncio.sleep(stall.number)
        if close:
            await self._socket.close(int(close.number), "internal error")

    def _chunks(self, body: bytes, *, odd: bool) -> Iterator[bytes]:
        at = 0
        while at < len(body):
            size = self._random.randint(*_CHUNK_BYTES) // 2 * 2 + odd
            yield body[at : at + size]
            at += size

    async def _finish_reply(self) -> None:
        self._reply_begun = False
        faults = self._provider.faults
        if not faults.take(Fault.TTS_NO_FINAL):
            for _ in range(2 if faults.take(Fault.TTS_TWO_FINALS) else 1):
                await self._final()
        if faults.take(Fault.TTS_CLOSE_BETWEEN):
            await self._socket.close(1000)

    async def _final(self) -> None:
        if self._completes:
            data = {"event_type": "final", "message": "", "timestamp": f"{self._provider.now():%Y-%m-%dT%H:%M:%SZ}"}
            await self._socket.send({"type": "event", "data": data})

    async def _audio(self, chunk: bytes, content_type: str) -> None:
        data = {"content_type": content_type, "audio": base64.b64encode(chunk).decode(), "request_id": self._request_id}
        await self._socket.send({"type": "audio", "data": data})

    async def _error(self, error: ApiError, code: int | str | None = 0) -> None:
        """Send an error frame; `code` None leaves it out, as the service sometimes does."""
        data: dict[str, Any] = {"message": f"{error.status}: {error.message}", "request_id": self._request_id}
        if code is not None:
            data |= {"code": code or error.status, "details": {}}
        await self._socket.send({"type": "error", "data": data})
