import base64
import io
from typing import Any

import aiohttp
import pytest

from emulators.audio import read_wav, resample, wav_bytes
from emulators.sarvam import SarvamEmulator
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.sarvam.telephone import Line, over_the_phone

pytestmark = pytest.mark.virtual_time

SPEECH = {"text": "नमस्ते", "language_code": "hi-IN", "speech_sample_rate": 8000, "output_audio_codec": "linear16"}


def form(audio: bytes | None, **fields: str) -> aiohttp.FormData:
    data = aiohttp.FormData(fields)
    if audio is not None:
        data.add_field("file", io.BytesIO(audio), filename="turn.wav", content_type="audio/wav")
    return data


def spoken(text: str, language: str) -> bytes:
    return over_the_phone(synthesise(text, language, voice=CALLER_VOICE), Line(snr_db=25))


async def transcribe(http: aiohttp.ClientSession, audio: bytes | None, **fields: str) -> dict[str, Any]:
    async with http.post("/speech-to-text", data=form(audio, **fields)) as response:
        assert response.status == 200, await response.text()
        answer: dict[str, Any] = await response.json()
    return answer


async def test_a_wav_file_is_transcribed(http: aiohttp.ClientSession) -> None:
    answer = await transcribe(http, wav_bytes(spoken("हाँ", "hi-IN")), language_code="hi-IN", model="saaras:v3")
    assert answer["transcript"] == "हाँ"
    assert (answer["language_code"], answer["language_probability"]) == ("hi-IN", None)


async def test_odia_is_od_in_and_out(http: aiohttp.ClientSession) -> None:
    odia = wav_bytes(spoken("ମୁଁ ପରେ ଟଙ୍କା ଦେବି", "or-IN"))
    assert (await transcribe(http, odia, language_code="od-IN"))["language_code"] == "od-IN"
    detected = await transcribe(http, odia)
    assert detected["language_code"] == "od-IN"
    assert detected["language_probability"] > 0.5
    async with http.post("/speech-to-text", data=form(odia, language_code="or-IN")) as response:
        assert response.status == 400


async def test_raw_pcm_is_taken_for_16_khz_so_that_8_khz_is_not_understood(http: aiohttp.ClientSession) -> None:
    narrow = spoken("मैं पाँच तारीख को भर दूँगा", "hi-IN")
    wide = resample(narrow, 8000, 16000)
    declared = {"input_audio_codec": "pcm_s16le", "language_code": "hi-IN"}
    assert (await transcribe(http, wide, **declared))["transcript"] == "मैं पाँच तारीख को भर दूँगा"
    assert (await transcribe(http, narrow, **declared))["transcript"] == ""


async def test_silence_is_an_empty_transcript_and_no_error(http: aiohttp.ClientSession) -> None:
    answer = await transcribe(http, wav_bytes(bytes(16000)), language_code="hi-IN")
    assert answer["transcript"] == ""


@pytest.mark.parametrize(
    ("audio", "fields", "status"),
    [
        (None, {}, 422),
        (wav_bytes(bytes(31 * 16000)), {}, 400),
        (wav_bytes(bytes(1_100_000)), {}, 413),
        (bytes(1600), {}, 400),
        (wav_bytes(bytes(1600)), {"model": "saarika:v2.5"}, 400),
        (wav_bytes(bytes(1600)), {"mode": "poetry"}, 400),
        (wav_bytes(bytes(1600)), {"language_code": "auto"}, 400),
        (wav_bytes(bytes(1600)), {"keyterms": '["Asha"]'}, 400),
        (wav_bytes(bytes(1600)), {"model": "saaras:v4", "keyterms": "Asha"}, 400),
    ],
)
async def test_a_wrong_upload_is_refused_in_the_services_envelope(
    http: aiohttp.ClientSession, audio: bytes | None, fields: dict[str, str], status: int
) -> None:
    async with http.post("/speech-to-text", data=form(audio, **fields)) as response:
        assert response.status == status
        error = (await response.json())["error"]
    assert set(error) == {"request_id", "message", "code"}
    assert error["code"] in {"invalid_request_error", "unprocessable_entity_error"}


async def test_a_text_is_spoken_in_each_codec(http: aiohttp.ClientSession) -> None:
    pcm = synthesise("नमस्ते", "hi-IN")
    sizes = {}
    for codec in ("linear16", "mulaw", "alaw", "wav"):
        async with http.post("/text-to-speech", json={**SPEECH, "output_audio_codec": codec}) as response:
            [audio] = (await response.json())["audios"]
        sizes[codec] = base64.b64decode(audio)
    assert sizes["linear16"] == pcm
    assert len(sizes["mulaw"]) == len(sizes["alaw"]) == len(pcm) // 2
    assert read_wav(sizes["wav"]) == (pcm, 8000, 1)


async def test_the_default_is_a_wav_file_at_22050_hz(http: aiohttp.ClientSession) -> None:
    async with http.post("/text-to-speech", json={"text": "yes", "target_language_code": "en-IN"}) as response:
        [audio] = (await response.json())["audios"]
    assert read_wav(base64.b64decode(audio)).rate_hz == 22050


async def test_the_stream_is_the_audio_itself(http: aiohttp.ClientSession) -> None:
    async with http.post("/text-to-speech/stream", json=SPEECH) as response:
        assert response.content_type == "audio/pcm"
        assert await response.read() == synthesise("नमस्ते", "hi-IN")


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"text": ""}, 400),
        ({"text": "क" * 2501}, 400),
        ({"text": None}, 422),
        ({"language_code": "or-IN"}, 400),
        ({"model": "bulbul:v2"}, 400),
        ({"speaker": "anushka"}, 400),
        ({"model": "bulbul:v4-flash", "speaker": "priya"}, 400),
        ({"pace": 0.2}, 400),
        ({"output_audio_codec": "opus"}, 400),
        ({"sample_rate": 8000}, 422),
    ],
)
async def test_a_wrong_wish_is_refused(http: aiohttp.ClientSession, change: dict[str, object], status: int) -> None:
    async with http.post("/text-to-speech", json={**SPEECH, **change}) as response:
        assert response.status == status


async def test_pace_makes_speech_shorter(http: aiohttp.ClientSession, sarvam: SarvamEmulator) -> None:
    for pace in (1.0, 1.6):
        await http.post("/text-to-speech", json={**SPEECH, "pace": pace})
    normal, fast = sarvam.provider.journal.rendered
    assert len(fast.pcm) < 0.8 * len(normal.pcm)


async def test_the_language_of_a_text_is_told_by_its_script(http: aiohttp.ClientSession) -> None:
    told = {}
    for text in ("नमस्ते जी", "मी नंतर बोला", "ଧନ୍ୟବାଦ", "yes", "123"):
        async with http.post("/text-lid", json={"input": text}) as response:
            answer = await response.json()
        told[text] = (answer["language_code"], answer["script_code"])
    assert list(told.values()) == [
        ("hi-IN", "Deva"),
        ("mr-IN", "Deva"),
        ("od-IN", "Orya"),
        ("en-IN", "Latn"),
        (None, None),
    ]


async def test_a_missing_or_wrong_key_is_403_and_a_versioned_path_404(sarvam: SarvamEmulator) -> None:
    async with aiohttp.ClientSession(sarvam.http_base) as stranger:
        for headers in ({}, {"api-subscription-key": "stolen"}):
            async with stranger.post("/text-to-speech", json=SPEECH, headers=headers) as response:
                assert response.status == 403
                assert (await response.json())["error"]["code"] == "invalid_api_key_error"
        async with stranger.post("/v1/text-to-speech", json=SPEECH) as response:
            assert response.status == 404
            assert (await response.json())["error"]["code"] == "not_found_error"


async def test_usage_counts_characters_and_seconds(http: aiohttp.ClientSession, sarvam: SarvamEmulator) -> None:
    await http.post("/text-to-speech", json=SPEECH)
    await transcribe(http, wav_bytes(bytes(16000 * 2)), language_code="hi-IN")
    usage = sarvam.provider.journal.usage
    assert (usage.tts_characters, usage.stt_seconds, usage.requests) == (6, 2.0, 2)
