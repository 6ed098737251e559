"""Faults of the speaking side, as a client of the wire sees them."""

import asyncio
import base64
from typing import Any

import pytest

from emulators.sarvam import Fault, SarvamEmulator
from tests.emulators.sarvam.client import CONFIG, TTS, connect, reply

pytestmark = pytest.mark.virtual_time


async def replies(sarvam: SarvamEmulator, fault: Fault, value: float | None = None) -> list[dict[str, Any]]:
    """What comes for one reply within twenty seconds while a fault strikes."""
    received = []
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        sarvam.provider.faults.arm(fault, value)
        await reply(wire)
        try:
            async with asyncio.timeout(20):
                while True:
                    received.append(await wire.next())
        except TimeoutError:
            return received


def sound(messages: list[dict[str, Any]]) -> bytes:
    return b"".join(base64.b64decode(item["data"]["audio"]) for item in messages if item["type"] == "audio")


async def test_nothing_is_spoken(sarvam: SarvamEmulator) -> None:
    assert sound(await replies(sarvam, Fault.TTS_NO_AUDIO)) == b""


async def test_a_reply_begins_with_a_header_alone(sarvam: SarvamEmulator) -> None:
    first, *_ = await replies(sarvam, Fault.TTS_HEADER_ONLY)
    assert sound([first]).startswith(b"RIFF")


async def test_chunks_split_samples(sarvam: SarvamEmulator) -> None:
    *chunks, _final = await replies(sarvam, Fault.TTS_ODD_CHUNKS)
    assert all(len(sound([chunk])) % 2 for chunk in chunks[:-1])


async def test_a_reply_stalls_half_way(sarvam: SarvamEmulator) -> None:
    whole = sound(await replies(sarvam, Fault.TTS_NO_FINAL))
    assert 0 < len(sound(await replies(sarvam, Fault.TTS_STALL))) < len(whole)


@pytest.mark.parametrize(("fault", "finals"), [(Fault.TTS_NO_FINAL, 0), (Fault.TTS_TWO_FINALS, 2)])
async def test_finals_are_missing_or_too_many(sarvam: SarvamEmulator, fault: Fault, finals: int) -> None:
    assert sum(message["type"] == "event" for message in await replies(sarvam, fault)) == finals


async def test_a_final_comes_before_the_last_audio(sarvam: SarvamEmulator) -> None:
    kinds = [message["type"] for message in await replies(sarvam, Fault.TTS_EARLY_FINAL)]
    assert kinds[-3:] == ["event", "audio", "event"]


async def test_a_reply_begins_with_the_end_of_the_one_before(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await reply(wire)
        *_, last, _final = await wire.until("final")
        sarvam.provider.faults.arm(Fault.TTS_STALE_AUDIO)
        await reply(wire)
        assert sound([await wire.next()]) == sound([last])


async def test_a_socket_closes_between_turns(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.TTS_CLOSE_BETWEEN)
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await reply(wire)
        assert await wire.closing() == 1000


async def test_a_socket_closes_in_mid_reply(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.TTS_CLOSE_MID_REPLY)
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        await reply(wire)
        assert (await wire.next())["type"] == "audio"
        assert await wire.closing() == 1011


async def test_an_idle_tts_socket_dies_without_a_word(sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.TTS_IDLE_DEATH, 20)
    async with connect(sarvam, TTS) as wire:
        assert await wire.closing() is None


async def test_audio_comes_slower_than_it_plays(sarvam: SarvamEmulator) -> None:
    async with connect(sarvam, TTS, send_completion_event="true") as wire:
        await wire.send(type="config", data=CONFIG)
        sarvam.provider.faults.arm(Fault.TTS_SLOW, 0.5)
        await reply(wire)
        audio, times = await wire.hear_reply()
    assert times[-1] - times[0] > len(audio) / 16000
