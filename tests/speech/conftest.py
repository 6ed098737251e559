from collections.abc import AsyncIterator

import pytest

from emulators.sarvam import Phrase, SarvamEmulator
from services.speech.sarvam import SarvamAccount
from services.speech.vad import VoiceModel

KEY = "secret-key-of-the-tests"
PHRASES = [
    Phrase("yes", "en-IN"),
    Phrase("हाँ", "hi-IN"),
    Phrase("मैंने लोन नहीं लिया", "hi-IN"),
    Phrase("ହଁ ମୁଁ କହୁଛି", "or-IN"),
    Phrase("ஆமாம் நான் பேசுகிறேன்", "ta-IN"),
]
"""What callers say in these tests; a small book is rendered fast."""


@pytest.fixture(scope="session")
def voice_model() -> VoiceModel:
    return VoiceModel()


@pytest.fixture
async def sarvam() -> AsyncIterator[SarvamEmulator]:
    async with SarvamEmulator(keys=[KEY], phrases=PHRASES, caller_voices=["ravi"]) as emulator:
        yield emulator


@pytest.fixture
async def account(sarvam: SarvamEmulator) -> AsyncIterator[SarvamAccount]:
    async with SarvamAccount.open(key=KEY, http_base=sarvam.http_base, ws_base=sarvam.ws_base) as account:
        yield account
