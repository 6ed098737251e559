"""`/speech-to-text/ws`: the older socket, without partials."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from aiohttp import web

from emulators.audio import read_wav
from emulators.sarvam import catalogue
from emulators.sarvam.codecs import decode_base64, to_telephone
from emulators.sarvam.errors import ApiError
from emulators.sarvam.faults import Fault
from emulators.sarvam.provider import Provider
from emulators.sarvam.sockets import Dropped, Socket, converse
from emulators.sarvam.stt_faults import sleep_until_due, spoil_text, strike_at_end
from emulators.sarvam.utterances import Listener, Started, Utterance

FATAL: Final = {"type": "error", "data": {"error": "Internal server error", "code": "internal_server_error"}}
_CODECS: Final = frozenset({"wav", "pcm_s16le", "pcm_l16", "pcm_raw"})


@dataclass(frozen=True, slots=True)
class Config:
    """What the query asks for."""

    language_code: str
    model: str
    sample_rate: int
    vad_signals: bool
    flush_signal: bool
    silence_ms: int


def read_config(query: Mapping[str, str]) -> Config:
    """Read the query; `language-code` has a hyphen here. `ValueError` for a wrong value."""
    config = Config(
        language_code=query.get("language-code", "unknown"),
        model=query.get("model", "saaras:v3"),
        sample_rate=int(query.get("sample_rate", "16000")),
        vad_signals=query.get("vad_signals") == "true",
        flush_signal=query.get("flush_signal") == "true",
        silence_ms=500 if query.get("high_vad_sensitivity") == "true" else 1000,
    )
    allowed = (
        ("language-code", config.language_code, catalogue.HEARD_BY_REST),
        ("model", config.model, catalogue.STT_MODELS),
        ("mode", query.get("mode", "transcribe"), catalogue.MODES),
        ("sample_rate", config.sample_rate, {8000, 16000}),
        ("input_audio_codec", query.get("input_audio_codec", "wav"), _CODECS),
    )
    if wrong := [name for name, value, values in allowed if value not in values]:
        raise ValueError(f"invalid {', '.join(wrong)}")
    return config


async def serve_legacy(provider: Provider, request: web.Request) -> web.StreamResponse:
    """Serve one connection to its end."""

    async def session(socket: Socket) -> None:
        await _Session(provider, socket, await _admit(provider, socket, request.query)).run()

    return await converse(provider, request, "stt", session)


async def _admit(provider: Provider, socket: Socket, query: Mapping[str, str]) -> Config:
    """Read what is asked for, or say why not and close the socket."""
    try:
        provider.check_credits()
        config = read_config(query)
        provider.check_model(config.model)
    except (ValueError, ApiError) as error:
        code = error.code if isinstance(error, ApiError) else "invalid_request_error"
        await socket.send({"type": "error", "data": {"error": str(error), "code": code}})
        await socket.close(1008, str(error))
    return config


class _Ended(NamedTuple):
    utterance: Utterance
    at: float


class _Session:
    def __init__(self, provider: Provider, socket: Socket, config: Config) -> None:
        self._provider, self._socket, self._config = provider, socket, config
        self._request_id = provider.request_id()
        self._work: asyncio.Queue[_Ended] = asyncio.Queue()
        self._listener = Listener(config.sample_rate, manual=False, silence_duration_ms=config.silence_ms)

    async def run(self) -> None:
        """Listen until either side ends."""
        try:
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write())
                await self._read()
                writer.cancel()
        except* Dropped:
            pass

    async def _read(self) -> None:
        death = self._provider.faults.take(Fault.STT_IDLE_DEATH)
        try:
            async for message in self._socket.messages(death.number if death else self._provider.latency.idle_s):
                if isinstance(message, bytes):
                    continue
                if isinstance(audio := message.get("audio"), dict):
                    await self._take_audio(audio)
                elif message.get("type") == "flush" and self._config.flush_signal:
                    await self._end(self._listener.end() if self._listener.speaking else None)
        except TimeoutError:
            await self._socket.cut()  # this socket dies of idleness without a close frame
        except ValueError as error:
            await self._socket.send({"type": "error", "data": {"error": str(error), "code": "invalid_request_error"}})
            await self._socket.close(1003, "invalid message")

    async def _take_audio(self, audio: Mapping[str, Any]) -> None:
        data = decode_base64(audio.get("data"))
        if str(audio.get("sample_rate", self._config.sample_rate)) == "8000" and self._config.sample_rate != 8000:
            raise ValueError("8000 Hz must be asked for in the query")
        pcm = read_wav(data).pcm if data[:4] == b"RIFF" else data
        self._provider.journal.usage.stt_seconds += len(pcm) / 2 / self._config.sample_rate
        for happened in self._listener.feed(pcm):
            if isinstance(happened, Started):
                await self._signal("START_SPEECH")
            else:
                await self._end(happened)

    async def _end(self, utterance: Utterance | None) -> None:
        if utterance is None:
            return
        if not self._provider.faults.take(Fault.STT_NO_SPEECH_END):
            await self._signal("END_SPEECH")
        self._work.put_nowait(_Ended(utterance, asyncio.get_running_loop().time()))

    async def _signal(self, signal: str) -> None:
        if self._config.vad_signals:
            stamp = self._provider.now().timestamp()
            # `occured_at` has one r on the wire.
            await self._socket.send({"type": "events", "data": {"signal_type": signal, "occured_at": stamp}})

    async def _write(self) -> None:
        while True:
            ended = await self._work.get()
            pcm = to_telephone(ended.utterance.pcm, self._config.sample_rate)
            pinned = catalogue.ours(self._config.language_code)
            heard = await self._provider.hear(pcm, pinned, self._socket.path)
            await sleep_until_due(self._provider, ended.at)
            await strike_at_end(self._provider, self._socket, FATAL)
            faults = self._provider.faults
            if faults.take(Fault.STT_NO_FINAL):
                continue
            lie = faults.take(Fault.STT_WRONG_LANGUAGE)
            data = {
                "request_id": self._request_id,
                "transcript": spoil_text(faults, heard.text),
                "timestamps": None,
                "diarized_transcript": None,
                "language_code": lie.text if lie else catalogue.odia_as(None if pinned else heard.language, "od-IN"),
                "language_probability": None if pinned else heard.language_confidence,
                "metrics": {
                    "audio_duration": round(len(pcm) / 16000, 3),
                    "processing_latency": self._provider.latency.stt_final_s,
                },
            }
            for _ in range(2 if faults.take(Fault.STT_DUPLICATE_FINAL) else 1):
                await self._socket.send({"type": "data", "data": data})
