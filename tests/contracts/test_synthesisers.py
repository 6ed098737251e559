"""What speaking expects of everything that speaks."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, aclosing

import numpy as np
import pytest

from emulators.sarvam import SarvamEmulator
from services.speech.ports import Synthesiser
from services.speech.sarvam import SarvamAccount
from services.speech.sarvam_tts_rest import SarvamTtsRest
from services.speech.sarvam_tts_socket import SarvamTtsSocket
from services.speech.sarvam_voice import Voice
from tests.speech.fakes import FakeSynthesiser
from voicekit.audio import duration_ms, samples
from voicekit.errors import ProviderDown
from voicekit.languages import LANGUAGES

pytestmark = pytest.mark.virtual_time

KEY = "contract-key"
TEXT = "नमस्ते, क्या मैं आशा राव से बात कर रहा हूँ?"

MAKERS: dict[str, Callable[[SarvamAccount], Synthesiser]] = {
    "fake": lambda _: FakeSynthesiser(),
    "socket": lambda account: SarvamTtsSocket(account, Voice()),
    "rest": lambda account: SarvamTtsRest(account, Voice()),
}


@pytest.fixture
async def emulator() -> AsyncIterator[SarvamEmulator]:
    async with SarvamEmulator(keys=[KEY], phrases=[]) as emulator:
        yield emulator


@pytest.fixture(params=list(MAKERS))
async def synthesiser(request: pytest.FixtureRequest, emulator: SarvamEmulator) -> AsyncIterator[Synthesiser]:
    async with AsyncExitStack() as stack:
        account = await stack.enter_async_context(
            SarvamAccount.open(key=KEY, http_base=emulator.http_base, ws_base=emulator.ws_base)
        )
        made = MAKERS[request.param](account)
        if isinstance(made, SarvamTtsSocket):
            await stack.enter_async_context(made.running())
        yield made


async def whole(synthesiser: Synthesiser, text: str, language: str = "hi-IN") -> bytes:
    async with asyncio.timeout(30), aclosing(synthesiser.synthesise(text, language)) as pieces:
        return b"".join([piece async for piece in pieces])


async def test_a_text_becomes_sound_of_its_length(synthesiser: Synthesiser) -> None:
    pcm = await whole(synthesiser, TEXT)
    assert 1500 < duration_ms(pcm) < 6000
    assert np.abs(samples(pcm)).max() > 5000


async def test_texts_follow_one_another_without_a_trace_of_the_last(synthesiser: Synthesiser) -> None:
    first, second = await whole(synthesiser, TEXT), await whole(synthesiser, "धन्यवाद। आपका दिन शुभ हो।")
    again = await whole(synthesiser, TEXT)
    assert again == first
    assert second != first


async def test_a_text_of_49_characters_is_spoken(synthesiser: Synthesiser) -> None:
    text = ("क्या आप अभी बात कर सकते हैं, या बाद में फ़ोन करूँ जी हाँ" * 2)[:49]
    assert len(text) == 49
    assert duration_ms(await whole(synthesiser, text)) > 1000


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_language_is_spoken(synthesiser: Synthesiser, language: str) -> None:
    assert duration_ms(await whole(synthesiser, "OK, thank you.", language)) > 300


async def test_what_is_broken_off_leaves_nothing_open(synthesiser: Synthesiser, emulator: SarvamEmulator) -> None:
    async with aclosing(synthesiser.synthesise(TEXT, "hi-IN")) as pieces:
        await anext(pieces)
    await asyncio.sleep(1)
    if isinstance(synthesiser, FakeSynthesiser):
        assert synthesiser.open == 0
    else:
        warm = 1 if isinstance(synthesiser, SarvamTtsSocket) else 0
        assert emulator.provider.limits(KEY).open_sockets["tts"] == warm


async def test_nobody_there_is_an_error_of_ours(synthesiser: Synthesiser) -> None:
    async with SarvamAccount.open(key=KEY, http_base="http://127.0.0.1:9", ws_base="ws://127.0.0.1:9") as nowhere:
        subject: Synthesiser
        match synthesiser:
            case FakeSynthesiser():
                synthesiser.break_after, subject = 0, synthesiser
            case SarvamTtsSocket():
                subject = SarvamTtsSocket(nowhere, Voice())
            case _:
                subject = SarvamTtsRest(nowhere, Voice())
        with pytest.raises(ProviderDown):
            await whole(subject, TEXT)
