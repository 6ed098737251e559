"""How smoothly a long list of borrowers scrolls in Chromium, and what the page keeps of it."""

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import Page, async_playwright

from bench.borrowers import borrowers, quiet
from local.cases import Cases
from local.postgres import EmbeddedPostgres
from local.providers import Providers
from local.system import System, running

EMULATED: Final = Providers(sarvam=False, exotel=False, bedrock=False)
CHROMIUM: Final = ("--no-sandbox", "--disable-gpu", "--js-flags=--expose-gc", "--enable-precise-memory-info")
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
    """Fill a database, start the system, scroll, and print a line for each stretch."""
    parser = argparse.ArgumentParser(prog="python -m bench scroll", description=__doc__)
    parser.add_argument("--borrowers", type=int, default=200_000, help="how many are on record (default: 200000)")
    parser.add_argument("--rows", type=int, default=20_000, help="how far to scroll (default: 20000)")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if not program:
        sys.exit("There is no chromium. On Debian: apt-get install chromium")
    quiet()
    with EmbeddedPostgres() as server, tempfile.TemporaryDirectory() as folder:
        async with borrowers(server, "scroll", options.borrowers):
            (Path(folder) / "logs").mkdir()
            told = {**os.environ, "DATABASE_URL": server.url("scroll")}
            async with running(Path(folder), Cases((), {}), EMULATED, None, told) as system:
                await _measure(system, program, options.rows)


async def _measure(system: System, program: str, rows: int) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=CHROMIUM)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        await _open(page, system)
        print(f"{'rows':>8}{'frames':>8}{'median ms':>11}{'p99 ms':>8}{'longest':>9}{'nodes':>7}{'heap MB':>9}")
        for stretch in range(1, 5):
            told = await page.evaluate(SCROLL, rows * stretch // 4)
            print(
                f"{told['rows']:8,}{told['frames']:8}{told['median']:11.1f}{told['p99']:8.1f}{told['longest']:9.1f}"
                f"{told['nodes']:7}{told['heap']:9.1f}"
            )
        await browser.close()


async def _open(page: Page, system: System) -> None:
    await page.goto(f"http://127.0.0.1:{system.ports.dashboard}/login")
    await page.get_by_label("Name").fill("admin")
    await page.get_by_label("Password").fill(system.admin_password)
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_text("Connected").wait_for()
    await page.goto(f"http://127.0.0.1:{system.ports.dashboard}/#/borrowers")
    await page.get_by_text("read so far").wait_for()


if __name__ == "__main__":
    asyncio.run(main())
