"""Sarvam's voice, and the whole way of sound: a line is spoken by our speech service, and heard by it again."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import grpc.aio
import numpy as np

from local.cases import CHECKED
from local.check.report import Report, Stop
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_tts_rest import SarvamTtsRest
from services.speech.sarvam_voice import Voice
from services.speech.settings import Settings
from voice.speech import v1 as pb
from voicekit.audio import BYTES_PER_MS
from voicekit.errors import ProviderDown, VoiceError
from voicekit.rpc import channel
from voicekit.settings import ServiceSettings

LINE, LANGUAGE = CHECKED
_PIECE_MS: Final = 100
_WITHIN_S: Final = 30.0
_AUDIBLE: Final = 100
"""Least root mean square of 16-bit samples that is no silence."""


class Addresses(ServiceSettings):
    """Where our services are; the defaults are telephony's."""

    speech_address: str = "localhost:50052"
    """host:port of speech."""
    dialog_address: str = "localhost:50053"
    """host:port of dialog."""


async def check_tts(report: Report) -> None:
    """Have Sarvam speak a line, once, with the voice of the settings."""
    settings = report.settings(Settings)
    voice = Voice(
        model=settings.sarvam_tts_model,
        speaker=settings.sarvam_voice,
        speakers=settings.sarvam_voices,
        pace=settings.sarvam_tts_pace,
        temperature=settings.sarvam_tts_temperature,
    )
    tried = f"have {settings.sarvam_http_base} speak a line in {LANGUAGE} ({voice.name(LANGUAGE)})"
    key = settings.sarvam_api_key.get_secret_value()
    async with SarvamAccount.open(
        key=key, http_base=settings.sarvam_http_base, ws_base=settings.sarvam_ws_base
    ) as account:
        try:
            pieces = [piece async for piece in SarvamTtsRest(account, voice, within_s=10).synthesise(LINE, LANGUAGE)]
        except VoiceError as error:
            report.bad(tried, f"{error}; is SARVAM_API_KEY right, and the plan not used up?")
            return
    _judge_sound(report, tried, b"".join(pieces))


async def check_audio(report: Report) -> None:
    """Have our speech service speak a line, and play it back to it as a borrower's line would sound."""
    address = report.settings(Addresses).speech_address
    async with channel(address, "voice.speech.v1.SpeechService", media=True) as connection:
        stub: Any = pb.SpeechServiceStub(connection)
        try:
            sound = await _spoken(stub)
        except grpc.aio.AioRpcError as error:
            report.bad(f"have speech at {address} speak a line", f"{error.code().name}: {error.details()}")
            raise Stop from None
        if not _judge_sound(report, f"have speech at {address} speak a line", sound):
            return
        tried = "play that line back to speech, and have it heard"
        try:
            async with asyncio.timeout(_WITHIN_S):
                words = await _heard(stub, sound)
        except grpc.aio.AioRpcError as error:
            report.bad(tried, f"{error.code().name}: {error.details()}")
        except ProviderDown as error:
            report.bad(tried, str(error))
        except TimeoutError:
            report.bad(tried, f"no words within {_WITHIN_S:g} s")
        else:
            _judge_words(report, tried, words)


async def _spoken(stub: Any) -> bytes:
    request = pb.SpeakRequest(call_id="check", language=LANGUAGE, lines=[pb.Line(text=LINE)])
    return b"".join([answer.audio.pcm async for answer in stub.Speak(request, timeout=_WITHIN_S)])


async def _heard(stub: Any, sound: bytes) -> str:
    expectation = pb.Expectation(language=LANGUAGE)

    async def requests() -> AsyncIterator[pb.ListenRequest]:
        config = pb.ListenConfig(call_id="check", expectation=expectation)
        yield pb.ListenRequest(steps=[pb.CallStep(call=1, config=config)])
        size = _PIECE_MS * BYTES_PER_MS
        line = sound + bytes(20 * size)
        for piece in (line[at : at + size] for at in range(0, len(line), size)):
            yield pb.ListenRequest(steps=[pb.CallStep(call=1, audio=piece)])
            await asyncio.sleep(_PIECE_MS / 1000)  # as a line brings it
        yield pb.ListenRequest(steps=[pb.CallStep(call=1, finished=pb.ListenFinished())])

    answers = stub.Listen(requests(), timeout=_WITHIN_S)
    events = [event async for answer in answers for event in answer.events]
    if failed := next((event.failed for event in events if event.HasField("failed")), None):
        raise ProviderDown(failed.reason)
    return " ".join(event.transcript.text for event in events if event.HasField("transcript"))


def _judge_sound(report: Report, tried: str, sound: bytes) -> bool:
    samples = np.frombuffer(sound[: len(sound) & ~1], dtype="<i2").astype(np.float64)
    loudness = float(np.sqrt(np.mean(samples**2))) if len(samples) else 0.0
    if loudness < _AUDIBLE:
        report.bad(tried, f"{len(sound) // BYTES_PER_MS} ms came, and they are silent")
        return False
    report.good(tried, f"{len(sound) // BYTES_PER_MS} ms of sound")
    return True


def _judge_words(report: Report, tried: str, words: str) -> None:
    if not words.strip():
        report.bad(tried, "nothing was understood")
    elif set(words.replace(",", "").split()) & set(LINE.replace(",", "").split()):
        report.good(tried, f"“{words}”")
    else:
        report.bad(tried, f"“{LINE}” was heard as “{words}”")
