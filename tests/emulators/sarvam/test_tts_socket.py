import asyncio
import base64

import pytest

from emulators.audio import ulaw_decode, ulaw_encode
from emulators.sarvam import SarvamEmulator
from emulators.sarvam.tts_socket import pieces
from emulators.voices import synthesise
from tests.emulators.sarvam.client import TTS, Wire, connect

pytestmark = pytest.mark.virtual_time

GREETING = "नमस्ते, क्या मैं रमेश कुमार जी से बात कर रहा हूँ? मैं आशा फाइनेंस से बोल रहा हूँ।"
CONFIG = {
    "language_code": "hi-IN",
    "speaker": "priya",
    "speech_sample_rate": 8000,
    "output_audio_codec": "linear16",
}


async def speak(wire: Wire, text: str) -> None:
    await wire.send(type="text", data={"text": text})
    await wire.send(type="flush")


async def test_a_text_comes_back_as_the_very_bytes_that_the_ledger_keeps(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await speak(wire, GREETING)
        audio, times = await wire.hear_reply()
    assert audio == synthesise(GREETING, "hi-IN")
    assert [(item.text, item.language) for item in sarvam.provider.journal.rendered] == [(GREETING, "hi-IN")]
    assert sarvam.provider.journal.rendered[0].pcm == audio
    assert times[0] == pytest.approx(0.15, abs=0.01)
    assert times[-1] - times[0] < len(audio) / 16000 / 2.5, "it comes faster than it plays"


async def test_mu_law_at_8_khz_is_headerless_and_the_ledger_knows_what_it_did_to_the_voice(
    sarvam: SarvamEmulator,
) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data={**CONFIG, "output_audio_codec": "mulaw"})
        await speak(wire, GREETING)
        audio, _ = await wire.hear_reply()
    assert audio == ulaw_encode(synthesise(GREETING, "hi-IN"))
    assert sarvam.provider.journal.rendered[0].pcm == ulaw_decode(audio)


async def test_chunks_are_one_or_two_kilobytes_and_carry_the_id_of_the_connection(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await speak(wire, GREETING)
        *chunks, _ = await wire.until("final")
        await speak(wire, "ठीक है।")
        *more, _ = await wire.until("final")
    sizes = [len(base64.b64decode(chunk["data"]["audio"])) for chunk in chunks]
    assert all(1100 <= size <= 2200 for size in sizes[:-1])
    assert len({chunk["data"]["request_id"] for chunk in chunks + more}) == 1


async def test_forty_nine_characters_wait_for_a_flush_and_fifty_do_not(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS) as wire:
        await wire.send(type="config", data=CONFIG)
        await wire.send(type="text", data={"text": "क" * 49})
        with pytest.raises(TimeoutError):
            await wire.next(timeout=5)
        await wire.send(type="text", data={"text": "।"})
        assert (await wire.next())["type"] == "audio"


async def test_every_flush_gets_a_final_of_its_own(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        for text in ("हाँ जी।", "धन्यवाद।"):
            await speak(wire, text)
        first, _ = await wire.hear_reply()
        second, _ = await wire.hear_reply()
    assert (first, second) == (synthesise("हाँ जी।", "hi-IN"), synthesise("धन्यवाद।", "hi-IN"))


async def test_final_comes_only_when_asked_for(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS) as wire:
        await wire.send(type="config", data=CONFIG)
        await speak(wire, "हाँ जी।")
        with pytest.raises(TimeoutError):
            await wire.until("final", timeout=10)


async def test_a_new_config_first_speaks_what_was_buffered_in_the_old_language(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await wire.send(type="text", data={"text": "ठीक है।"})
        await wire.send(type="config", data={**CONFIG, "language_code": "ta-IN"})
        await speak(wire, "சரி.")
        audio, _ = await wire.hear_reply()
    assert audio == synthesise("ठीक है।", "hi-IN") + synthesise("சரி.", "ta-IN")


async def test_odia_is_od_here(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data={**CONFIG, "language_code": "or-IN"})
        assert (await wire.next())["type"] == "error"
        await wire.send(type="config", data={**CONFIG, "language_code": "od-IN"})
        await speak(wire, "ଧନ୍ୟବାଦ।")
        await wire.hear_reply()
    assert sarvam.provider.journal.rendered[0].language == "or-IN"


async def test_text_before_config_is_refused(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS) as wire:
        await speak(wire, GREETING)
        assert (await wire.next())["data"]["code"] == 400


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        ({"pace": 2.5}, 400, "between 0.5 and 2.0"),
        ({"speech_sample_rate": 11025}, 400, "8000, 16000, 22050, 24000"),
        ({"speaker": "Priya"}, 400, "not recognised"),
        ({"pitch": 0.1}, 400, "not supported for Bulbul V3"),
        ({"language_code": "en-US"}, 400, "valid dictionary"),
        ({"sample_rate": 8000}, 422, "Unknown"),
    ],
)
async def test_a_wrong_config_is_answered_and_the_socket_stays_open_but_mute(
    sarvam: SarvamEmulator, change: dict[str, object], code: int, word: str
) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data={**CONFIG, **change})
        error = (await wire.next())["data"]
        assert error["code"] == code
        assert word in error["message"]
        await speak(wire, GREETING)
        assert (await wire.next())["type"] == "error"


async def test_wav_begins_with_a_chunk_that_is_a_header_alone(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data={**CONFIG, "output_audio_codec": "wav"})
        await speak(wire, GREETING)
        header, *_ = await wire.until("final")
    data = base64.b64decode(header["data"]["audio"])
    assert (data[:4], data[8:12], len(data)) == (b"RIFF", b"WAVE", 44)


async def test_there_is_no_cancel_and_ping_has_no_reply(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await wire.send(type="text", data={"text": GREETING})
        await wire.send(type="ping")
        await wire.send(type="cancel")
        await wire.send(type="flush")
        messages = await wire.until("final")
    audio = [message for message in messages if message["type"] == "audio"]
    assert sum(len(base64.b64decode(message["data"]["audio"])) for message in audio) == len(
        synthesise(GREETING, "hi-IN")
    )


async def test_a_ping_keeps_an_idle_socket_alive(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS) as wire:
        for _ in range(4):
            await asyncio.sleep(50)
            await wire.send(type="ping")
        began = asyncio.get_running_loop().time()
        assert await wire.closing() == 1000
        assert asyncio.get_running_loop().time() - began == pytest.approx(60, abs=1)


def test_long_texts_are_cut_at_sentences_then_at_words() -> None:
    assert list(pieces("एक। दो। तीन।", 6)) == ["एक।", "दो।", "तीन।"]
    assert list(pieces("एक। दो। तीन।", 7)) == ["एक। दो।", "तीन।"]
    assert list(pieces("one two three", 7)) == ["one two", "three"]
    assert list(pieces("  ", 50)) == []
