import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import Visiting
from tests.browser.town import BAD, MESSY, MORE, as_csv, as_old_workbook, as_workbook
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(300)]

REMEMBER = """
    window.remembered = new Set();
    const all = () => document.querySelectorAll("[role=status] h2");
    const remember = () => all().forEach((one) => remembered.add(one.innerText));
    new MutationObserver(remember).observe(document, { childList: true, subtree: true, characterData: true });
"""
"""What was told under way may be gone before a test can look."""
SHEET, OLD_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "application/vnd.ms-excel"


async def test_a_messy_file_is_uploaded_repaired_and_sent_again_until_all_rows_are_in(operator: Visiting) -> None:
    async with operator() as visitor:
        await visitor.page.add_init_script(REMEMBER)
        await visitor.goes_to("/#/upload")
        await expect(visitor.page.get_by_role("link", name="Example file")).to_be_visible()
        await visitor.is_looked_at("upload")
        await chooses(visitor, "borrowers.csv", "text/csv", as_csv(MESSY))
        await sums_up(visitor, New=46, Rejected=4)
        await visitor.is_looked_at("upload-rejected")
        await repairs(visitor, 271)
        await sums_up(visitor, New=4, Rejected=0)
        await visitor.is_looked_at("upload-accepted")
        assert "Sending borrowers.csv" in await visitor.page.evaluate("[...remembered]")


async def test_a_workbook_is_repaired_in_the_same_way_and_rows_that_were_known_change_nothing(
    operator: Visiting,
) -> None:
    async with operator() as visitor:
        await visitor.goes_to("/#/upload")
        await chooses(visitor, "more.xlsx", SHEET, as_workbook(MORE))
        await sums_up(visitor, New=6, Rejected=4)
        await repairs(visitor, 272)
        await sums_up(visitor, New=4, Rejected=0)
        await visitor.page.get_by_role("link", name="Upload another file").click()
        await chooses(visitor, "again.xls", OLD_SHEET, as_old_workbook(MORE[:1]))
        await sums_up(visitor, New=0, Changed=0, Rejected=0)


async def test_what_is_no_list_of_borrowers_is_refused_in_words(operator: Visiting) -> None:
    async with operator() as visitor:
        await visitor.goes_to("/#/upload")
        await chooses(visitor, "holiday.csv", "text/csv", b"day,place\n1,Goa\n")
        await expect(visitor.page.get_by_role("alert")).to_contain_text("no column for the borrower's name")
        await visitor.is_looked_at("upload-refused")


async def chooses(visitor: Visitor, name: str, media_type: str, content: bytes) -> None:
    file = FilePayload(name=name, mimeType=media_type, buffer=content)
    await visitor.page.locator("input[type=file]").set_input_files(file)


async def sums_up(visitor: Visitor, **counts: int) -> None:
    """Wait for the sums of an upload."""
    for name, count in counts.items():
        sum_ = visitor.page.locator("dl.counts div", has_text=name).locator("dd")
        await expect(sum_).to_have_text(str(count))


async def repairs(visitor: Visitor, number: int) -> None:
    """Write what is right into every cell that is marked as wrong, and send the rows again."""
    await expect(visitor.page.locator("input[aria-invalid=true]")).to_have_count(len(BAD))
    for title, _, right in BAD:
        await visitor.page.locator(f"input[aria-invalid=true][aria-label^='{title}']").fill(right.format(number))
    await visitor.page.get_by_role("button", name=f"Upload these {len(BAD)} rows again").click()
