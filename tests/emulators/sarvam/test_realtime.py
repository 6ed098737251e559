import asyncio
import base64

import aiohttp
import pytest

from emulators.audio import noise, silence, ulaw_encode
from emulators.sarvam import SarvamEmulator
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.sarvam.client import REALTIME, TELEPHONE, Wire, connect
from tests.emulators.sarvam.telephone import Line, over_the_phone

pytestmark = pytest.mark.virtual_time

SENTENCE = "मैं पाँच तारीख को भर दूँगा"


def spoken(text: str, language: str = "hi-IN") -> bytes:
    return over_the_phone(synthesise(text, language, voice=CALLER_VOICE), Line(snr_db=25))


async def say_between_marks(wire: Wire, pcm: bytes) -> None:
    await wire.send(event="speech_start")
    await wire.say(pcm)
    await wire.send(event="speech_end")


async def test_a_session_begins_with_the_resolved_config(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", **TELEPHONE, endpointing="manual", typo="1") as wire:
        begin = await wire.next()
    assert begin["event"] == "session.begin"
    assert begin["config"]["turn_detection"] == "manual"
    assert begin["config"]["encoding"] == "mulaw"
    assert begin["config"]["silence_duration_ms"] == 500
    assert "typo" not in begin["config"]


async def test_an_utterance_between_marks_becomes_growing_partials_and_one_final(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "hi-IN", "endpointing": "manual", "stream_type": "fast", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        await say_between_marks(wire, spoken(SENTENCE))
        ended = asyncio.get_running_loop().time()
        *partials, final = await wire.until("transcript.final")
        waited = asyncio.get_running_loop().time() - ended
    assert final == {"event": "transcript.final", "utterance_idx": 0, "text": SENTENCE}
    assert waited == pytest.approx(0.15, abs=0.01)
    assert len(partials) >= 4
    assert [len(partial["text"]) for partial in partials] == sorted(len(partial["text"]) for partial in partials)
    assert all(SENTENCE.startswith(partial["text"]) for partial in partials[1:])


async def test_two_utterances_in_a_row_are_both_heard(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "hi-IN", "endpointing": "manual", "stream_type": "simulated", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        for text in ("हाँ", "जी"):
            await say_between_marks(wire, spoken(text))
        first, second = await wire.next(), await wire.next()
    assert [first["text"], second["text"]] == ["हाँ", "जी"]
    assert [first["utterance_idx"], second["utterance_idx"]] == [0, 1]


async def test_two_phrases_in_one_utterance_are_both_heard(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "hi-IN", "endpointing": "manual", "stream_type": "simulated", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        await say_between_marks(wire, spoken("हाँ") + spoken("जी"))
        assert (await wire.next())["text"] == "हाँ जी"


async def test_voice_activity_finds_the_utterance_by_itself(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "auto", "return_timestamps": "true", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        await wire.say(silence(1000) + spoken("I want to talk to someone", "en-IN") + silence(900))
        events = await wire.until("transcript.final")
    names = [event["event"] for event in events]
    assert names[0] == "vad.speech_start"
    assert names[-2:] == ["vad.speech_end", "transcript.final"]
    final = events[-1]
    assert (final["text"], final["language"]) == ("I want to talk to someone", "en-IN")
    assert final["language_confidence"] > 0.6
    assert 0.5 < final["start_s"] < final["end_s"] < 4


async def test_noise_alone_is_not_heard_as_words(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "hi-IN", "endpointing": "manual", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        await say_between_marks(wire, noise(1500, -25, seed=3))
        assert (await wire.until("transcript.final"))[-1]["text"] == ""


async def test_a_phrase_that_is_not_in_the_book_is_not_guessed(sarvam: SarvamEmulator) -> None:
    query = {"language_code": "hi-IN", "endpointing": "manual", "stream_type": "simulated", **TELEPHONE}
    async with connect(sarvam, REALTIME, **query) as wire:
        await wire.next()
        await say_between_marks(wire, spoken("इस महीने पगार नहीं मिली साहब", "hi-IN"))
        assert (await wire.next())["text"] == ""


async def test_odia_has_its_own_code_here_in_both_directions(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="auto", endpointing="manual", **TELEPHONE) as wire:
        await wire.next()
        await say_between_marks(wire, spoken("ମୁଁ ପରେ ଟଙ୍କା ଦେବି", "or-IN"))
        assert (await wire.until("transcript.final"))[-1]["language"] == "or-IN"


@pytest.mark.parametrize(
    "query",
    [
        {"language_code": "od-IN"},
        {"language_code": "unknown"},
        {},
        {"language_code": "hi-IN", "sample_rate": "22050"},
        {"language_code": "hi-IN", "model": "saaras:v4-realtime"},
        {"language_code": "hi-IN", "keyterms": '["Asha"]'},
    ],
)
async def test_a_wrong_parameter_closes_for_good(sarvam: SarvamEmulator, query: dict[str, str]) -> None:
    async with connect(sarvam, REALTIME, **query) as wire:
        error = await wire.next()
        assert error["is_fatal"]
        assert error["status_code"] == 400
        assert await wire.closing() == 4000


async def test_linear16_at_16_khz_is_heard_too(sarvam: SarvamEmulator) -> None:
    from emulators.audio import resample

    pcm = resample(spoken(SENTENCE), 8000, 16000)
    async with connect(sarvam, REALTIME, language_code="hi-IN", endpointing="manual") as wire:
        await wire.next()
        await wire.send(event="speech_start")
        for at in range(0, len(pcm), 3201):  # pieces that split a sample
            await wire.send(event="audio_input", audio=base64.b64encode(pcm[at : at + 3201]).decode())
        await wire.send(event="speech_end")
        assert (await wire.until("transcript.final"))[-1]["text"] == SENTENCE


async def test_the_end_tells_how_much_audio_was_received(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", **TELEPHONE) as wire:
        await wire.next()
        await wire.say(silence(1500))
        await wire.send(event="ping")
        assert (await wire.next())["event"] == "pong"
        await wire.send(event="end")
        end = await wire.next()
        assert (end["event"], end["audio_duration_s"], end["total_utterances"]) == ("session.end", 1.5, 0)
        assert await wire.closing() == 1000
    assert sarvam.provider.journal.usage.stt_seconds == pytest.approx(1.5)


async def test_binary_frames_are_ignored(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", **TELEPHONE) as wire:
        await wire.next()
        await wire.ws.send_bytes(ulaw_encode(spoken("हाँ")))
        await wire.send(event="end")
        assert (await wire.next())["audio_duration_s"] == 0


async def test_the_language_changes_at_the_next_utterance(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", endpointing="manual", **TELEPHONE) as wire:
        await wire.next()
        await wire.send(event="speech_start")
        await wire.send(event="config.update", language_code="auto")
        assert (await wire.next())["applied"] == ["language_code=auto"]
        await wire.say(spoken("हाँ"))
        await wire.send(event="speech_end")
        assert "language" not in (await wire.until("transcript.final"))[-1]
        await say_between_marks(wire, spoken("ஆமா", "ta-IN"))
        assert (await wire.until("transcript.final"))[-1]["language"] == "ta-IN"


async def test_a_change_to_simulated_is_refused_and_the_session_goes_on(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", **TELEPHONE) as wire:
        await wire.next()
        await wire.send(event="config.update", stream_type="simulated")
        error = await wire.next()
        assert (error["code"], error["is_fatal"]) == ("invalid_config", False)
        await wire.send(event="ping")
        assert (await wire.next())["event"] == "pong"


async def test_a_silent_client_is_closed_after_a_minute(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN") as wire:
        await wire.next()
        began = asyncio.get_running_loop().time()
        assert await wire.closing() == 1008
        assert asyncio.get_running_loop().time() - began == pytest.approx(60, abs=1)


async def test_seventy_seconds_of_hold_music_silence_do_not_end_the_session(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, REALTIME, language_code="hi-IN", **TELEPHONE) as wire:
        await wire.next()
        await wire.say(silence(70_000), piece_ms=1000)
        await wire.say(spoken(SENTENCE) + silence(800))
        assert (await wire.until("transcript.final"))[-1]["text"] == SENTENCE


async def test_a_wrong_key_is_refused_at_the_handshake(sarvam: SarvamEmulator) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with connect(sarvam, REALTIME, {"api-subscription-key": "stolen"}, language_code="hi-IN"):
            pass
    assert refusal.value.status == 403


async def test_a_browser_gives_its_key_as_sub_protocol(sarvam: SarvamEmulator) -> None:
    async with (
        aiohttp.ClientSession(sarvam.ws_base) as session,
        session.ws_connect(f"{REALTIME}?language_code=hi-IN", protocols=["api-subscription-key.test-key"]) as ws,
    ):
        assert ws.protocol == "api-subscription-key.test-key"
        assert (await ws.receive_json())["event"] == "session.begin"
