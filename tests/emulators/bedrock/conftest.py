from collections.abc import AsyncIterator

import pytest

from emulators.bedrock import BedrockEmulator, Rule

SCRIPT = [
    Rule("नहीं|nahi", {"intent": "NO", "confidence": "high"}),
    Rule(r"\bभर दिए\b|paid", {"intent": "ALREADY_PAID", "confidence": "medium", "day_text": "कल"}),
    Rule("हाँ|haan", {"intent": "YES", "confidence": "high"}),
    Rule("gaana", {"intent": "SING"}),
]


@pytest.fixture
async def bedrock() -> AsyncIterator[BedrockEmulator]:
    async with BedrockEmulator(SCRIPT, latency_s=0, secrets={"test": "test-secret"}) as emulator:
        yield emulator
