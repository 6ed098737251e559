"""The table of endpoints in the README names what is served, and links to tests that are there."""

import re
from pathlib import Path

from services.dashboard.web.endpoint import Endpoint
from tests.dashboard.stand import Stand

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "README.md").read_text().partition("## Endpoints")[2].partition("\n## ")[0]
PAGES_OWN = ("/healthz", "/login", "/logout", "/me", "/counts", "/uploads", "/statistics")
"""What only our page and its probes ask for; the service's own README tells of it."""


def test_every_test_that_the_table_links_to_is_there() -> None:
    links = re.findall(r"\]\((tests/[^)]+)\)", TABLE)
    assert len(links) > 20
    assert [link for link in links if not (ROOT / link).exists()] == []


async def test_every_endpoint_stands_in_the_table(stand: Stand) -> None:
    told = set(re.findall(r"/[a-z][^`\s,]*", TABLE.replace("{id}", "{}"))) | {"/"}
    missing = [one.path for one in stand.dashboard.endpoints if not _is_told(one, told)]
    assert missing == []


def _is_told(endpoint: Endpoint, told: set[str]) -> bool:
    path = re.sub(r"\{\w+\}", "{}", endpoint.path)
    known = {re.sub(r"\{\w+\}", "{}", one) for one in told}
    return path in known or path in PAGES_OWN or path.startswith("/healthz") or f"/{path.rsplit('/', 1)[1]}" in known
