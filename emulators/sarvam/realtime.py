"""`/speech-to-text-realtime/ws`: partials while the caller speaks, a final after."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Never

from aiohttp import web

from emulators.sarvam import catalogue
from emulators.sarvam.codecs import BYTES_A_SAMPLE, decode_base64, decode_stream, to_telephone
from emulators.sarvam.errors import ApiError
from emulators.sarvam.faults import Fault
from emulators.sarvam.provider import Provider
from emulators.sarvam.realtime_config import AT_BOUNDARY, AT_ONCE, Config, read_config, updated
from emulators.sarvam.recogniser import Heard
from emulators.sarvam.sockets import Dropped, Socket, converse
from emulators.sarvam.stt_faults import sleep_until_due, spoil_text, strike_at_end
from emulators.sarvam.utterances import Listener, Started, Utterance

_REJECTED: Final = 4000
FATAL: Final = {
    "event": "error",
    "code": "model_unavailable",
    "is_fatal": True,
    "message": "The model is unavailable",
    "status_code": 503,
}


async def serve_realtime(provider: Provider, request: web.Request) -> web.StreamResponse:
    """Serve one connection to its end."""

    async def session(socket: Socket) -> None:
        await _Session(provider, socket, await _admit(provider, socket, request.query)).run()

    return await converse(provider, request, "stt", session)


async def _admit(provider: Provider, socket: Socket, query: Mapping[str, str]) -> Config:
    """Read what is asked for, or close the socket with the code of the refusal."""
    if provider.faults.take(Fault.CONNECT_BETA):
        await _reject(socket, "beta_access_denied", "This account has no access to the realtime beta", 403)
    try:
        provider.check_credits()
    except ApiError as refusal:
        await _reject(socket, refusal.code, refusal.message, 403, close_code=1003)
    try:
        config = read_config(query)
        provider.check_model(config.model)
    except (ValueError, ApiError) as error:
        await _reject(socket, "invalid_config", str(error), 400)
    return config


async def _reject(socket: Socket, code: str, message: str, status: int, *, close_code: int = _REJECTED) -> Never:
    await socket.send({"event": "error", "code": code, "is_fatal": True, "message": message, "status_code": status})
    await socket.close(close_code, message)


class _Guess(NamedTuple):
    """A moment at which a partial is due."""

    idx: int
    config: Config
    pcm: bytes


class _Ended(NamedTuple):
    """An utterance whose final is due."""

    utterance: Utterance
    config: Config
    """What held while it was spoken."""
    at: float
    """Loop time at which it ended."""


class _Session:
    """One session after its handshake: a reader that cuts utterances, a writer that tells what they said."""

    def __init__(self, provider: Provider, socket: Socket, config: Config) -> None:
        self._provider, self._socket, self._config = provider, socket, config
        self._request_id = provider.request_id()
        self._begun = asyncio.get_running_loop().time()
        self._next_config = config
        self._guessed_s = 0.0
        self._last_guess = ""
        self._work: asyncio.Queue[_Guess | _Ended | None] = asyncio.Queue()
        self._split = b""
        self._listener = Listener(
            config.sample_rate,
            manual=config.endpointing == "manual",
            threshold=config.threshold,
            prefix_padding_ms=config.prefix_padding_ms,
            silence_duration_ms=config.silence_duration_ms,
            min_speech_duration_ms=config.min_speech_duration_ms,
        )

    async def run(self) -> None:
        """Converse until either side ends; `Dropped` when the connection is over."""
        await self._socket.send(
            {"event": "session.begin", "request_id": self._request_id, "config": self._config.echo()}
        )
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write())
                if not await self._read():
                    writer.cancel()
        except* Dropped:
            pass

    async def _read(self) -> bool:
        """Read to the end of the session; False when the client left without saying `end`."""
        death = self._provider.faults.take(Fault.STT_IDLE_DEATH)
        try:
            async for message in self._socket.messages(death.number if death else self._provider.latency.idle_s):
                if isinstance(message, bytes):
                    continue  # binary frames are ignored: the service takes audio as JSON alone
                if message.get("event") == "end":
                    self._work.put_nowait(None)
                    return True
                await self._obey(message)
        except TimeoutError:
            if death:
                await self._socket.cut()
            await self._socket.close(1008, "inactivity")
        except ValueError as error:
            await self._error("invalid_message", str(error))
        return False

    async def _obey(self, message: Mapping[str, Any]) -> None:
        match message.get("event"):
            case "audio_input":
                await self._take_audio(message.get("audio"))
            case "speech_start" if self._listener.manual:
                self._adopt(self._next_config)
                self._listener.start()
                self._guessed_s = self._listener.received_s
            case "speech_end" | "flush" if self._listener.manual:
                self._end_utterance(self._listener.end())
            case "config.update":
                await self._update(message)
            case "ping":
                await self._socket.send({"event": "pong"})

    async def _take_audio(self, audio: object) -> None:
        data = self._split + decode_base64(audio)
        whole = len(data) - len(data) % BYTES_A_SAMPLE[self._config.encoding]
        self._split = data[whole:]
        pcm = decode_stream(data[:whole], self._config.encoding)
        self._provider.journal.usage.stt_seconds += len(pcm) / 2 / self._config.sample_rate
        for happened in self._listener.feed(pcm):
            await self._tell_boundary(happened)
        if self._listener.speaking and self._config.stream_type != "simulated":
            self._guess()

    async def _tell_boundary(self, happened: Started | Utterance) -> None:
        if isinstance(happened, Started):
            self._guessed_s = self._listener.received_s
            await self._socket.send(
                {
                    "event": "vad.speech_start",
                    "utterance_idx": self._listener.index,
                    "confidence": happened.confidence,
                }
            )
            return
        if not self._provider.faults.take(Fault.STT_NO_SPEECH_END):
            await self._socket.send(
                {"event": "vad.speech_end", "utterance_idx": happened.idx, "confidence": happened.confidence}
            )
        self._end_utterance(happened)

    def _guess(self) -> None:
        every_s = self._provider.latency.stt_partial_s * (1 if self._config.stream_type == "fast" else 2)
        if self._listener.received_s - self._guessed_s >= every_s - 1e-6:
            self._guessed_s = self._listener.received_s
            self._work.put_nowait(_Guess(self._listener.index, self._config, self._listener.so_far))

    def _end_utterance(self, utterance: Utterance | None) -> None:
        if utterance is not None:
            self._work.put_nowait(_Ended(utterance, self._config, asyncio.get_running_loop().time()))
        self._adopt(self._next_config)

    async def _write(self) -> None:
        while True:
            match await self._work.get():
                case None:
                    await self._say_goodbye()
                case _Guess() as guess:
                    await self._send_partial(guess)
                case _Ended() as ended:
                    await self._send_final(ended)

    async def _send_partial(self, guess: _Guess) -> None:
        pcm = to_telephone(guess.pcm, guess.config.sample_rate)
        heard = await self._provider.hear_so_far(pcm, catalogue.ours(guess.config.language_code))
        if not heard.text or heard.text == self._last_guess:
            return
        self._last_guess = heard.text
        partial = {"event": "transcript.partial", "utterance_idx": guess.idx, "text": heard.text}
        await self._socket.send(partial | self._language(guess.config, heard))
        if self._provider.faults.take(Fault.STT_DROP_AFTER_PARTIAL):
            await self._socket.cut()

    async def _send_final(self, ended: _Ended) -> None:
        self._last_guess = ""
        pcm = to_telephone(ended.utterance.pcm, ended.config.sample_rate)
        heard = await self._provider.hear(pcm, catalogue.ours(ended.config.language_code), self._socket.path)
        await sleep_until_due(self._provider, ended.at)
        await strike_at_end(self._provider, self._socket, FATAL)
        faults = self._provider.faults
        if faults.take(Fault.STT_NO_FINAL):
            return
        final = {
            "event": "transcript.final",
            "utterance_idx": ended.utterance.idx - (1 if faults.take(Fault.STT_STALE_FINAL) else 0),
            "text": spoil_text(faults, heard.text),
        } | self._language(ended.config, heard, final=True)
        if ended.config.return_timestamps:
            final |= {"start_s": ended.utterance.start_s, "end_s": ended.utterance.end_s}
        if faults.take(Fault.STT_NUMBERS_AS_STRINGS):
            final = {name: str(value) for name, value in final.items()}
        for _ in range(2 if faults.take(Fault.STT_DUPLICATE_FINAL) else 1):
            await self._socket.send(final)

    def _language(self, config: Config, heard: Heard, *, final: bool = False) -> dict[str, Any]:
        """Tell the language, which a session does that was asked to detect it, or that a fault makes lie."""
        if final and (lie := self._provider.faults.take(Fault.STT_WRONG_LANGUAGE)):
            return {"language": lie.text, "language_confidence": 0.93}
        if config.language_code != "auto" or not heard.language:
            return {}
        confidence = {"language_confidence": heard.language_confidence} if final else {}
        return {"language": catalogue.odia_as(heard.language, "or-IN"), **confidence}

    async def _update(self, message: Mapping[str, Any]) -> None:
        try:
            self._next_config = updated(self._next_config, message)
        except (TypeError, ValueError) as error:
            await self._error("invalid_config", str(error))
            return
        for name in AT_ONCE:
            setattr(self._listener, name, getattr(self._next_config, name))
        if not self._listener.speaking:
            self._adopt(self._next_config)
        names = [name for name in (*AT_ONCE, *AT_BOUNDARY) if name in message]
        await self._socket.send({"event": "config.updated", "applied": [f"{name}={message[name]}" for name in names]})

    def _adopt(self, config: Config) -> None:
        self._config = config
        self._listener.manual = config.endpointing == "manual"

    async def _error(self, code: str, message: str) -> None:
        await self._socket.send({"event": "error", "code": code, "is_fatal": False, "message": message})

    async def _say_goodbye(self) -> None:
        now = asyncio.get_running_loop().time()
        await self._socket.send(
            {
                "event": "session.end",
                "request_id": self._request_id,
                "total_duration_s": round(now - self._begun, 3),
                "total_utterances": self._listener.index,
                "audio_duration_s": round(self._listener.received_s, 3),
            }
        )
        await self._socket.close(1000)
