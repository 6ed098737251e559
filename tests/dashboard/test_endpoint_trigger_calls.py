"""Calls that people ask for."""

import io

import pytest

from services.dashboard.model import CustomerFilter
from services.dashboard.people import Role
from tests.dashboard.fakes import campaign
from tests.dashboard.stand import Stand


async def test_trigger_call_accepts_a_call_and_says_when(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/trigger-call/1")
    assert answer.status == 202
    assert await answer.json() == {
        "customer_id": 1,
        "queued": True,
        "code": "ALLOWED",
        "message": "allowed",
        "not_before": None,
        "campaign_id": 1,
    }
    outside = await browser.send("POST", "/trigger-call/2")
    later = await outside.json()
    assert (outside.status, later["queued"]) == (202, True)
    assert (later["code"], later["not_before"]) == ("OUTSIDE_CALL_WINDOW", "2026-11-22T06:30:00Z")
    assert [one.requested_by for one in stand.dialing.asked] == ["operator"] * 2


@pytest.mark.parametrize(
    ("customer_id", "status", "code"),
    [(101, 409, "DNC"), (102, 409, "ALREADY_IN_CALL"), (103, 409, "ALREADY_QUEUED"), (104, 404, "NOT_FOUND")],
)
async def test_trigger_call_says_why_not(stand: Stand, customer_id: int, status: int, code: str) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", f"/trigger-call/{customer_id}")
    error = (await answer.json())["error"]
    assert (answer.status, error["code"]) == (status, code)
    assert error["message"]
    dry = await browser.send("POST", f"/trigger-call/{customer_id}?dry_run=true")
    assert (dry.status, (await dry.json())["queued"]) == (200, False)


async def test_trigger_bulk_calls_queues_many_and_names_each_refusal(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": [1, 2, 3, 101]})
    told = await answer.json()
    assert (answer.status, told["campaign_id"]) == (202, 1)
    assert [(one["code"], one["customer_ids"]) for one in told["outcomes"]] == [
        ("ALLOWED", [1, 3]),
        ("OUTSIDE_CALL_WINDOW", [2]),
        ("DNC", [101]),
    ]


async def test_trigger_bulk_calls_that_queues_nobody_accepts_nothing(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": [101, 102]})
    assert (answer.status, (await answer.json())["campaign_id"]) == (200, 0)


async def test_trigger_bulk_calls_takes_a_hundred_thousand_ids(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    ids = list(range(9_000_001, 9_100_001))
    answer = await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": ids})
    assert (answer.status, sum(one["count"] for one in (await answer.json())["outcomes"])) == (202, 100_000)
    assert stand.dialing.asked[0].customer_ids == ids


async def test_trigger_bulk_calls_refuses_a_body_that_is_too_large(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    body = io.BytesIO(b'{"customer_ids": [' + b"1, " * 1_000_000 + b"1]}")
    answer = await browser.send("POST", "/trigger-bulk-calls", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status, (await answer.json())["error"]["code"]) == (413, "TOO_LARGE")


async def test_a_dry_run_is_passed_on_as_one(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    for path, body in (("/trigger-call/1", None), ("/trigger-bulk-calls", {"customer_ids": [1]})):
        told = await (await browser.send("POST", f"{path}?dry_run=true", json=body)).json()
        assert told["campaign_id"] == 0
    assert [one.dry_run for one in stand.dialing.asked] == [True, True]


async def test_all_that_match_are_named_by_their_filter(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    body = {"all_matching": {"status": "ready", "language": "ta-IN", "upload": 4}}
    assert (await browser.send("POST", "/trigger-bulk-calls", json=body)).status == 202
    [asked] = stand.dialing.asked
    assert asked.all_matching == CustomerFilter(call_status="ready", language_code="ta-IN", upload_id=4)
    assert (await browser.send("POST", "/trigger-bulk-calls", json={"all_matching": {}})).status == 202


async def test_a_double_click_is_one_campaign_and_a_used_key_no_other(stand: Stand) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    key = {"Idempotency-Key": "click-1"}
    once = [
        await (await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": [1]}, headers=key)).json()
        for _ in range(2)
    ]
    assert once[0] == once[1]
    assert len(stand.dialing.asked) == 1
    other = await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": [2]}, headers=key)
    assert other.status == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"customer_ids": []}, "body"),
        ({"customer_ids": [1], "all_matching": {}}, "body"),
        ({"customer_ids": [0]}, "customer_ids.0"),
        ({"customer_ids": ["all"]}, "customer_ids.0"),
        ({"customer_ids": [1] * 100_001}, "customer_ids"),
        ({"all_matching": {"staus": "ready"}}, "all_matching.staus"),
    ],
)
async def test_whoever_is_not_named_clearly_is_not_called(stand: Stand, body: object, field: str) -> None:
    browser = await stand.signed_in()
    answer = await browser.send("POST", "/trigger-bulk-calls", json=body)
    assert (answer.status, (await answer.json())["error"]["field"]) == (400, field)
    assert not stand.dialing.asked


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/trigger-call/0", {}),
        ("/trigger-call/x", {}),
        ("/trigger-call/1?dry_run=perhaps", {}),
        ("/trigger-call/1?force=true", {}),
        ("/trigger-call/1", {"Idempotency-Key": "x" * 129}),
    ],
)
async def test_a_bad_request_for_a_call_is_refused(stand: Stand, path: str, headers: dict[str, str]) -> None:
    browser = await stand.signed_in()
    assert (await browser.send("POST", path, headers=headers)).status == 400
    assert not stand.dialing.asked


async def test_campaigns_are_listed_and_steered(stand: Stand) -> None:
    stand.dialing.all_campaigns[7] = campaign(7)
    browser = await stand.signed_in(Role.OPERATOR)
    [one] = (await browser.get_json("/campaigns"))["campaigns"]
    assert await browser.get_json("/campaigns/7") == one
    await browser.get_json("/campaigns/8", 404)
    assert (one["id"], one["state"], one["total"]) == (7, "running", 9)
    path = "/campaigns/7/control"
    for action, state in (("pause", "paused"), ("resume", "running"), ("cancel", "cancelled")):
        assert (await (await browser.send("POST", path, json={"action": action})).json())["state"] == state
    assert (await browser.send("POST", path, json={"action": "resume"})).status == 409
    assert (await browser.send("POST", path, json={"action": "force"})).status == 400
    assert (await browser.send("POST", "/campaigns/8/control", json={"action": "pause"})).status == 404
