import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.sarvam import Fault, SarvamEmulator
from emulators.voices import synthesise
from services.speech.ports import ProviderRefused, Synthesiser
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_tts_rest import SarvamTtsRest
from services.speech.sarvam_tts_socket import SarvamTtsSocket
from services.speech.sarvam_voice import Voice, decode, error_in, without_header
from services.speech.speaking import Line, Speaking
from services.speech.stores import MemoryStore
from tests.speech.conftest import KEY
from tests.speech.fakes import DictStore, NoLimit
from voicekit.audio import wav_bytes
from voicekit.errors import ProviderDown

pytestmark = pytest.mark.virtual_time

TEXT = "आपकी किस्त, जो इस महीने की पाँच तारीख को थी, अभी बाकी है।"
WHOLE = synthesise(TEXT, "hi-IN")


@pytest.fixture
async def socket(account: SarvamAccount) -> AsyncIterator[SarvamTtsSocket]:
    socket = SarvamTtsSocket(account, Voice())
    async with socket.running():
        yield socket


async def says(socket: SarvamTtsSocket | SarvamTtsRest, text: str = TEXT, language: str = "hi-IN") -> bytes:
    async with aclosing(socket.synthesise(text, language)) as pieces:
        return b"".join([piece async for piece in pieces])


def speaking(account: SarvamAccount, socket: SarvamTtsSocket) -> Speaking:
    ways: list[Synthesiser] = [socket, SarvamTtsRest(account, Voice())]
    return Speaking(ways, NoLimit(), DictStore(), voice_name=Voice().name, memory=MemoryStore(1 << 20))


async def test_odia_goes_under_its_other_name(socket: SarvamTtsSocket, sarvam: SarvamEmulator) -> None:
    assert await says(socket, "ନମସ୍କାର", "or-IN")
    configs = [message["data"] for _, _, message in sarvam.provider.journal.frames if message["type"] == "config"]
    assert [config["language_code"] for config in configs] == ["od-IN"]
    assert all("pitch" not in config and "loudness" not in config for config in configs)


async def test_a_spare_socket_is_used_and_replaced(socket: SarvamTtsSocket, sarvam: SarvamEmulator) -> None:
    await asyncio.sleep(1)
    opened = sarvam.provider.journal.usage.sockets
    await says(socket)
    await asyncio.sleep(1)
    assert sarvam.provider.journal.usage.sockets == opened + 1
    for _ in range(3):
        await asyncio.sleep(1)
        await says(socket)
    assert sarvam.provider.journal.usage.sockets == opened + 1


async def test_spare_sockets_outlive_minutes_of_silence(socket: SarvamTtsSocket, sarvam: SarvamEmulator) -> None:
    await says(socket)
    await asyncio.sleep(300)
    opened = sarvam.provider.journal.usage.sockets
    assert await says(socket) == WHOLE
    assert sarvam.provider.journal.usage.sockets == opened


async def test_a_cancelled_line_is_not_heard_in_the_next(socket: SarvamTtsSocket, sarvam: SarvamEmulator) -> None:
    other = "धन्यवाद। आपका दिन शुभ हो।"
    async with aclosing(socket.synthesise(TEXT, "hi-IN")) as pieces:
        await anext(pieces)
        await asyncio.sleep(0.3)
    assert await says(socket, other) == synthesise(other, "hi-IN")
    await asyncio.sleep(1)
    assert sarvam.provider.limits(KEY).open_sockets["tts"] <= 2


@pytest.mark.parametrize("fault", [Fault.TTS_ODD_CHUNKS, Fault.TTS_HEADER_ONLY, Fault.TTS_TWO_FINALS])
async def test_oddities_of_a_reply_are_not_heard(socket: SarvamTtsSocket, sarvam: SarvamEmulator, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault)
    assert await says(socket) == WHOLE
    assert await says(socket) == WHOLE
    await asyncio.sleep(1)
    assert await says(socket) == WHOLE


@pytest.mark.parametrize(
    "fault",
    [
        Fault.TTS_ERROR_WITHOUT_CODE,
        Fault.TTS_ERROR_CODE_STRING,
        Fault.TTS_NO_AUDIO,
        Fault.TTS_STALL,
        Fault.TTS_NO_FINAL,
        Fault.TTS_CLOSE_MID_REPLY,
        Fault.TTS_DEPRECATED,
        Fault.CONNECT_RESET,
        Fault.CONNECT_SILENCE,
        Fault.CONNECT_STATUS,
    ],
)
async def test_whatever_the_socket_does_the_line_is_spoken_to_its_end(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault
) -> None:
    sarvam.provider.faults.arm(fault)
    loop = asyncio.get_running_loop()
    cold = SarvamTtsSocket(account, Voice(), warm=0)
    async with cold.running():
        said = b"".join([piece async for piece in speaking(account, cold).render(Line(TEXT), "hi-IN")])
    assert sarvam.provider.faults.struck == [fault]
    assert len(WHOLE) - 2000 <= len(said) <= len(WHOLE) + 400 * 16 + 320
    assert said[-6400:-640] in WHOLE + bytes(320)
    assert loop.time() < 6.5


async def test_a_broken_spare_socket_costs_nothing(socket: SarvamTtsSocket, sarvam: SarvamEmulator) -> None:
    sarvam.provider.faults.arm(Fault.TTS_CLOSE_BETWEEN)
    assert await says(socket) == WHOLE
    await asyncio.sleep(1)
    assert await says(socket) == WHOLE


@pytest.mark.parametrize("fault", [Fault.REST_QUOTA, Fault.REST_PAYMENT])
async def test_a_refused_request_is_told_as_such(account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault) -> None:
    sarvam.provider.faults.arm(fault)
    with pytest.raises(ProviderRefused):
        await says(SarvamTtsRest(account, Voice()))


@pytest.mark.parametrize("fault", [Fault.REST_EMPTY_AUDIOS, Fault.REST_TRUNCATED])
async def test_an_answer_without_audio_is_an_error(
    account: SarvamAccount, sarvam: SarvamEmulator, fault: Fault
) -> None:
    sarvam.provider.faults.arm(fault)
    with pytest.raises(ProviderDown):
        await says(SarvamTtsRest(account, Voice()))


def test_a_header_is_taken_off_and_another_rate_is_refused() -> None:
    assert without_header(wav_bytes(b"\1\2")) == b"\1\2"
    assert without_header(b"\1\2\3") == b"\1\2\3"
    with pytest.raises(ProviderDown):
        without_header(wav_bytes(b"\1\2", rate_hz=22050))


@given(piece=st.binary(max_size=100))
def test_a_broken_header_breaks_nothing(piece: bytes) -> None:
    try:
        without_header(b"RIFF" + piece)
    except ProviderDown:
        return


@pytest.mark.parametrize("audio", ["%%%", "a"])
def test_what_is_no_base64_is_an_error(audio: str) -> None:
    with pytest.raises(ProviderDown):
        decode(audio)


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"message": "400: no such speaker", "code": 400}, ProviderRefused),
        ({"message": "x", "code": "422"}, ProviderRefused),
        ({"message": "400: no such speaker"}, ProviderRefused),
        ({"message": "500: x"}, ProviderDown),
        ({}, ProviderDown),
    ],
)
def test_a_status_may_be_a_number_a_text_or_part_of_the_message(
    data: dict[str, object], kind: type[ProviderDown]
) -> None:
    assert type(error_in(data)) is kind


def test_the_name_of_a_voice_holds_all_that_makes_its_sound() -> None:
    voices = [
        Voice(),
        Voice(speaker="shubh"),
        Voice(speakers={"hi-IN": "kavya"}),
        Voice(model="bulbul:v4-flash"),
        Voice(pace=1.1),
        Voice(temperature=0.2),
    ]
    assert len({voice.name("hi-IN") for voice in voices}) == len(voices)
