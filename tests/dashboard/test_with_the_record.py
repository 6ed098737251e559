"""The dashboard as its process runs it, before the real record on a real Postgres, over real gRPC and Redis."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from datetime import datetime, time

import aiohttp
import pytest
from aiohttp.test_utils import TestClient, TestServer, unused_port

from services.customers.__main__ import serve as serve_customers
from services.customers.settings import Settings as CustomersSettings
from services.dashboard.__main__ import built
from services.dashboard.grpc_customers import GrpcCustomers, open_customers_channel
from services.dashboard.grpc_uploads import GrpcUploads
from services.dashboard.model import CustomerFilter, Page
from services.dashboard.settings import Settings
from tests.dashboard.stand import Browser, heard
from tests.dashboard.test_endpoint_exports import read_csv
from tests.dashboard.test_endpoint_upload_customers import events
from voice.customers import v1 as pb
from voicekit.clock import INDIA
from voicekit.errors import InvalidInput, NotFound
from voicekit.rpc import channel

PASSWORD = "a local password"
CSV = b"""name,phone_number,state,loan_id,amount,due_date,language
Asha Rao,+919999900001,Karnataka,L-1,"4,550.50",2026-12-25,kn-IN
Ravi Kumar,9999900002,Delhi,L-2,5000,2026-12-25,
No Phone,,Goa,L-3,5000,2026-12-25,
"""


@pytest.fixture
async def customers_address(database_url: str) -> AsyncIterator[str]:
    address = f"127.0.0.1:{unused_port()}"
    settings = CustomersSettings.model_validate(
        {
            "database_url": database_url,
            "customers_listen": address,
            "drain_seconds": 0,
            "calling_clock": datetime.combine(datetime.now(INDIA).date(), time(11), INDIA),
            "exotel_api_base": "http://127.0.0.1",
        }
    )
    stop = asyncio.Event()
    serving = asyncio.create_task(serve_customers(settings, stop))
    async with open_customers_channel(address) as to:
        await asyncio.wait_for(to.channel_ready(), 20)
    yield address
    stop.set()
    await serving


@pytest.fixture
async def browser(customers_address: str, redis_url: str) -> AsyncIterator[Browser]:
    settings = Settings.model_validate(
        {
            "environment": "development",
            "customers_address": customers_address,
            "telephony_address": f"127.0.0.1:{unused_port()}",
            "redis_url": redis_url,
            "dashboard_admin_password": PASSWORD,
            "lender_name": "Asha Finance",
        }
    )
    async with built(settings) as dashboard, TestClient(TestServer(dashboard.app)) as client:
        await asyncio.wait_for(dashboard.begun.wait(), 20)
        browser = Browser(client, [])
        await browser.sign_in("admin", PASSWORD)
        yield browser


async def test_what_is_uploaded_can_be_read_found_and_watched(browser: Browser, customers_address: str) -> None:
    page = await browser.live()
    await heard(page, "snapshot")
    form = aiohttp.FormData()
    form.add_field("file", CSV, filename="march.csv")
    answer = await browser.send("POST", "/upload-customers?wait=true", data=form)
    told = await answer.json()
    assert (told["total_rows"], told["accepted_rows"], told["rejected_rows"]) == (3, 2, 1)
    assert [(one["row"], one["code"]) for one in told["problems"]] == [(4, "PHONE_MISSING")]
    [asha, ravi] = (await browser.get_json("/customers"))["customers"]
    assert (asha["name"], asha["amount"], asha["lender_name"]) == ("Asha Rao", "4550.50", "Asha Finance")
    assert (await browser.get_json("/customers?text=Ravi&status=ready"))["customers"] == [ravi]
    assert (await browser.get_json(f"/customers/{asha['id']}")) == asha
    changed = [(await heard(page, "customer"))["customer"]["name"] for _ in range(2)]
    assert sorted(changed) == ["Asha Rao", "Ravi Kumar"]
    await _call_somebody(customers_address, asha["id"])
    change = await heard(page, "call")
    assert (change["row"]["call"]["customer_name"], change["row"]["call"]["status"]) == ("Asha Rao", "initiated")
    opened = await browser.get_json(f"/calls/{change['row']['call']['call_id']}")
    assert opened["call"]["customer_id"] == asha["id"]


async def test_a_borrower_is_moved_counted_and_the_upload_listed(browser: Browser, customers_address: str) -> None:
    form = aiohttp.FormData()
    form.add_field("file", CSV, filename="march.csv")
    await browser.send("POST", "/upload-customers?wait=true", data=form)
    assert (await browser.get_json("/counts"))["counts"] == {"ready": 2}
    [file] = (await browser.get_json("/uploads"))["uploads"]
    assert (file["filename"], file["total_rows"], file["rejected_rows"]) == ("march.csv", 3, 1)
    [asha, _] = (await browser.get_json("/customers"))["customers"]
    refused = await browser.send("PUT", f"/customers/{asha['id']}/status", json={"status": "completed"})
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "WRONG_STATE")
    assert "legal moves from here: none" in (await refused.json())["error"]["message"]
    await _call_somebody(customers_address, asha["id"])
    old = {"status": "failed", "version": asha["version"]}
    assert (await browser.send("PUT", f"/customers/{asha['id']}/status", json=old)).status == 409
    for status in ("failed", "ready"):
        live = await browser.send("PUT", f"/customers/{asha['id']}/status", json={"status": status})
        error = (await live.json())["error"]
        assert (live.status, error["code"], "is in a call" in error["message"]) == (409, "WRONG_STATE", True)
    await _lose_the_call(customers_address, asha["id"])
    moved = await browser.send("PUT", f"/customers/{asha['id']}/status", json={"status": "ready"})
    assert (await moved.json())["call_status"] == "ready"


async def _call_somebody(address: str, customer_id: int) -> None:
    async with channel(address, "voice.customers.v1.CallsService") as to:
        request = pb.BeginCallRequest(request_id="r-1", customer_id=customer_id)
        await pb.CallsServiceStub(to).BeginCall(request, timeout=5)


async def _lose_the_call(address: str, customer_id: int) -> None:
    async with channel(address, "voice.customers.v1.CallsService") as to:
        calls = pb.CallsServiceStub(to)
        [call] = (await calls.ListCalls(pb.ListCallsRequest(customer_id=customer_id), timeout=5)).calls
        lost = pb.CallEvent(
            key="lost", source="reaper", status=pb.StatusEvent(status=pb.CALL_STATUS_FAILED, reason="telephony_lost")
        )
        lost.timestamp.GetCurrentTime()
        await calls.RecordEvents(pb.RecordEventsRequest(call_id=call.call_id, events=[lost]), timeout=5)


async def test_the_records_own_words_reach_the_user(browser: Browser) -> None:
    form = aiohttp.FormData()
    form.add_field("file", b"this,is,no\nlist,of,borrowers\n", filename="x.csv")
    answer = await browser.send("POST", "/upload-customers?wait=true", data=form)
    assert answer.status == 400
    assert "phone" in (await answer.json())["error"]["message"].lower()
    error = (await browser.get_json("/customers?page_token=AAAA", 400))["error"]
    assert (error["field"], error["message"]) == ("page_token", "not a token of ours")
    await browser.get_json("/customers/99", 404)
    await browser.get_json("/calls/no-such-call", 404)


async def test_telephony_that_is_away_is_told_as_that(browser: Browser) -> None:
    answer = await browser.send("POST", "/calls/some-call/end")
    assert answer.status == 503
    assert "telephony" in (await answer.json())["error"]["message"]


async def test_a_file_whose_sender_breaks_off_is_not_imported(customers_address: str) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CSV
        raise InvalidInput("the browser went away")

    async with open_customers_channel(customers_address) as to:
        customers = GrpcCustomers(to)
        with pytest.raises(InvalidInput, match="went away"):
            await GrpcUploads(to).import_file("march.csv", "Asha Finance", broken())
        assert (await customers.list(CustomerFilter(), Page())).customers == []
        with pytest.raises(NotFound):
            await customers.get(1)


async def test_calls_are_asked_for_and_every_rule_is_named(browser: Browser) -> None:
    form = aiohttp.FormData()
    form.add_field("file", CSV, filename="march.csv")
    await browser.send("POST", "/upload-customers?wait=true", data=form)
    [asha, ravi] = [one["id"] for one in (await browser.get_json("/customers"))["customers"]]
    dry = await (await browser.send("POST", f"/trigger-call/{asha}?dry_run=true")).json()
    assert (dry["queued"], dry["code"], dry["campaign_id"]) == (True, "ALLOWED", 0)
    missing = await browser.send("POST", "/trigger-call/999")
    assert (missing.status, (await missing.json())["error"]["code"]) == (404, "NOT_FOUND")
    key = {"Idempotency-Key": "click-1"}
    body = {"all_matching": {"status": "ready"}}
    once = [await (await browser.send("POST", "/trigger-bulk-calls", json=body, headers=key)).json() for _ in range(2)]
    assert once[0] == once[1]
    assert sorted(number for one in once[0]["outcomes"] for number in one["customer_ids"]) == [asha, ravi]
    other = await browser.send("POST", "/trigger-bulk-calls", json={"customer_ids": [asha]}, headers=key)
    assert (other.status, (await other.json())["error"]["code"]) == (422, "ALREADY_EXISTS")
    [campaign] = (await browser.get_json("/campaigns"))["campaigns"]
    assert (campaign["id"], campaign["total"], campaign["requested_by"]) == (once[0]["campaign_id"], 2, "admin")
    path = f"/campaigns/{campaign['id']}/control"
    assert (await (await browser.send("POST", path, json={"action": "pause"})).json())["state"] == "paused"
    assert (await (await browser.send("POST", path, json={"action": "cancel"})).json())["state"] == "cancelled"
    assert (await browser.send("POST", path, json={"action": "resume"})).status == 409


async def test_the_error_file_is_repaired_and_uploaded_as_it_is(browser: Browser) -> None:
    first = await (await browser.send("POST", "/upload-customers", data=file_of(CSV))).json()
    told = await events(await browser.get(first["links"]["progress"]))
    assert (told[-1][0], told[-1][1]["accepted_rows"], told[-1][1]["rejected_rows"]) == ("done", 2, 1)
    [row] = (await browser.get_json(first["links"]["rejected_rows"]))["rows"]
    assert (row["row"], row["cells"][0], row["problems"][0]["column"]) == (4, "No Phone", "phone_number")
    error_file = await (await browser.get(first["links"]["error_file"])).read()
    header, [number, reason, name, phone, *rest] = read_csv(error_file)
    assert (header[:2], number, name, phone) == (["Row", "Reason"], "4", "No Phone", "")
    assert "phone_number" in reason
    fixed = io.StringIO()
    csv.writer(fixed).writerows([header, [number, reason, name, "9999900003", *rest]])
    again = await browser.send("POST", "/upload-customers?wait=true", data=file_of(fixed.getvalue().encode()))
    told_again = await again.json()
    assert (told_again["imported_rows"], told_again["rejected_rows"]) == (1, 0)
    assert len((await browser.get_json("/customers?sort=-name"))["customers"]) == 3


async def test_a_borrower_is_held_and_let_go_again(browser: Browser) -> None:
    await browser.send("POST", "/upload-customers?wait=true", data=file_of(CSV))
    [asha, _] = [one["id"] for one in (await browser.get_json("/customers"))["customers"]]
    path = f"/customers/{asha}/suppressions"
    assert (await browser.send("POST", path, json={"kind": "PAID", "note": "Paid at the branch"})).status == 200
    refused = await browser.send("POST", f"/trigger-call/{asha}")
    assert (refused.status, (await refused.json())["error"]["code"]) == (409, "PAID")
    for held in (await browser.get_json(path))["suppressions"]:
        lifted = await browser.send("POST", f"/suppressions/{held['id']}/lift", json={"note": "Another loan"})
        assert (await lifted.json())["lifted_by"] == "admin"
    assert (await browser.get_json(path))["suppressions"] == []
    assert (await browser.send("POST", f"/trigger-call/{asha}")).status == 202


def file_of(data: bytes) -> aiohttp.FormData:
    form = aiohttp.FormData()
    form.add_field("file", data, filename="march.csv")
    return form
