from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web

from emulators.exotel.app import running
from emulators.exotel.callbacks import CallbackHabits
from emulators.exotel.exchange import Exotel
from emulators.exotel.flow import recommended
from emulators.exotel.options import Options
from emulators.exotel.variant import VARIANTS
from tests.emulators.exotel.product import Account, Product


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    runner = web.AppRunner(product.app(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    product.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield product
    await runner.cleanup()


@pytest.fixture
def options(product: Product, request: pytest.FixtureRequest) -> Options:
    """The recommended flow; a test names another variant by parametrizing `options` indirectly."""
    flow = recommended(
        resolver_url=product.url + "/ws-url",
        passthru_url=product.url + "/passthru",
        connect_url=product.url + "/connect",
        after_agent_url=product.url + "/after-agent",
    )
    return Options(
        flows={"51177": flow, "default": flow},
        variant=VARIANTS[getattr(request, "param", "default")],
        habits=CallbackHabits(retry_delays_s=(5.0, 15.0)),
        started=datetime(2026, 11, 20, 10, 30, tzinfo=UTC),
    )


@pytest.fixture
async def exotel(options: Options, product: Product) -> AsyncIterator[Exotel]:
    async with running(options) as exotel:
        yield exotel


@pytest.fixture
async def account(exotel: Exotel, product: Product) -> AsyncIterator[Account]:
    async with aiohttp.ClientSession() as session:
        yield Account(session, product, base=exotel.url)
