import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visiting

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(150)]

VIEWS = {
    "live": "Calls today",
    "trends": "Today",
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


async def test_the_simple_page_needs_no_scripts(operator_with_borrowers: Visiting) -> None:
    async with operator_with_borrowers(scripts=False) as visitor:
        await visitor.goes_to("/original?text=Kamala")
        row = visitor.page.get_by_role("row", name="Kamala Devi")
        await expect(row).to_contain_text("+919999900201")
        await visitor.is_looked_at("original")
