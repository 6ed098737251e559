import re

import pytest
from playwright.async_api import Locator, expect

from tests.browser.conftest import Visiting
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(150)]

NAMES = ("Kamala Devi", "Suresh Prasad", "Meena Kumari", "Ramesh Yadav")


async def test_borrowers_are_called_watched_and_their_call_is_opened_and_heard(
    operator_with_borrowers: Visiting,
) -> None:
    async with operator_with_borrowers() as visitor:
        await visitor.goes_to("/#/borrowers?text=Bihar")
        await visitor.goes_to("/#/borrowers")
        await visitor.chooses(NAMES)
        await visitor.page.get_by_role("button", name="Call ...").click()
        dialog = visitor.page.get_by_role("dialog")
        await expect(dialog).to_contain_text("What would happen")
        await visitor.takes_screenshot("dry-run-1280")
        await dialog.get_by_role("button", name="Queue 4 calls").click()
        await expect(dialog).to_contain_text("4 calls are queued")
        await dialog.get_by_role("button", name="Close").click()

        await visitor.goes_to("/#/live")
        await is_live(visitor, "Kamala Devi")
        await visitor.takes_screenshot("live-1280")
        await expect(counted(visitor, "Completed")).to_have_text("3")
        await expect(counted(visitor, "Not picked")).to_have_text("1")
        await visitor.takes_screenshot("live-over-1280")

        await visitor.page.get_by_role("row", name="Kamala Devi").click()
        await reads(visitor.page.get_by_role("complementary", name="Call"))
        await plays(visitor)
        await visitor.takes_screenshot("call-1280")


async def is_live(visitor: Visitor, name: str) -> None:
    """Wait until somebody is on the line, in words."""
    card = visitor.card(name)
    await expect(card).to_contain_text("In progress")
    await expect(card).to_contain_text("Hindi")
    await expect(card.locator(".stage")).to_have_text(re.compile("Greeting|Confirming|Telling"))
    await expect(card.locator(".clock")).to_have_text(re.compile(r"0:\d\d"))


def counted(visitor: Visitor, status: str) -> Locator:
    return visitor.page.locator("dl.counts div", has_text=status).locator("dd")


async def reads(call: Locator) -> None:
    """Find all that an opened call has to tell."""
    await expect(call).to_contain_text("Says it is paid")
    said = call.get_by_role("region", name="What was said")
    await expect(said.locator("li").first).to_contain_text("We")
    await expect(said.locator("li.borrower").first).to_contain_text("Hindi")
    await expect(call.get_by_role("region", name="What the line did")).to_contain_text("Completed")


async def plays(visitor: Visitor) -> None:
    """Play the recording until it has moved on."""
    await visitor.page.locator("audio").evaluate("audio => audio.play()")
    await visitor.page.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    await visitor.page.locator("audio").evaluate("audio => audio.pause()")
