from collections.abc import AsyncIterator

import aiohttp
import pytest

from emulators.sarvam import Phrase, SarvamEmulator
from emulators.voices import CALLER_VOICE
from tests.emulators.sarvam.client import KEY

BOOK = [
    Phrase("हाँ", "hi-IN"),
    Phrase("नहीं", "hi-IN"),
    Phrase("जी", "hi-IN"),
    Phrase("मैं पाँच तारीख को भर दूँगा", "hi-IN"),
    Phrase("yes", "en-IN"),
    Phrase("I want to talk to someone", "en-IN"),
    Phrase("ஆமா", "ta-IN"),
    Phrase("ମୁଁ ପରେ ଟଙ୍କା ଦେବି", "or-IN"),
]


@pytest.fixture
async def sarvam() -> AsyncIterator[SarvamEmulator]:
    async with SarvamEmulator(keys=["test-key"], phrases=BOOK, caller_voices=[CALLER_VOICE]) as emulator:
        yield emulator


@pytest.fixture
async def http(sarvam: SarvamEmulator) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(sarvam.http_base, headers=KEY) as session:
        yield session
