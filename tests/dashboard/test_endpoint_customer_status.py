"""PUT /customers/{customer_id}/status: a borrower is moved by hand, as the record's table of moves allows."""

import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record, customer
from tests.dashboard.stand import Stand


async def test_an_operator_moves_a_borrower_that_was_looked_at(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, call_status="failed", version=4)
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("PUT", "/customers/1/status", json={"status": "ready", "version": 4})
    assert answer.status == 200
    assert ((await answer.json())["call_status"], record.moves) == ("ready", [(1, "ready", "operator")])


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/customers/1/status", {"status": "completed"}, 409, "WRONG_STATE"),
        ("/customers/1/status", {"status": "ready", "version": 3}, 409, "WRONG_STATE"),
        ("/customers/9/status", {"status": "ready"}, 404, "NOT_FOUND"),
        ("/customers/1/status", {"status": "busy"}, 400, "INVALID_INPUT"),
        ("/customers/1/status", {}, 400, "INVALID_INPUT"),
        ("/customers/1/status", {"status": "ready", "by": "me"}, 400, "INVALID_INPUT"),
        ("/customers/1/status", ["ready"], 400, "INVALID_INPUT"),
    ],
)
async def test_a_move_that_cannot_be_is_refused(
    stand: Stand, record: Record, path: str, body: object, status: int, code: str
) -> None:
    record.people[1] = customer(1, call_status="failed", version=4)
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("PUT", path, json=body)
    assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
    assert not record.moves


async def test_an_illegal_move_is_answered_with_the_legal_ones(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, call_status="failed")
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("PUT", "/customers/1/status", json={"status": "completed"})
    assert answer.status == 409
    assert "ready" in (await answer.json())["error"]["message"]


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [("application/json", b"{", 400), ("application/json", b"", 400), ("text/plain", b'{"status": "ready"}', 415)],
)
async def test_what_is_no_json_is_refused(stand: Stand, kind: str, data: bytes, status: int) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("PUT", "/customers/1/status", data=data, headers={"Content-Type": kind})
    assert answer.status == status
