import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Visiting
from tests.browser.town import HOME
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

PLAY = """audio => new Promise((resolve, reject) => {
    audio.addEventListener("error", () => reject(audio.error.message));
    audio.addEventListener("timeupdate", () => audio.currentTime > 0 && resolve(audio.currentTime));
    audio.play().catch(reject);
})"""
NAMES = ("Kamala Devi", "Suresh Prasad", "Meena Kumari", "Ramesh Yadav")


async def test_borrowers_are_called_watched_and_their_call_is_opened_and_heard(
    operator_with_borrowers: Visiting,
) -> None:
    async with operator_with_borrowers() as visitor:
        await visitor.goes_to(f"/#/borrowers?state={HOME}")
        await visitor.calls(NAMES)
        await visitor.goes_to("/#/now")
        completed, not_picked = await count(visitor, "Completed"), await count(visitor, "Not picked")
        await is_live(visitor, "Kamala Devi")
        await visitor.is_looked_at("live")
        await expect(counted(visitor, "Completed")).to_have_text(str(completed + 3))
        await expect(counted(visitor, "Not picked")).to_have_text(str(not_picked + 1))
        await visitor.page.get_by_role("row", name="Kamala Devi").click()
        await reads(visitor.page.get_by_role("complementary", name="Call"))
        await plays(visitor)
        await visitor.is_looked_at("call")
        await visitor.page.get_by_role("row", name="Meena Kumari").click()
        await expect(visitor.page.get_by_role("complementary", name="Call")).to_contain_text("not answered")
        await visitor.is_looked_at("call-unanswered")


async def is_live(visitor: Visitor, name: str) -> None:
    """Wait until somebody is on the line: since when, in which language, and at which point of the talk."""
    await expect(visitor.card(name)).to_have_text(
        re.compile(r"\d:\d\d.*In progress.*Hindi.*(Greeting|Finding|Telling)")
    )


def counted(visitor: Visitor, status: str) -> Locator:
    return visitor.page.locator("dl.counts div", has_text=status).locator("dd")


async def count(visitor: Visitor, status: str) -> int:
    return int(await counted(visitor, status).inner_text())


async def reads(call: Locator) -> None:
    """Find all that an opened call has to tell."""
    await expect(call).to_contain_text("Says it is paid")
    said = call.get_by_role("region", name="What was said")
    await expect(said.locator("li").first).to_contain_text("We")
    await expect(said.locator("li.borrower").first).to_contain_text("Hindi")
    await expect(call.get_by_role("region", name="How it went")).to_contain_text("Greeting")
    await expect(call.get_by_role("region", name="What the line did")).to_contain_text("Completed")


async def plays(visitor: Visitor) -> None:
    """Play the recording until it has moved on."""
    seconds = await visitor.page.locator("audio").evaluate(PLAY)
    assert seconds > 0
