import asyncio
from contextlib import AsyncExitStack

import aiohttp
import pytest

from emulators.sarvam import Plan, SarvamEmulator
from tests.emulators.sarvam.client import KEY, REALTIME, TTS, connect

pytestmark = pytest.mark.virtual_time

SPEECH = {"text": "yes", "language_code": "en-IN", "speech_sample_rate": 8000, "output_audio_codec": "mulaw"}


async def test_the_twenty_first_stt_socket_of_a_starter_plan_is_refused_until_one_is_closed() -> None:
    async with SarvamEmulator(plan="starter", phrases=[]) as sarvam, AsyncExitStack() as calls:
        first = AsyncExitStack()
        await first.enter_async_context(connect(sarvam, REALTIME, language_code="hi-IN"))
        for _ in range(19):
            await calls.enter_async_context(connect(sarvam, REALTIME, language_code="hi-IN"))
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await calls.enter_async_context(connect(sarvam, REALTIME, language_code="hi-IN"))
        assert refusal.value.status == 429
        await first.aclose()
        await asyncio.sleep(0.1)
        await calls.enter_async_context(connect(sarvam, REALTIME, language_code="hi-IN"))
        assert sarvam.provider.limits(KEY["api-subscription-key"]).most_sockets["stt"] == 20


async def test_each_key_has_a_plan_of_its_own() -> None:
    async with (
        SarvamEmulator(plan=Plan(tts_sockets=1), phrases=[]) as sarvam,
        connect(sarvam, TTS),
        connect(sarvam, TTS, {"api-subscription-key": "another"}),
    ):
        assert sarvam.provider.limits("another").open_sockets["tts"] == 1


async def test_a_burst_of_openings_is_refused_below_the_ceiling() -> None:
    async with SarvamEmulator(plan=Plan(opens_per_second=2), phrases=[]) as sarvam, AsyncExitStack() as calls:
        for _ in range(2):
            await calls.enter_async_context(connect(sarvam, TTS))
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await calls.enter_async_context(connect(sarvam, TTS))
        await asyncio.sleep(1)
        await calls.enter_async_context(connect(sarvam, TTS))


async def test_the_thirty_first_rest_request_of_a_minute_is_429() -> None:
    async with (
        SarvamEmulator(plan="starter", phrases=[]) as sarvam,
        aiohttp.ClientSession(sarvam.http_base, headers=KEY) as http,
    ):
        answers = await asyncio.gather(*(http.post("/text-to-speech", json=SPEECH) for _ in range(31)))
        assert sorted(answer.status for answer in answers) == [200] * 30 + [429]
        refused = next(answer for answer in answers if answer.status == 429)
        assert (await refused.json())["error"]["code"] == "rate_limit_exceeded_error"
        await asyncio.sleep(2)
        async with http.post("/text-to-speech", json=SPEECH) as later:
            assert later.status == 200
