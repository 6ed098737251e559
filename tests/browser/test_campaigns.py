import pytest
from playwright.async_api import expect

from tests.browser.conftest import Visiting
from tests.browser.town import HOME

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]


async def test_a_campaign_is_paused_resumed_and_cancelled(operator_with_borrowers: Visiting) -> None:
    async with operator_with_borrowers() as visitor:
        await visitor.goes_to(f"/#/borrowers?state={HOME}")
        await visitor.calls(["Leela Bai"])
        await visitor.goes_to("/#/now")
        campaign = visitor.page.locator(".campaign", has_text="0 of 1 over")
        await expect(campaign).to_contain_text("1 waiting")  # for her turn, or to be called again: her line is busy
        await campaign.get_by_role("button", name="Pause").click()
        await expect(campaign).to_contain_text("Paused")
        await visitor.is_looked_at("campaign-paused")
        await campaign.get_by_role("button", name="Resume").click()
        await expect(campaign).to_contain_text("Running")
        await campaign.get_by_role("button", name="Cancel").click()
        await expect(campaign).to_have_count(0)
