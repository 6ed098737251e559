import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import synthesise
from services.speech.ports import Dictation, Final, Partial, ProviderRefused
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_realtime import SarvamRealtime
from voicekit.audio import silence
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

LOAN = "मैंने लोन नहीं लिया"


async def dictate(session: Dictation, number: int, text: str = LOAN, language: str = "hi-IN") -> None:
    await session.begin(number, language)
    line = silence(300) + synthesise(text, language, voice="ravi") + silence(450)
    for at in range(0, len(line), 1600):
        await asyncio.sleep(0.1)
        await session.audio(line[at : at + 1600])
    await session.end()


async def finals(session: Dictation, count: int) -> list[Final]:
    found: list[Final] = []
    async for heard in session.heard():
        if isinstance(heard, Final):
            found.append(heard)
        if len(found) == count:
            break
    return found


@pytest.fixture
async def session(account: SarvamAccount) -> AsyncIterator[Dictation]:
    async with SarvamRealtime(account).open("hi-IN") as session:
        yield session


def frames(sarvam: SarvamEmulator, event: str) -> list[dict[str, object]]:
    return [message for _, _, message in sarvam.provider.journal.frames if message.get("event") == event]


async def test_words_come_while_they_are_spoken(session: Dictation) -> None:
    speaking = asyncio.create_task(dictate(session, 1))
    async for heard in session.heard():
        if isinstance(heard, Partial):
            assert heard.utterance == 1
            assert LOAN.startswith(heard.text)
            assert not speaking.done()
            break
    await speaking


async def test_it_asks_for_telephone_audio_and_for_our_word_on_turns(
    session: Dictation, sarvam: SarvamEmulator
) -> None:
    query = sarvam.provider.journal.requests[0].query
    assert query["encoding"] == "mulaw"
    assert query["sample_rate"] == "8000"
    assert query["endpointing"] == "manual"
    assert query["language_code"] == "hi-IN"


async def test_the_language_changes_between_utterances_without_a_new_session(
    account: SarvamAccount, sarvam: SarvamEmulator
) -> None:
    async with SarvamRealtime(account).open("") as session:
        await dictate(session, 1, "ହଁ ମୁଁ କହୁଛି", "or-IN")
        await session.begin(2, "")
        await session.audio(synthesise("ହଁ ମୁଁ କହୁଛି", "or-IN", voice="ravi"))
        await session.end()
        pinned, found = await finals(session, 2)
    assert [message["language_code"] for message in frames(sarvam, "config.update")] == ["or-IN", "auto"]
    assert (pinned.text, pinned.language) == ("ହଁ ମୁଁ କହୁଛି", "")
    assert (found.text, found.language) == ("ହଁ ମୁଁ କହୁଛି", "or-IN")
    assert found.language_confidence > 0.5


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1013])
async def test_a_close_that_may_pass_is_no_refusal(session: Dictation, sarvam: SarvamEmulator, code: int) -> None:
    sarvam.provider.faults.arm(Fault.STT_CLOSE, code)
    await dictate(session, 1)
    with pytest.raises(ProviderDown) as raised:
        await finals(session, 1)
    assert not isinstance(raised.value, ProviderRefused)


@pytest.mark.parametrize("code", [1003, 4000])
async def test_a_close_that_will_not_pass_is_a_refusal(session: Dictation, sarvam: SarvamEmulator, code: int) -> None:
    sarvam.provider.faults.arm(Fault.STT_CLOSE, code)
    await dictate(session, 1)
    with pytest.raises(ProviderRefused):
        await finals(session, 1)


@pytest.mark.parametrize(
    ("fault", "value"),
    [
        (Fault.CONNECT_BETA, None),
        (Fault.CREDITS_GONE, None),
        (Fault.KEY_REVOKED, None),
        (Fault.MODEL_WITHDRAWN, "saaras:v3-realtime"),
        (Fault.CONNECT_STATUS, 403),
    ],
)
async def test_what_the_account_may_not_do_is_refused(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault, value: str | int | None
) -> None:
    sarvam.provider.faults.arm(fault, value, times=None)
    with pytest.raises(ProviderRefused):
        async with SarvamRealtime(account).open("hi-IN"):
            pass


@pytest.mark.parametrize(
    "fault", [Fault.CONNECT_SILENCE, Fault.CONNECT_HANG, Fault.CONNECT_RESET, Fault.CONNECT_STATUS]
)
async def test_a_session_that_does_not_begin_is_given_up_soon(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault
) -> None:
    sarvam.provider.faults.arm(fault, times=None)
    loop = asyncio.get_running_loop()
    with pytest.raises(ProviderDown) as raised:
        async with SarvamRealtime(account).open("hi-IN"):
            pass
    assert loop.time() < 3.1
    assert not isinstance(raised.value, ProviderRefused)


async def test_a_socket_that_has_died_in_silence_is_noticed() -> None:
    async def fall_silent(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"event": "session.begin", "config": {}})
        await asyncio.sleep(3600)
        return socket

    app = web.Application()
    app.router.add_get("/speech-to-text-realtime/ws", fall_silent)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    base, loop = f"//127.0.0.1:{runner.addresses[0][1]}", asyncio.get_running_loop()
    async with (
        SarvamAccount.open(key="key", http_base=f"http:{base}", ws_base=f"ws:{base}") as account,
        SarvamRealtime(account, ping_every_s=10, pong_within_s=4).open("hi-IN") as session,
    ):
        began = loop.time()
        with pytest.raises(ProviderDown):
            await finals(session, 1)
        assert 13.9 < loop.time() - began < 15
    await runner.cleanup()


@pytest.mark.parametrize("fault", [Fault.STT_UNKNOWN_EVENT, Fault.STT_NOT_JSON, Fault.STT_NUMBERS_AS_STRINGS])
async def test_odd_messages_do_not_matter(session: Dictation, sarvam: SarvamEmulator, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault)
    await dictate(session, 1)
    assert [final.text for final in await finals(session, 1)] == [LOAN]


async def test_a_final_of_an_utterance_that_this_session_did_not_hear_is_left_out(
    session: Dictation, sarvam: SarvamEmulator
) -> None:
    sarvam.provider.faults.arm(Fault.STT_STALE_FINAL)
    await dictate(session, 5)
    await dictate(session, 6)
    assert [final.utterance for final in await finals(session, 1)] == [6]
