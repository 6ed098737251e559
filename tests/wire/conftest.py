from collections.abc import AsyncIterator

import pytest_asyncio
from pytest import TempPathFactory

from tests.calls.phrases import NO_HINDI, PAID_HINDI, YES_HINDI
from tests.support.real_system import RealSystem, case, real_system

CASES = [
    case(
        "interrupts",
        31,
        [
            "wait_for_bot_to_finish",
            {"say": YES_HINDI.text},
            {"interrupt_after": 2.0},
            {"say": PAID_HINDI.text},
            "stay_silent",
        ],
    ),
    case("lives-on", 33, ["wait_for_bot_to_finish", {"say": YES_HINDI.text}, "stay_silent"]),
    case("somebody-else", 32, ["wait_for_bot_to_finish", {"say": NO_HINDI.text}, "stay_silent"]),
]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def system(tmp_path_factory: TempPathFactory) -> AsyncIterator[RealSystem]:
    """All services, real, with the emulated providers; one for all tests of the wire."""
    async with real_system(tmp_path_factory.mktemp("wire"), CASES) as system:
        yield system
