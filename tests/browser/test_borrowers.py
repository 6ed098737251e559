import re

import pytest
from playwright.async_api import expect

from local.system import System
from tests.browser.conftest import Visiting, put_on_record
from tests.browser.town import crowd

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

MANY = 1_000
TO_THE_END = "box => { box.scrollTop = box.scrollHeight }"
DRAWN_ANEW = "dispatchEvent(new HashChangeEvent('hashchange'))"
"""As each live change does: what was typed meanwhile is kept."""
ROWS_AT_MOST = 100
"""Far fewer than are read: what is not seen is not in the page."""


async def test_a_long_list_is_scrolled_to_its_end_and_filtered(operator: Visiting, system: System) -> None:
    await put_on_record(system, crowd(MANY, state="Kerala"))
    async with operator() as visitor:
        await visitor.goes_to("/#/borrowers?state=Kerala")
        table = visitor.page.get_by_role("table", name="Borrowers")
        rows = table.get_by_role("row")
        await expect(rows.nth(1)).to_contain_text("Borrower 0001")
        told = visitor.page.get_by_text(re.compile("read so far|all that match$"))
        while "read so far" in (before := await told.inner_text()):
            await table.evaluate(TO_THE_END)
            await expect(told).not_to_have_text(before)
        await table.evaluate(TO_THE_END)
        await expect(rows.last).to_contain_text(f"Borrower {MANY:04d}")
        assert await rows.count() < ROWS_AT_MOST
        await visitor.sees(f"{MANY:,} borrowers, all that match")
        await visitor.page.get_by_label("Search").fill("Borrower 0777")
        await visitor.page.evaluate(DRAWN_ANEW)
        await visitor.page.get_by_role("button", name="Show").click()
        await expect(rows).to_have_count(2)  # the head, and one
        await expect(rows.nth(1)).to_contain_text("Borrower 0777")
        await visitor.page.get_by_role("combobox", name="Status").select_option("Completed")
        await visitor.sees("No borrower matches.")
        await visitor.is_looked_at("borrowers-none")
