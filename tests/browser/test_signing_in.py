import pytest
from playwright.async_api import expect

from local.system import System
from tests.browser.conftest import Visiting

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]


async def test_a_wrong_password_is_told_in_words_and_the_right_one_opens_the_dashboard(
    stranger: Visiting, system: System
) -> None:
    async with stranger() as visitor:
        await visitor.goes_to("/")
        await visitor.signs_in("not the password")
        await expect(visitor.page.get_by_role("alert")).to_contain_text("password")
        await visitor.is_looked_at("sign-in")
        [told] = visitor.complaints  # by the browser itself: of a page that comes with an error's status
        assert "401" in told
        visitor.complaints.clear()
        await visitor.signs_in(system.admin_password)
        await visitor.sees("Connected")
