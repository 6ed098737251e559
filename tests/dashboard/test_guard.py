"""Who may ask what: the matrix is made of the routes themselves, so that a new one cannot be forgotten."""

import pytest

from services.dashboard.people import Role
from tests.dashboard.stand import TOKENS, Stand

EXPECTED = {
    ("GET", "/healthz/live"): None,
    ("GET", "/healthz/ready"): None,
    ("GET", "/login"): None,
    ("POST", "/login"): None,
    ("GET", "/"): "viewer",
    ("GET", "/original"): "viewer",
    ("POST", "/original"): "operator",
    ("GET", "/openapi.json"): "viewer",
    ("GET", "/me"): "viewer",
    ("POST", "/logout"): "viewer",
    ("GET", "/customers"): "viewer",
    ("GET", "/customers/{customer_id}"): "viewer",
    ("PUT", "/customers/{customer_id}/status"): "operator",
    ("GET", "/counts"): "viewer",
    ("GET", "/customers/{customer_id}/suppressions"): "viewer",
    ("POST", "/customers/{customer_id}/suppressions"): "operator",
    ("POST", "/suppressions/{suppression_id}/lift"): "operator",
    ("GET", "/examples/borrowers.csv"): "viewer",
    ("GET", "/examples/mistakes.csv"): "viewer",
    ("GET", "/uploads"): "viewer",
    ("GET", "/uploads/{upload_id}"): "operator",
    ("GET", "/uploads/{upload_id}/progress"): "viewer",
    ("GET", "/uploads/{upload_id}/rejected-rows"): "operator",
    ("GET", "/uploads/{upload_id}/error-file"): "operator",
    ("GET", "/calls"): "viewer",
    ("GET", "/calls/{call_id}"): "viewer",
    ("GET", "/calls/{call_id}/waveform"): "viewer",
    ("GET", "/calls/{call_id}/recording"): "viewer",
    ("GET", "/statistics"): "viewer",
    ("GET", "/exports/customers"): "operator",
    ("GET", "/exports/calls"): "operator",
    ("POST", "/calls/{call_id}/end"): "operator",
    ("POST", "/upload-customers"): "operator",
    ("POST", "/trigger-call/{customer_id}"): "operator",
    ("POST", "/trigger-bulk-calls"): "operator",
    ("GET", "/campaigns"): "viewer",
    ("GET", "/campaigns/{campaign_id}"): "viewer",
    ("POST", "/campaigns/{campaign_id}/control"): "operator",
    ("GET", "/ws/dashboard/{websocket_id}"): "viewer",
}
ROLES = list(Role)


def concrete(path: str) -> str:
    return path.format(
        customer_id=7, call_id="call-7", campaign_id=7, websocket_id="page-7", upload_id=7, suppression_id=7
    )


def test_every_route_needs_what_is_written_here(stand: Stand) -> None:
    assert {(one.method, one.path): one.needs for one in stand.dashboard.endpoints} == EXPECTED
    served = {route.resource.canonical for route in stand.dashboard.app.router.routes() if route.resource}
    assert served == {path for _, path in EXPECTED} | {"/static/{path}"}


@pytest.mark.parametrize(("method", "path"), [key for key, needs in EXPECTED.items() if needs])
async def test_who_is_not_signed_in_gets_nothing(stand: Stand, method: str, path: str) -> None:
    browser = await stand.browser()
    answer = await browser.send(method, concrete(path))
    if method == "GET" and path in ("/", "/original"):
        assert (answer.status, answer.headers["Location"]) == (303, "/login")
    else:
        assert answer.status == 401
        assert (await answer.json())["error"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), [key for key, needs in EXPECTED.items() if needs])
async def test_a_role_may_do_what_it_may_and_no_more(stand: Stand, method: str, path: str, role: Role) -> None:
    browser = await stand.signed_in(role)
    answer = await browser.send(method, concrete(path))
    allowed = role.may(Role(EXPECTED[method, path] or ""))
    assert (answer.status == 403) is not allowed
    assert answer.status not in (401, 500)


@pytest.mark.parametrize(("method", "path"), [key for key, needs in EXPECTED.items() if needs and key[0] != "GET"])
@pytest.mark.parametrize("csrf", ["", "x" * 43])
async def test_a_change_without_our_pages_token_is_refused(stand: Stand, method: str, path: str, csrf: str) -> None:
    browser = await stand.signed_in()
    browser.csrf = csrf
    answer = await browser.send(method, concrete(path))
    assert answer.status == 403
    assert (await answer.json())["error"]["field"] == "X-CSRF-Token"


@pytest.mark.parametrize(("method", "path"), [key for key in EXPECTED if key[0] != "GET"])
@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_change_from_another_sites_page_is_refused(stand: Stand, method: str, path: str, origin: str) -> None:
    browser = await stand.signed_in()
    answer = await browser.send(method, concrete(path), headers={"Origin": origin})
    assert answer.status == 403
    assert (await answer.json())["error"]["field"] == "Origin"


@pytest.mark.parametrize("role", ROLES)
async def test_a_program_with_a_token_needs_no_page_token(stand: Stand, role: Role) -> None:
    browser = await stand.browser()
    headers = {"Authorization": f"Bearer {TOKENS[role]}"}
    assert (await browser.get("/customers", headers=headers)).status == 200
    ended = await browser.send("POST", "/calls/call-7/end", headers=headers)
    assert ended.status == (404 if role.may(Role.OPERATOR) else 403)


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic dXNlcjpwYXNz", "Bearer  "])
async def test_a_token_that_is_not_known_gets_nothing(stand: Stand, header: str) -> None:
    browser = await stand.browser()
    assert (await browser.get("/customers", headers={"Authorization": header})).status == 401


async def test_every_answer_keeps_browsers_careful(stand: Stand) -> None:
    browser = await stand.signed_in()
    for path in ("/", "/original", "/customers", "/nowhere", "/static/js/main.js"):
        answer = await browser.get(path)
        policy = answer.headers["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store")


async def test_what_is_not_there_is_told_in_the_shape_of_all_errors(stand: Stand) -> None:
    browser = await stand.signed_in()
    assert (await browser.get_json("/nowhere", 404))["error"]["code"] == "NOT_FOUND"
    wrong = await browser.send("DELETE", "/customers")
    assert wrong.status == 405
    assert wrong.headers["Allow"] == "GET"


async def test_a_mistake_of_ours_tells_nothing_of_itself(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("Asha Rao owes 4550")

    browser = await stand.signed_in()
    monkeypatch.setattr("tests.dashboard.fakes.Customers.list", broken)
    answer = await browser.get("/customers")
    assert answer.status == 500
    assert "Asha" not in await answer.text()
