"""The REST endpoints of speech."""

import base64
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

from aiohttp import BodyPartReader, web

from emulators.sarvam import catalogue
from emulators.sarvam.codecs import decode_file, encode
from emulators.sarvam.errors import ApiError, invalid
from emulators.sarvam.faults import Fault
from emulators.sarvam.provider import Provider
from emulators.sarvam.speech_request import Speech, read_speech

_LONGEST_AUDIO_S: Final = 30
_LARGEST_FILE: Final = 1_000_000
_LONGEST_TEXT: Final = 2500
_LONGEST_STREAMED: Final = 3500
_CHUNK: Final = 2048


async def speech_to_text(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Transcribe one uploaded file."""
    fields, file = await _read_form(request)
    language = fields.get("language_code", "unknown")
    _check_transcription(provider, fields, language)
    if file is None:
        raise ApiError(422, "Field required: file")
    if len(file) > _LARGEST_FILE:
        raise invalid("The file is larger than 1 MB", 413)
    try:
        clip = decode_file(file, fields.get("input_audio_codec"))
    except ValueError as error:
        raise invalid(f"Failed to read the file: {error}") from None
    if clip.seconds >= _LONGEST_AUDIO_S:
        raise invalid("Audio duration exceeds the maximum limit of 30 seconds. Use the batch API.")
    provider.journal.usage.stt_seconds += clip.seconds
    pinned = catalogue.ours(language)
    heard = await provider.hear(clip.pcm, pinned, request.path)
    detected = catalogue.odia_as(pinned or heard.language, "od-IN")
    return web.json_response(
        {
            "request_id": request_id,
            "transcript": heard.text,
            "timestamps": _timestamps(heard.text, clip.seconds) if fields.get("with_timestamps") == "true" else None,
            "diarized_transcript": None,
            "language_code": detected,
            "language_probability": heard.language_confidence if not pinned and detected else None,
        }
    )


async def _read_form(request: web.Request) -> tuple[dict[str, str], bytes | None]:
    if not request.content_type.startswith("multipart/"):
        raise ApiError(422, "Field required: file")
    fields: dict[str, str] = {}
    file: bytes | None = None
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            continue
        if part.name == "file":
            file = bytes(await part.read(decode=True))
        elif part.name:
            fields[part.name] = await part.text()
    return fields, file


def _check_transcription(provider: Provider, fields: Mapping[str, str], language: str) -> None:
    model = fields.get("model", "saaras:v3")
    provider.check_model(model)
    if model not in catalogue.STT_MODELS:
        raise invalid(f"model {model} is not known")
    if fields.get("mode", "transcribe") not in catalogue.MODES:
        raise invalid("mode is not known")
    if language not in catalogue.HEARD_BY_REST:
        raise invalid(f"language_code '{language}' is invalid")
    if "keyterms" in fields:
        _check_keyterms(fields["keyterms"], model)


def _check_keyterms(text: str, model: str) -> None:
    try:
        terms = json.loads(text)
    except ValueError:
        raise invalid("keyterms should be a JSON array") from None
    if model != catalogue.KEYTERM_MODEL:
        raise invalid(f"keyterms are supported by {catalogue.KEYTERM_MODEL} only")
    if not isinstance(terms, list) or len(terms) > 50 or any(len(str(term)) > 64 for term in terms):
        raise invalid("keyterms should be at most 50 texts of at most 64 characters")


def _timestamps(text: str, seconds: float) -> dict[str, Any]:
    return {"words": [text], "start_time_seconds": [0.0], "end_time_seconds": [round(seconds, 2)]} if text else {}


async def text_to_speech(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Speak one text; the audio comes as base64."""
    text, speech = await _read_speech(provider, request, _LONGEST_TEXT)
    pcm = await _speak(provider, request, request_id, text, speech)
    sound = encode(pcm, speech.codec, speech.rate_hz)
    audios = [] if provider.faults.take(Fault.REST_EMPTY_AUDIOS) else [base64.b64encode(sound.header + sound.body)]
    return web.json_response({"request_id": request_id, "audios": [audio.decode() for audio in audios]})


async def text_to_speech_stream(provider: Provider, request: web.Request, request_id: str) -> web.Response:
    """Speak one text; the body is the audio itself, in chunks."""
    text, speech = await _read_speech(provider, request, _LONGEST_STREAMED)
    pcm = await _speak(provider, request, request_id, text, speech)
    sound = encode(pcm, speech.codec, speech.rate_hz)
    whole = sound.header + sound.body

    async def chunks() -> AsyncIterator[bytes]:
        for at in range(0, len(whole), _CHUNK):
            yield whole[at : at + _CHUNK]

    return web.Response(body=chunks(), content_type=sound.content_type, headers={"Transfer-Encoding": "chunked"})


async def _read_speech(provider: Provider, request: web.Request, longest: int) -> tuple[str, Speech]:
    try:
        fields = await request.json()
    except ValueError:
        fields = None
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str):
        raise ApiError(422, "Field required: text")
    text = fields["text"]
    if not 0 < len(text) <= longest:
        raise invalid(f"text should have 1 to {longest} characters")
    model = str(fields.get("model", "bulbul:v3"))
    provider.check_model(model)
    return text, read_speech(fields, model, socket=False)


async def _speak(provider: Provider, request: web.Request, request_id: str, text: str, speech: Speech) -> bytes:
    return await provider.speak(
        text, speech.language, pace=speech.pace, codec=speech.codec, path=request.path, request_id=request_id
    )
