import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import Visiting
from tests.browser.town import BAD, MESSY, as_csv
from tests.browser.visitor import Visitor

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(150)]

SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def test_a_messy_file_is_uploaded_repaired_and_sent_again_until_all_rows_are_in(operator: Visiting) -> None:
    async with operator() as visitor:
        await visitor.goes_to("/#/upload")
        await chooses(visitor, FilePayload(name="borrowers.csv", mimeType="text/csv", buffer=as_csv(MESSY)))
        await sums_up(visitor, New=46, Rejected=4)
        await visitor.is_looked_at("upload-rejected")
        await repairs(visitor)
        await visitor.page.get_by_role("button", name="Upload these rows again").click()
        await sums_up(visitor, New=4, Rejected=0)
        await visitor.is_looked_at("upload-accepted")


async def chooses(visitor: Visitor, file: FilePayload) -> None:
    await visitor.page.locator("input[type=file]").set_input_files(file)


async def sums_up(visitor: Visitor, **counts: int) -> None:
    """Wait for the sums of an upload."""
    for name, count in counts.items():
        sum_ = visitor.page.locator("dl.counts div", has_text=name).locator("dd")
        await expect(sum_).to_have_text(str(count))


async def repairs(visitor: Visitor) -> None:
    """Write what is right into every cell that is marked as wrong."""
    wrong = visitor.page.locator("input[aria-invalid=true]")
    await expect(wrong).to_have_count(len(BAD))
    for _, right in BAD:
        [(title, text)] = right.items()
        await visitor.page.locator(f"input[aria-invalid=true][aria-label^='{title}']").fill(text)
