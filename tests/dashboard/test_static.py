"""The page's files."""

import hashlib
import json
import re
from pathlib import Path

from services.dashboard.web.pages import STATIC
from tests.dashboard.stand import Stand

VENDOR = STATIC / "vendor"


def test_every_vendored_file_is_the_one_that_was_published() -> None:
    listed = json.loads((VENDOR / "VENDORED.json").read_text())
    for entry in listed:
        assert hashlib.sha256((VENDOR / entry["file"]).read_bytes()).hexdigest() == entry["sha256"], entry["file"]
        assert all((VENDOR / licence).read_text() for licence in entry["licence_files"])
    known = {entry["file"] for entry in listed} | {one for entry in listed for one in entry["licence_files"]}
    assert {path.name for path in VENDOR.iterdir()} == known | {"VENDORED.json"}


def scripts() -> list[Path]:
    return sorted((STATIC / "js").rglob("*.js"))


def test_every_import_leads_to_a_file_that_names_what_is_imported() -> None:
    for script in scripts():
        text = script.read_text()
        for names, path in re.findall(r'import (?:\{([^}]*)\}|\* as \w+) from "([^"]+)"', text):
            target = (script.parent / path).resolve()
            assert target.is_file(), f"{script.name} imports {path}"
            if target.parent != VENDOR:
                exported = set(re.findall(r"export (?:async )?(?:function|const|class) (\w+)", target.read_text()))
                wanted = {name.strip() for name in names.split(",") if name.strip()}
                assert wanted <= exported, f"{script.name} wants {wanted - exported} of {path}"


def test_the_page_sends_nobody_elsewhere_and_runs_no_inline_script() -> None:
    for path in [*scripts(), *STATIC.glob("*.html"), *STATIC.glob("css/*.css")]:
        text = path.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://", text), path.name
        assert "innerHTML" not in text
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), path.name
        assert not re.search(r"\sstyle=\"", text), path.name


async def test_the_page_names_files_that_are_served(stand: Stand) -> None:
    browser = await stand.signed_in()
    text = await (await browser.get("/")).text()
    paths = re.findall(r'(?:href|src)="(/static/[^"]+)"', text)
    assert len(paths) > 5
    for path in paths:
        answer = await browser.get(path)
        assert answer.status == 200, path
        if path.endswith(".js"):
            assert "javascript" in answer.headers["Content-Type"]


async def test_no_other_file_of_the_service_is_served(stand: Stand) -> None:
    browser = await stand.browser()
    for path in ("/static/../settings.py", "/static/%2e%2e/settings.py", "/static/", "/static/js"):
        assert (await browser.get(path)).status in (403, 404), path
