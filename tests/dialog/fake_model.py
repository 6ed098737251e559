"""A model in memory: `tests/contracts/test_intent_models.py` holds it and Bedrock to the same."""

import asyncio
from collections.abc import Mapping

from services.dialog.intents import Intent
from services.dialog.ports import Doubt, Opinion


class FakeModel:
    """Answers by what stands in the words; UNCLEAR where nothing does."""

    def __init__(self, opinions: Mapping[str, Opinion], *, after_s: float = 0.0) -> None:
        self._opinions, self._after_s = opinions, after_s
        self.error: Exception | None = None
        """Raised instead of an answer."""

    async def opinion(self, doubt: Doubt) -> Opinion:
        await asyncio.sleep(self._after_s)
        if self.error:
            raise self.error
        found = (opinion for words, opinion in self._opinions.items() if words in doubt.words)
        return next(found, Opinion(Intent.UNCLEAR, "low"))
