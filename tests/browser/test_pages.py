import asyncio
from collections.abc import Callable

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.browser.conftest import Visiting

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

TIMES = "[performance.now(), performance.getEntriesByName('first-contentful-paint')[0].startTime]"
VIEWS = {
    "now": "Calls today",
    "calls": "Calls",
    "borrowers": "Borrowers",
    "upload": "Upload borrowers",
}


async def test_every_view_fits_wide_and_narrow_windows_light_and_dark(operator_with_borrowers: Visiting) -> None:
    async with operator_with_borrowers() as visitor:
        for view, heading in VIEWS.items():
            await visitor.goes_to(f"/#/{view}")
            await expect(visitor.page.locator("main h1")).to_have_text(heading)
            await visitor.is_looked_at(f"view-{view}")


async def test_the_simple_page_calls_without_scripts(operator_with_borrowers: Visiting) -> None:
    async with operator_with_borrowers(scripts=False) as visitor:
        await visitor.goes_to("/original?text=Rekha")
        row = visitor.page.get_by_role("row", name="Rekha Singh")
        await expect(row).to_contain_text("+919999900207")
        await expect(row).to_contain_text("Ready")
        await row.get_by_role("button", name="Call Rekha Singh").click()
        await visitor.sees("is queued")
        await visitor.is_looked_at("original")
        while await row.get_by_text("Completed").count() == 0:
            await visitor.goes_to("/original?text=Rekha")  # the page tells the present when it is asked


async def test_a_line_that_fell_silent_is_told_at_once_and_taken_up_again(operator: Visiting) -> None:
    lines: list[WebSocketRoute] = []
    answers = asyncio.Event()

    async def connect(line: WebSocketRoute) -> None:
        if lines:
            await answers.wait()
        lines.append(line)
        line.on_close(lambda *_: None)  # as on a dead line, nobody hears that it is closed
        line.connect_to_server()

    async with operator() as visitor:
        state = visitor.page.locator(".line-state")
        await visitor.page.clock.install()
        await visitor.page.route_web_socket("**/ws/dashboard/**", connect)
        await visitor.goes_to("/")
        await expect(state).to_have_text("Connected")
        await visitor.sees("Calls today")
        await visitor.page.clock.fast_forward(60_000)
        await visitor.sees("The line to the server is cut")
        await expect(state).to_have_text("Not connected")
        await visitor.is_looked_at("line-cut")
        answers.set()
        await expect(state).to_have_text("Connected")


async def test_how_long_the_dashboard_takes_to_appear(
    operator_with_borrowers: Visiting, record_property: Callable[[str, object], None]
) -> None:
    async with operator_with_borrowers() as visitor:
        for how in ("for the first time", "again"):
            await visitor.goes_to("/")
            await visitor.sees("Calls today")
            shown, painted = await visitor.page.evaluate(TIMES)
            record_property("measured", f"dashboard loaded {how}: painted {painted:.0f} ms, live view {shown:.0f} ms")
            assert 0 < painted <= shown
