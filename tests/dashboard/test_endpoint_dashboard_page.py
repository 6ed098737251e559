"""GET /: the dashboard."""

from services.dashboard.people import Role
from tests.dashboard.stand import Stand


async def test_the_dashboard_is_served_to_whoever_is_signed_in(stand: Stand) -> None:
    answer = await (await stand.signed_in(Role.VIEWER)).get("/")
    assert (answer.status, answer.content_type) == (200, "text/html")
    text = await answer.text()
    assert '<script type="module" src="/static/js/main.js">' in text
    assert "/original" in text  # for browsers without scripts


async def test_whoever_is_not_signed_in_is_asked_to(stand: Stand) -> None:
    browser = await stand.browser()
    answer = await browser.get("/")
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert "password" in await (await browser.get("/login")).text()


async def test_whoever_mistypes_a_password_keeps_the_name(stand: Stand) -> None:
    browser = await stand.browser()
    answer = await browser.sign_in('meera "m"', "wrong")
    assert answer.status == 401
    assert 'value="meera &quot;m&quot;"' in await answer.text()
