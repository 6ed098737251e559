"""How the page of borrowers bears a million of them in Chromium: rows, scrolling, filters, orders, dry runs.

The borrowers are those of `bench.book`. Prints how long each step takes, from the click to the rows in the page, and
what the page holds of what it has read.
"""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from bench.book import book
from bench.borrowers import quiet
from bench.lines import table
from local.cases import Cases
from local.postgres import EmbeddedPostgres
from local.providers import Providers
from local.system import System, running

EMULATED: Final = Providers(sarvam=False, exotel=False, bedrock=False)
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info")
WITHIN_MS: Final = 60_000
LISTED: Final = "[role=table][aria-label=Borrowers] [role=row]:not(.head)"
VIEWS: Final[Mapping[str, str]] = {
    "first rows": "",
    "by name": "sort=name",
    "by amount, the largest first": "sort=-amount",
    "by due date": "sort=due_date",
    "completed": "status=completed",
    "of Kerala": "state=Kerala",
    "a usual name": "text=asha",
    "a usual name, by name": "text=asha&sort=name",
    "a loan": "text=AF000012345",
    "of the last file, by due date": "upload=10&sort=due_date",
}
"""What is looked at, and how the address says it."""
DRY_RUNS: Final[Mapping[str, str]] = {
    "dry run: of Kerala": "state=Kerala",
    "dry run: not picked": "status=not_picked",
    "dry run: everybody": "",
}
SCROLL: Final = """async (rows) => {
    const box = document.querySelector("[role=table][aria-label=Borrowers]");
    const frames = [];
    let before = performance.now();
    const read = () => Number(document.querySelector("main p[role=status]").innerText.replace(/,| .*$/gs, ""));
    while (read() < rows) {
        box.scrollTop += 800;
        await new Promise(requestAnimationFrame);
        const now = performance.now();
        frames.push(now - before);
        before = now;
    }
    gc();
    frames.sort((one, other) => one - other);
    const at = (part) => frames[Math.floor((frames.length - 1) * part)];
    return {
        rows: read(), frames: frames.length, median: at(0.5), p99: at(0.99), longest: at(1),
        nodes: document.querySelectorAll("*").length, heap: performance.memory.usedJSHeapSize / 1e6,
    };
}"""
"""Scroll on, a screen a frame, until so many rows are read; return frames' times in ms and what the page holds."""


async def main() -> None:
    """Fill a database, start the system, look at it, and print what that took."""
    parser = argparse.ArgumentParser(prog="python -m bench scroll", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="borrowers on record (default: 1000000)")
    parser.add_argument("--far", type=int, default=20_000, help="how many rows to scroll (default: 20000)")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if not program:
        sys.exit("There is no chromium. On Debian: apt-get install chromium")
    quiet()
    with EmbeddedPostgres() as server, tempfile.TemporaryDirectory() as folder:
        async with book(server, "scroll", options.rows):
            (Path(folder) / "logs").mkdir()
            told = {**os.environ, "DATABASE_URL": server.url("scroll")}
            async with running(Path(folder), Cases((), {}), EMULATED, None, told) as system:
                await _measure(system, program, options.far)


async def _measure(system: System, program: str, far: int) -> None:
    url = f"http://127.0.0.1:{system.ports.dashboard}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(WITHIN_MS)
        await _sign_in(page, url, system.admin_password)
        print(table(("what", "ms"), [(name, await _look(page, url, asked)) for name, asked in VIEWS.items()]))
        print(
            table(
                ("what", "ms", "told"), [(name, *await _dry_run(page, url, asked)) for name, asked in DRY_RUNS.items()]
            )
        )
        await _look(page, url, "")
        print(await _scrolled(page, far))
        await browser.close()


async def _sign_in(page: Page, url: str, password: str) -> None:
    await page.goto(f"{url}/login")
    await page.get_by_label("Name").fill("admin")
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Connected").wait_for()


async def _look(page: Page, url: str, asked: str) -> str:
    """Open the list in a fresh page, and return how many ms pass until its rows stand there."""
    await page.goto("about:blank")
    began = time.perf_counter()
    await page.goto(f"{url}/#/borrowers?{asked}", wait_until="commit")
    await page.locator(LISTED).first.wait_for()
    return f"{1000 * (time.perf_counter() - began):.0f}"


async def _dry_run(page: Page, url: str, asked: str) -> tuple[str, str]:
    """Choose all that match, and return how many ms pass until the dry run is told, and its words."""
    await _look(page, url, asked)
    await page.get_by_label("All that match").check()
    began = time.perf_counter()
    await page.get_by_role("button", name="Call ...").click()
    dialog = page.get_by_role("dialog")
    await dialog.locator("tbody, [role=alert]").first.wait_for()
    taken = 1000 * (time.perf_counter() - began)
    return f"{taken:.0f}", " ".join((await dialog.locator("tbody, [role=alert]").first.inner_text()).split())


async def _scrolled(page: Page, far: int) -> str:
    rows = []
    for stretch in range(5):
        told = await page.evaluate(SCROLL, far * stretch // 4)
        times = [f"{told[name]:.1f}" if told.get(name) else "" for name in ("median", "p99", "longest")]
        rows.append([f"{told['rows']:,}", told["frames"], *times, told["nodes"], f"{told['heap']:.1f}"])
    return table(("rows", "frames", "median ms", "p99 ms", "longest", "nodes", "heap MB"), rows)


if __name__ == "__main__":
    asyncio.run(main())
