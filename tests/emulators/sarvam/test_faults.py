import asyncio
import json
from typing import Any

import aiohttp
import pytest

from emulators.audio import silence
from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import CALLER_VOICE, synthesise
from tests.emulators.sarvam.client import CONFIG, KEY, LEGACY, REALTIME, SPEECH, TELEPHONE, TTS, Wire, connect, reply
from tests.emulators.sarvam.telephone import over_the_phone

pytestmark = pytest.mark.virtual_time

MANUAL = {"language_code": "hi-IN", "endpointing": "manual", "stream_type": "simulated", **TELEPHONE}
YES = over_the_phone(synthesise("हाँ", "hi-IN", voice=CALLER_VOICE))


def now() -> float:
    return asyncio.get_running_loop().time()


async def say_yes(wire: Wire) -> None:
    await wire.send(event="speech_start")
    await wire.say(YES)
    await wire.send(event="speech_end")


async def hear_turn(sarvam: SarvamEmulator, seconds: float = 5.0, **query: str) -> list[dict[str, Any]]:
    """One turn on a realtime socket: everything that comes within some seconds."""
    received = []
    async with connect(sarvam, REALTIME, **{**MANUAL, **query}) as wire:
        await wire.next()
        await say_yes(wire)
        try:
            async with asyncio.timeout(seconds):
                while True:
                    received.append(await wire.next())
        except TimeoutError:
            return received


# Connections


@pytest.mark.parametrize("path", [REALTIME, LEGACY, TTS])
async def test_a_handshake_is_reset(sarvam: SarvamEmulator, path: str) -> None:
    sarvam.provider.faults.arm(Fault.CONNECT_RESET, times=None)  # the client tries a second time by itself
    with pytest.raises(aiohttp.ClientError):
        async with connect(sarvam, path, language_code="hi-IN"):
            pass


async def test_a_handshake_hangs(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm("connect.hang")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(10), connect(sarvam, TTS):
            pass
    assert sarvam.provider.faults.struck == [Fault.CONNECT_HANG]


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_a_handshake_is_answered_with_a_status(sarvam: SarvamEmulator, status: int) -> None:
    sarvam.provider.faults.arm(Fault.CONNECT_STATUS, status)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
        async with connect(sarvam, TTS):
            pass
    assert refusal.value.status == status


async def test_a_session_never_begins(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.CONNECT_SILENCE)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        with pytest.raises(TimeoutError):
            await wire.next(timeout=10)


async def test_the_account_lacks_the_beta(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.CONNECT_BETA)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        assert "beta" in (await wire.next())["message"]
        assert await wire.closing() == 4000


# REST


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.REST_RATE_LIMITED, 429, "rate_limit_exceeded_error"),
        (Fault.REST_QUOTA, 429, "insufficient_quota_error"),
        (Fault.REST_PAYMENT, 402, "insufficient_quota_error"),
        (Fault.REST_ERROR, 500, "internal_server_error"),
        (Fault.REST_UNAVAILABLE, 503, "rate_limit_exceeded_error"),
    ],
)
async def test_a_request_is_refused_once(
    sarvam: SarvamEmulator, http: aiohttp.ClientSession, fault: Fault, status: int, code: str
) -> None:
    sarvam.provider.faults.arm(fault)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.status == status
        assert (await response.json())["error"]["code"] == code
        assert "Retry-After" not in response.headers
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.status == 200


async def test_a_rate_limit_may_name_its_end(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_RATE_LIMITED, 7)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.headers["Retry-After"] == "7"


async def test_a_gateway_answers_with_html(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_BAD_GATEWAY)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert (response.status, response.content_type) == (502, "text/html")


async def test_json_stops_half_way(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_TRUNCATED)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.status == 200
        with pytest.raises(json.JSONDecodeError):
            await response.json()


async def test_audios_are_empty(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_EMPTY_AUDIOS)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert (await response.json())["audios"] == []


@pytest.mark.parametrize("fault", [Fault.REST_SLOW_HEADERS, Fault.REST_SLOW_BODY])
async def test_an_answer_is_slow_but_whole(sarvam: SarvamEmulator, http: aiohttp.ClientSession, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault, 8)
    began = now()
    async with http.post("/text-to-speech", json=SPEECH) as response:
        if fault is Fault.REST_SLOW_BODY:
            assert now() - began < 1
        assert len((await response.json())["audios"]) == 1
    assert now() - began == pytest.approx(8.1, abs=0.2)


async def test_an_answer_never_comes(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_HANG)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(30):
            await http.post("/text-to-speech", json=SPEECH)


async def test_a_body_is_cut_off(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.REST_RESET)
    with pytest.raises(aiohttp.ClientError):
        async with http.post("/text-to-speech", json=SPEECH) as response:
            await response.read()


# STT


async def test_a_socket_dies_of_idleness_without_a_word(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_IDLE_DEATH, 20)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        await wire.next()
        began = now()
        assert await wire.closing() is None
        assert now() - began == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("code", [1000, 1003, 1008, 1011, 1013])
async def test_a_socket_closes_in_the_middle_of_a_call(sarvam: SarvamEmulator, code: int) -> None:
    sarvam.provider.faults.arm(Fault.STT_CLOSE, code)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        await wire.next()
        await say_yes(wire)
        assert await wire.closing() == code


async def test_a_fatal_error_precedes_the_close(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_FATAL)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        await wire.next()
        await say_yes(wire)
        error = await wire.next()
        assert (error["is_fatal"], error["status_code"]) == (True, 503)
        assert await wire.closing() == 1011


async def test_a_final_never_comes_but_the_next_one_does(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_NO_FINAL)
    assert await hear_turn(sarvam) == []
    assert len(await hear_turn(sarvam)) == 1


async def test_the_end_of_speech_is_not_told(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_NO_SPEECH_END)
    async with connect(sarvam, REALTIME, language_code="hi-IN", stream_type="simulated", **TELEPHONE) as wire:
        await wire.next()
        await wire.say(YES + silence(800))
        names = [event["event"] for event in await wire.until("transcript.final")]
    assert names == ["vad.speech_start", "transcript.final"]


@pytest.mark.parametrize(
    ("fault", "value", "texts"),
    [
        (Fault.STT_DUPLICATE_FINAL, None, ["हाँ", "हाँ"]),
        (Fault.STT_EMPTY_TEXT, None, [""]),
        (Fault.STT_LONG_TEXT, 3, ["हाँ हाँ हाँ"]),
    ],
)
async def test_a_final_has_another_text(
    sarvam: SarvamEmulator, fault: Fault, value: float | None, texts: list[str]
) -> None:
    sarvam.provider.faults.arm(fault, value)
    assert [final["text"] for final in await hear_turn(sarvam)] == texts


async def test_a_final_has_a_wrong_index_language_or_type(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_STALE_FINAL)
    sarvam.provider.faults.arm(Fault.STT_WRONG_LANGUAGE)
    sarvam.provider.faults.arm(Fault.STT_NUMBERS_AS_STRINGS)
    [final] = await hear_turn(sarvam)
    assert (final["utterance_idx"], final["language"], final["language_confidence"]) == ("-1", "ur-IN", "0.93")


async def test_frames_that_nobody_knows_come_before_the_final(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_UNKNOWN_EVENT)
    sarvam.provider.faults.arm(Fault.STT_NOT_JSON)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        await wire.next()
        await say_yes(wire)
        assert (await wire.next())["event"] == "model.mood"
        with pytest.raises(json.JSONDecodeError):
            await wire.next()
        assert (await wire.next())["text"] == "हाँ"


async def test_the_line_drops_after_a_partial(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_DROP_AFTER_PARTIAL)
    async with connect(sarvam, REALTIME, **{**MANUAL, "stream_type": "fast"}) as wire:
        await wire.next()
        await wire.send(event="speech_start")
        with pytest.raises(aiohttp.ClientConnectionError):
            for _ in range(20):
                await wire.say(YES)
        assert wire.ws.closed or await wire.closing() is None


async def test_a_final_is_late(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.STT_SLOW_FINAL)
    assert await hear_turn(sarvam, seconds=2) == []
    sarvam.provider.faults.arm(Fault.STT_SLOW_FINAL)
    assert len(await hear_turn(sarvam, seconds=4)) == 1


# TTS


async def test_errors_come_in_odd_shapes(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS) as wire:
        await wire.send(type="config", data=CONFIG)
        sarvam.provider.faults.arm(Fault.TTS_ERROR_WITHOUT_CODE)
        await reply(wire)
        assert "code" not in (await wire.next())["data"]
        sarvam.provider.faults.arm(Fault.TTS_ERROR_CODE_STRING)
        await reply(wire)
        assert (await wire.next())["data"]["code"] == "422"


async def test_a_model_is_deprecated(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.TTS_DEPRECATED)
    async with connect(sarvam, TTS) as wire:
        await wire.send(type="config", data=CONFIG)
        assert "deprecated" in (await wire.next())["data"]["message"]


# The account


async def test_a_key_is_revoked_for_new_connections_only(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        sarvam.provider.faults.arm(Fault.KEY_REVOKED, times=None)
        async with http.post("/text-to-speech", json=SPEECH) as response:
            assert response.status == 403
        await wire.send(type="config", data=CONFIG)
        await reply(wire)
        assert (await wire.hear_reply())[0]


async def test_credits_run_out(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.CREDITS_GONE, times=None)
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert (response.status, (await response.json())["error"]["code"]) == (429, "insufficient_quota_error")
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        assert (await wire.next())["code"] == "insufficient_quota_error"
        assert await wire.closing() == 1003


async def test_a_model_is_withdrawn(sarvam: SarvamEmulator, http: aiohttp.ClientSession) -> None:
    sarvam.provider.faults.arm(Fault.MODEL_WITHDRAWN, "saaras:v3-realtime", times=None)
    async with connect(sarvam, REALTIME, **MANUAL) as wire:
        assert await wire.closing() == 4000
    async with http.post("/text-to-speech", json=SPEECH) as response:
        assert response.status == 200


# The switchboard


async def test_a_fault_can_let_occasions_pass_and_strike_several_times(
    sarvam: SarvamEmulator, http: aiohttp.ClientSession
) -> None:
    sarvam.provider.faults.arm(Fault.REST_ERROR, times=2, after=1)
    statuses = []
    for _ in range(4):
        async with http.post("/text-to-speech", json=SPEECH) as response:
            statuses.append(response.status)
    assert statuses == [200, 500, 500, 200]


async def test_a_request_may_bring_its_own_fault(http: aiohttp.ClientSession) -> None:
    async with http.post(
        "/text-to-speech", json=SPEECH, headers={**KEY, "x-emu-scenario": "rest.unavailable"}
    ) as response:
        assert response.status == 503
