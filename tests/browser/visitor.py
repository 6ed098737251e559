"""Somebody who looks at the dashboard in Chromium, and notices whatever goes wrong in it."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, ConsoleMessage, Locator, Page, Request, StorageState, expect

SCREENSHOTS: Final = Path("var/screenshots")
PATIENCE_MS: Final = 30_000
WIDE: Final = (1280, 800)
NARROW: Final = (390, 844)
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("dark", "light")
_ABORTED: Final = "net::ERR_ABORTED"

expect.set_options(timeout=PATIENCE_MS)


class Visitor:
    """A page, and all that it complained about."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("requestfailed", self._on_failed)

    async def goes_to(self, path: str) -> None:
        """Open an address of the dashboard, such as `/#/upload`."""
        await self.page.goto(self.url + path)

    async def signs_in(self, password: str) -> None:
        """Fill in the form and send it."""
        await self.page.get_by_label("Name").fill("admin")
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Sign in").click()

    async def calls(self, names: Sequence[str]) -> None:
        """Choose these borrowers in the list, look at the dry run, and queue their calls."""
        await self.chooses(names)
        await self.page.get_by_role("button", name="Call ...").click()
        dialog = self.page.get_by_role("dialog")
        await expect(dialog).to_contain_text("What would happen")
        await self.is_looked_at("dry-run")
        await dialog.get_by_role("button", name=f"Queue {len(names)} call").click()
        await expect(dialog).to_contain_text("queued")
        await dialog.get_by_role("button", name="Close").click()

    async def chooses(self, names: Sequence[str]) -> None:
        """Mark these borrowers in the list."""
        for name in names:
            await self.page.get_by_role("checkbox", name=f"Choose {name}", exact=True).check()

    async def sees(self, words: str | re.Pattern[str]) -> None:
        """Wait until these words are somewhere on the page."""
        await expect(self.page.get_by_text(words).first).to_be_visible()

    def card(self, name: str) -> Locator:
        """Return the live call of this borrower."""
        return self.page.locator("button.card", has_text=name)

    async def is_looked_at(self, name: str) -> None:
        """Keep what is seen, wide and narrow, light and dark; nothing may reach beyond the window's width."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        await expect(self.page.get_by_text("Loading ...")).to_have_count(0)
        for width, height in (NARROW, WIDE):
            await self.page.set_viewport_size({"width": width, "height": height})
            await expect(self.page.locator("html")).to_have_js_property("scrollWidth", width)
            for scheme in SCHEMES:
                await self.page.emulate_media(color_scheme=scheme)
                await self.page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png")

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _on_failed(self, request: Request) -> None:
        if request.failure != _ABORTED:  # those that the page itself gave up, since it shows something else now
            self.complaints.append(f"request: {request.method} {request.url}: {request.failure}")


@asynccontextmanager
async def visiting(
    browser: Browser,
    url: str,
    *,
    signed_in: StorageState | None = None,
    scripts: bool = True,
) -> AsyncIterator[Visitor]:
    """Open a window of its own; at the end nothing may have gone wrong in it."""
    context = await browser.new_context(
        viewport={"width": WIDE[0], "height": WIDE[1]},
        color_scheme="light",
        storage_state=signed_in,
        java_script_enabled=scripts,
        locale="en-IN",
        timezone_id="Asia/Kolkata",
    )
    try:
        visitor = Visitor(await context.new_page(), url)
        yield visitor
        assert visitor.complaints == [], visitor.complaints
    finally:
        await context.close()
