import pytest
from playwright.async_api import expect

from local.system import System
from tests.browser.conftest import Visiting
from tests.browser.town import HOME
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

FOCUSED = """() => {
    const { ariaLabel, labels, innerText } = document.activeElement;
    if (document.activeElement === document.body) return "";
    return ariaLabel || labels?.[0]?.innerText || innerText || "";
}"""
FAR = 80


async def test_a_call_is_asked_for_without_a_mouse(
    stranger: Visiting, operator_with_borrowers: Visiting, system: System
) -> None:
    async with stranger() as visitor:
        keyboard = visitor.page.keyboard
        await visitor.goes_to("/")
        await expect(visitor.page.get_by_label("Name")).to_be_focused()
        await keyboard.type("admin")
        await keyboard.press("Tab")
        await keyboard.type(system.admin_password)
        await keyboard.press("Enter")
        await visitor.sees("Connected")
        await goes_on_to(visitor, "Borrowers", "Enter")
        await goes_on_to(visitor, "State", HOME[0])
        await keyboard.type(f"{HOME[1:]}\n")
        await visitor.sees("Sunita Devi")
        await goes_on_to(visitor, "Choose Sunita Devi", "Space")
        await goes_back_to(visitor, "Call ...", "Enter")
        dialog = visitor.page.get_by_role("dialog")
        await expect(dialog.get_by_role("button", name="Queue 1 call")).to_be_enabled()
        await goes_on_to(visitor, "Queue 1 call", "Enter")
        await expect(dialog).to_contain_text("queued")
        await keyboard.press("Escape")
        await expect(dialog).to_have_count(0)
        await goes_back_to(visitor, "Now", "Enter")
        await expect(visitor.page.get_by_role("row", name="Sunita Devi")).to_contain_text("Completed")
        await goes_on_to(visitor, "Sunita Devi", "Enter")
        call = visitor.page.get_by_role("complementary", name="Call")
        await expect(call.get_by_role("heading", name="Sunita Devi")).to_be_focused()
        await keyboard.press("Escape")
        await expect(call).to_have_count(0)
        await expect(visitor.page.get_by_role("button", name="Sunita Devi")).to_be_focused()


async def goes_on_to(visitor: Visitor, name: str, key: str) -> None:
    """Press Tab until what has this name is focused, then press `key`."""
    await _goes(visitor, "Tab", name, key)


async def goes_back_to(visitor: Visitor, name: str, key: str) -> None:
    """The same with Shift+Tab."""
    await _goes(visitor, "Shift+Tab", name, key)


async def _goes(visitor: Visitor, step: str, name: str, key: str) -> None:
    passed: list[str] = []
    while len(passed) < FAR:
        await visitor.page.keyboard.press(step)
        passed.append(await visitor.page.evaluate(FOCUSED))
        if passed[-1].startswith(name):
            return await visitor.page.keyboard.press(key)
    raise AssertionError(f"{name!r} is not to be reached by {step}, only {passed}")
