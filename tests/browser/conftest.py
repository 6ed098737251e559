import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial

import pytest_asyncio
from playwright.async_api import Browser, StorageState, async_playwright
from pytest import TempPathFactory

from local.system import System, running
from tests.browser.town import CALLED, as_csv, cases
from tests.browser.visitor import Visitor, visiting
from tests.support.programs import needed
from tests.support.real_system import EMULATED, SETTINGS
from voice.customers import v1 as pb
from voicekit.rpc import channel

CHROMIUM = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required"),
)
"""It speaks with nobody but our own server."""

Visiting = Callable[..., AbstractAsyncContextManager[Visitor]]


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    program = needed("chromium", package="chromium fonts-noto-core", what="the dashboard in a browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def system(browser: Browser, tmp_path_factory: TempPathFactory) -> AsyncIterator[System]:
    """The whole system with no borrower in it; `browser` comes first, since without it nothing need start."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "logs").mkdir()
    async with running(folder, cases(), EMULATED, None, {**os.environ, **SETTINGS}) as system:
        yield system


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def stranger(browser: Browser, system: System) -> Visiting:
    """Opens a window for somebody who has not signed in."""
    return partial(visiting, browser, f"http://127.0.0.1:{system.ports.dashboard}")


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def signed_in(stranger: Visiting, system: System) -> StorageState:
    async with stranger() as visitor:
        await visitor.goes_to("/login")
        await visitor.signs_in(system.admin_password)
        await visitor.sees("Connected")
        return await visitor.page.context.storage_state()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def operator(stranger: Visiting, signed_in: StorageState) -> Visiting:
    """Opens a window for somebody who has signed in and may call."""
    return partial(stranger, signed_in=signed_in)


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def operator_with_borrowers(operator: Visiting, system: System) -> Visiting:
    """The same, once those who are called are on record."""
    await put_on_record(system, CALLED)
    return operator


async def put_on_record(system: System, rows: Sequence[Mapping[str, str]]) -> None:
    """Import borrowers without a browser."""

    async def pieces() -> AsyncIterator[pb.ImportCustomersRequest]:
        yield pb.ImportCustomersRequest(info=pb.ImportInfo(filename="borrowers.csv", lender_name="Asha Finance"))
        yield pb.ImportCustomersRequest(chunk=as_csv(rows))
        yield pb.ImportCustomersRequest(finished=pb.ImportFinished())

    async with channel(system.customers_address, "voice.customers.v1.CustomersService") as customers:
        done = await pb.CustomersServiceStub(customers).ImportCustomers(pieces(), timeout=60)
    assert done.imported_rows == len(rows), done.problems
