import base64

import pytest

from emulators.audio import silence, wav_bytes
from emulators.sarvam import SarvamEmulator
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.sarvam.client import LEGACY, Wire, connect
from tests.emulators.sarvam.telephone import over_the_phone

pytestmark = pytest.mark.virtual_time

TELEPHONE = {"sample_rate": "8000", "input_audio_codec": "pcm_s16le", "model": "saaras:v3"}


async def say(wire: Wire, pcm: bytes, *, rate: int = 8000) -> None:
    for at in range(0, len(pcm), 3200):
        data = base64.b64encode(pcm[at : at + 3200]).decode()
        await wire.send(audio={"data": data, "sample_rate": rate, "encoding": "audio/wav"})


def spoken(text: str, language: str = "hi-IN") -> bytes:
    return over_the_phone(synthesise(text, language, voice=CALLER_VOICE)) + silence(1200)


async def test_a_segment_is_told_by_events_and_transcribed_without_partials(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language__code="hi-IN", vad_signals="true", **TELEPHONE) as wire:
        await say(wire, spoken("हाँ"))
        start, end, data = [await wire.next() for _ in range(3)]
    assert [start["data"]["signal_type"], end["data"]["signal_type"]] == ["START_SPEECH", "END_SPEECH"]
    assert "occured_at" in start["data"]
    assert data["type"] == "data"
    assert (data["data"]["transcript"], data["data"]["language_code"]) == ("हाँ", None)


async def test_without_vad_signals_only_transcripts_come(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language__code="unknown", **TELEPHONE) as wire:
        await say(wire, spoken("ମୁଁ ପରେ ଟଙ୍କା ଦେବି", "or-IN"))
        data = (await wire.next())["data"]
    assert data["language_code"] == "od-IN"
    assert data["language_probability"] > 0.5


async def test_a_wav_header_on_every_message_is_understood(sarvam: SarvamEmulator) -> None:
    pcm = spoken("हाँ")
    async with connect(sarvam, LEGACY, language__code="hi-IN", sample_rate="8000") as wire:
        for at in range(0, len(pcm), 3200):
            data = base64.b64encode(wav_bytes(pcm[at : at + 3200])).decode()
            await wire.send(audio={"data": data, "sample_rate": 8000, "encoding": "audio/wav"})
        assert (await wire.next())["data"]["transcript"] == "हाँ"


async def test_a_flush_ends_the_segment_at_once(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language__code="hi-IN", flush_signal="true", **TELEPHONE) as wire:
        await say(wire, spoken("मैं पाँच तारीख को भर दूँगा")[: -16 * 1300])
        await wire.send(type="flush")
        assert (await wire.next())["data"]["transcript"].startswith("मैं पाँच")


async def test_a_misspelt_language_is_ignored_in_silence(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language_code="ta-IN", **TELEPHONE) as wire:
        await say(wire, spoken("मैं पाँच तारीख को भर दूँगा"))
        assert (await wire.next())["data"]["language_code"] == "hi-IN"


@pytest.mark.parametrize("language", ["or-IN", "auto", "en-US"])
async def test_a_wrong_language_is_an_error_and_a_close(sarvam: SarvamEmulator, language: str) -> None:
    async with connect(sarvam, LEGACY, language__code=language) as wire:
        assert (await wire.next())["type"] == "error"
        assert await wire.closing() == 1008


async def test_8_khz_audio_without_the_query_parameter_is_closed(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language__code="hi-IN") as wire:
        await say(wire, bytes(3200))
        assert (await wire.next())["type"] == "error"
        assert await wire.closing() == 1003


async def test_an_idle_socket_dies_without_a_close_frame(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, LEGACY, language__code="hi-IN") as wire:
        assert await wire.closing() is None
