"""Every error is JSON of one shape, whatever went wrong and wherever it did."""

from typing import Any

import aiohttp
import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record
from tests.dashboard.stand import Stand


async def told(answer: aiohttp.ClientResponse) -> tuple[int, str]:
    """Return status and code; fail unless the body is an error of our shape."""
    assert answer.content_type == "application/json"
    body = await answer.json()
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message", "field"}
    assert body["error"]["message"]
    return answer.status, body["error"]["code"]


TEXT = {"Content-Type": "text/plain"}
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("method", "path", "options", "status", "code"),
    [
        ("GET", "/nowhere", {}, 404, "NOT_FOUND"),
        ("GET", "/calls/nobodys", {}, 404, "NOT_FOUND"),
        ("GET", "/static/js/nothing.js", {}, 404, "NOT_FOUND"),
        ("GET", "/static/js", {}, 404, "NOT_FOUND"),
        ("GET", "/static/%2e%2e/settings.py", {}, 404, "NOT_FOUND"),
        ("DELETE", "/customers", {}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/trigger-call/1", {}, 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/customers?staus=ready", {}, 400, "INVALID_INPUT"),
        ("POST", "/trigger-call/one", {}, 400, "INVALID_INPUT"),
        ("POST", "/trigger-bulk-calls", {"data": b"{", "headers": JSON}, 400, "INVALID_INPUT"),
        ("POST", "/trigger-bulk-calls", {"data": b"\xff\xfe", "headers": JSON}, 400, "INVALID_INPUT"),
        (
            "POST",
            "/trigger-bulk-calls",
            {"data": b"a=b", "headers": TEXT},
            415,
            "UNSUPPORTED_MEDIA",
        ),
        ("POST", "/upload-customers", {"json": {}}, 415, "UNSUPPORTED_MEDIA"),
        ("POST", "/upload-customers", {"data": b"nonsense", "headers": FORM}, 400, "INVALID_INPUT"),
        ("POST", "/trigger-call/101", {}, 409, "DNC"),
        ("GET", "/ws/dashboard/page-1", {}, 400, "INVALID_INPUT"),
        ("GET", "/ws/dashboard/page-1", {"headers": {"Origin": "https://evil.example"}}, 403, "FORBIDDEN"),
    ],
)
async def test_an_error_has_its_status_and_code(
    stand: Stand, method: str, path: str, options: dict[str, Any], status: int, code: str
) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    assert await told(await browser.send(method, path, **options)) == (status, code)


@pytest.mark.parametrize("path", ["/trigger-bulk-calls", "/upload-customers"])
async def test_a_body_that_is_not_in_its_own_encoding_is_the_sender_s_mistake(stand: Stand, path: str) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    headers = {**(JSON if path.startswith("/trigger") else FORM), "Content-Encoding": "gzip"}
    answer = await browser.send("POST", path, data=b"Asha Rao", headers=headers)
    assert await told(answer) == (400, "INVALID_INPUT")


async def test_who_is_not_known_or_may_not_is_told_so(stand: Stand) -> None:
    stranger = await stand.browser()
    assert await told(await stranger.get("/customers")) == (401, "UNAUTHENTICATED")
    viewer = await stand.signed_in(Role.VIEWER)
    assert await told(await viewer.send("POST", "/trigger-call/1")) == (403, "FORBIDDEN")
    assert await told(await viewer.send("POST", "/logout", headers={"X-CSRF-Token": "x"})) == (403, "FORBIDDEN")


async def test_a_provider_that_is_away_and_a_mistake_of_ours_are_told_so(
    stand: Stand, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = await stand.signed_in()
    record.down = True
    assert await told(await browser.get("/customers")) == (503, "UNAVAILABLE")

    async def broken(*_: object) -> None:
        raise RuntimeError("Asha Rao owes 4550")

    monkeypatch.setattr("tests.dashboard.fakes.Customers.list", broken)
    answer = await browser.get("/customers")
    assert "Asha" not in await answer.text()
    assert await told(answer) == (500, "INTERNAL")
