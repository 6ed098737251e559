"""GET and POST /original: the simple page, which needs no script."""

import re

import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record, customer
from tests.dashboard.stand import Browser, Stand


async def test_the_simple_page_escapes_what_was_uploaded(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, name="<script>alert(1)</script>")
    browser = await stand.signed_in()
    text = await (await browser.get("/original?text=%22%3E%3Cscript")).text()
    assert "No borrower matches" in text
    text += await (await browser.get("/original")).text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_the_simple_page_turns_pages_and_keeps_its_filters(stand: Stand, record: Record) -> None:
    record.add_customers(3)
    browser = await stand.signed_in()
    text = await (await browser.get("/original?page_size=2&text=Asha")).text()
    assert "Asha Rao 2" in text
    assert "Asha Rao 3" not in text
    assert 'href="/original?text=Asha&amp;page_size=2&amp;page_token=2"' in text


def button_of(text: str, name: str) -> dict[str, str]:
    """Return what pressing a borrower's button sends."""
    [form] = [one for one in re.findall(r"<form method=\"post\".*?</form>", text) if f"Call {name}" in one]
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))


async def press(browser: Browser, fields: dict[str, str], query: str = "") -> tuple[int, str]:
    answer = await browser.client.post(f"/original{query}", data=fields, headers={"Origin": browser.origin})
    return answer.status, await answer.text()


async def test_the_simple_page_calls_a_borrower_without_a_script(stand: Stand, record: Record) -> None:
    record.add_customers(2)
    browser = await stand.signed_in(Role.OPERATOR)
    text = await (await browser.get("/original?text=Asha")).text()
    assert "<script" not in text
    assert "/original?text=Asha" in text
    fields = button_of(text, "Asha Rao 1")
    status, text = await press(browser, fields, "?text=Asha")
    assert (status, "The call to borrower 1 is queued." in text) == (200, True)
    await press(browser, fields)  # a second click
    assert [one.customer_ids for one in stand.dialing.asked] == [[1]]
    _, text = await press(browser, button_of(text, "Asha Rao 2"))
    assert "The call to borrower 2 waits until 22 Nov 2026, 12:00" in text


async def test_the_simple_page_says_why_a_borrower_is_not_called(stand: Stand, record: Record) -> None:
    record.people[101] = customer(101)
    browser = await stand.signed_in(Role.OPERATOR)
    fields = button_of(await (await browser.get("/original")).text(), "Asha Rao 101")
    assert "Borrower 101 is not called: dnc." in (await press(browser, fields))[1]


@pytest.mark.parametrize(
    ("change", "status"), [({"csrf_token": "x"}, 403), ({"customer_id": "0"}, 400), ({"key": ""}, 400)]
)
async def test_a_button_of_the_simple_page_that_was_forged_calls_nobody(
    stand: Stand, record: Record, change: dict[str, str], status: int
) -> None:
    record.add_customers(1)
    browser = await stand.signed_in(Role.OPERATOR)
    fields = button_of(await (await browser.get("/original")).text(), "Asha Rao 1")
    assert (await press(browser, fields | change))[0] == status
    assert not stand.dialing.asked


async def test_a_viewer_sees_no_button_on_the_simple_page(stand: Stand, record: Record) -> None:
    record.add_customers(1)
    browser = await stand.signed_in(Role.VIEWER)
    assert "<button aria-label" not in await (await browser.get("/original")).text()
