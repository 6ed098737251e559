from collections.abc import AsyncIterator

import pytest

from tests.dashboard.fakes import Record
from tests.dashboard.stand import Stand, standing


@pytest.fixture
async def record() -> Record:
    return Record()


@pytest.fixture
async def stand(record: Record) -> AsyncIterator[Stand]:
    async with standing(record) as built:
        await built.follower.begun.wait()
        yield built
