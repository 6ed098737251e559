"""Suppressions: why a borrower is not called, set and lifted by hand."""

import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import suppression
from tests.dashboard.stand import Stand


async def test_a_borrower_is_held_and_let_go_again_by_name_and_reason(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    body = {"kind": "QUIET_UNTIL", "until": "2026-12-24T09:00:00+05:30", "note": "Asked for quiet"}
    held = await browser.send("POST", "/customers/1/suppressions", json=body)
    [one] = (await held.json())["suppressions"]
    assert (one["kind"], one["until"], one["set_by"]) == ("QUIET_UNTIL", "2026-12-24T09:00:00+05:30", "operator")
    assert (await browser.get_json("/customers/1/suppressions"))["suppressions"] == [one]
    lifted = await browser.send("POST", f"/suppressions/{one['id']}/lift", json={"note": "Asked us to ring"})
    told = await lifted.json()
    assert (told["active"], told["lifted_by"], told["lift_note"]) == (False, "operator", "Asked us to ring")
    assert (await browser.get_json("/customers/1/suppressions"))["suppressions"] == []
    assert (await browser.get_json("/customers/1/suppressions?ended=true"))["suppressions"] == [told]
    again = await browser.send("POST", f"/suppressions/{one['id']}/lift", json={"note": "Once more"})
    assert (again.status, (await again.json())["error"]["code"]) == (409, "WRONG_STATE")


async def test_a_hold_may_not_become_shorter(stand: Stand) -> None:
    stand.holds.all = [suppression(1)]
    browser = await stand.signed_in(Role.OPERATOR)
    body = {"kind": "DNC", "until": "2026-12-24T09:00:00+05:30"}
    assert (await browser.send("POST", "/customers/1/suppressions", json=body)).status == 409


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("/customers/1/suppressions", {"kind": "BUSY"}, 400, "kind"),
        ("/customers/1/suppressions", {}, 400, "kind"),
        ("/customers/1/suppressions", {"kind": "DNC", "until": "2026-12-24T09:00:00"}, 400, "until"),
        ("/customers/1/suppressions", {"kind": "DNC", "note": "x" * 501}, 400, "note"),
        ("/customers/0/suppressions", {"kind": "DNC"}, 400, "customer_id"),
        ("/suppressions/1/lift", {"note": "  "}, 400, "note"),
        ("/suppressions/1/lift", {}, 400, "note"),
        ("/suppressions/9/lift", {"note": "Asked us to"}, 404, None),
    ],
)
async def test_a_hold_that_is_not_clear_is_refused(
    stand: Stand, path: str, body: object, status: int, field: str | None
) -> None:
    browser = await stand.signed_in()
    answer = await browser.send("POST", path, json=body)
    assert (answer.status, (await answer.json())["error"]["field"]) == (status, field)
    assert not stand.holds.all


async def test_the_holds_of_nobody_are_not_found(stand: Stand) -> None:
    await (await stand.signed_in()).get_json("/customers/99/suppressions", 404)
