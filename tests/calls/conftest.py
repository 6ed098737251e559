from collections.abc import AsyncIterator

import pytest

from tests.calls.checks import a_world
from tests.calls.phrases import PHRASES
from tests.calls.world import World
from tests.support.studio import SharedLines, Studio


@pytest.fixture(scope="session")
def studio() -> Studio:
    return Studio(PHRASES)


@pytest.fixture
async def world(studio: Studio) -> AsyncIterator[World]:
    """The system in use: what other stories have had rendered is there."""
    async with a_world(studio) as world:
        yield world


@pytest.fixture
async def new_world(studio: Studio) -> AsyncIterator[World]:
    """The system on its first day: nothing was rendered yet."""
    async with a_world(studio, lines=SharedLines()) as world:
        yield world
