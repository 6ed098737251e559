import asyncio
from xml.etree import ElementTree

import aiohttp
import pytest

from emulators.exotel.exchange import Exotel
from emulators.exotel.options import ApiFault
from emulators.exotel.persona import Persona, Pickup
from tests.emulators.exotel.product import Account, Product

pytestmark = pytest.mark.virtual_time


async def test_an_accepted_call_says_in_progress_while_the_phone_rings(exotel: Exotel, account: Account) -> None:
    response = await account.connect()
    assert response.status == 200
    shown = (await response.json())["Call"]
    call = await exotel.next_call()
    assert call.status == "ringing"
    assert shown["Status"] == "in-progress"
    assert shown["Sid"] == call.sid
    assert shown["From"] == "+919999900012"
    assert shown["To"] == "+918045670001"
    assert shown["DateCreated"] == "2026-11-20 16:00:00"
    assert shown["Direction"] == "outbound-api"
    assert shown["Duration"] is shown["EndTime"] is shown["Price"] is None
    assert len(call.sid) == 32


async def test_without_json_in_the_path_the_answer_is_xml(exotel: Exotel, account: Account) -> None:
    response = await account.connect("/Calls/connect")
    assert response.content_type == "application/xml"
    root = ElementTree.fromstring(await response.text())
    assert root.tag == "TwilioResponse"
    assert root.findtext("Call/Status") == "in-progress"
    sid = root.findtext("Call/Sid")
    async with account.session.get(f"{account.base}/Calls/{sid}", headers=account.headers) as details:
        assert ElementTree.fromstring(await details.text()).findtext("Call/Sid") == sid


@pytest.mark.parametrize(
    ("changes", "status", "named"),
    [
        ({"From": None}, 400, "From"),
        ({"CallerId": None}, 400, "CallerId"),
        ({"Url": None}, 400, "Url"),
        ({"From": "12"}, 400, "From"),
        ({"From": "+910999990001"}, 400, "From"),
        ({"CallerId": "+918045670099"}, 403, "CallerId"),
        ({"Url": "https://example.test/flow"}, 400, "Url"),
        ({"Url": "http://my.exotel.com/somebody/exoml/start_voice/51177"}, 400, "Url"),
        ({"To": "+919999900013"}, 400, "To"),
        ({"StreamUrl": "wss://example.test"}, 400, "StreamUrl"),
        ({"CustomField": "x" * 129}, 400, "CustomField"),
        ({"TimeLimit": "14401"}, 400, "TimeLimit"),
        ({"TimeOut": "soon"}, 400, "TimeOut"),
        ({"CallType": "promo"}, 400, "CallType"),
        ({"StatusCallback": "example.test"}, 400, "StatusCallback"),
    ],
)
async def test_wrong_parameters_are_named(
    exotel: Exotel, account: Account, changes: dict[str, str | None], status: int, named: str
) -> None:
    response = await account.connect(**changes)
    assert response.status == status
    error = (await response.json())["RestException"]
    assert error["Status"] == status
    assert named in error["Message"]
    assert exotel.calls == {}


@pytest.mark.parametrize("number", ["+919999900012", "919999900012", "09999900012", "9999900012", "+91 99999-00012"])
async def test_every_form_of_a_number_reaches_the_same_person(exotel: Exotel, account: Account, number: str) -> None:
    await account.connect(From=number)
    assert (await exotel.next_call()).request.customer == "+919999900012"


async def test_wrong_credentials_and_accounts_are_refused(account: Account) -> None:
    bad = {"Authorization": aiohttp.encode_basic_auth("exotel-key", "guess")}
    for headers, base, status in (
        (bad, account.base, 401),
        ({}, account.base, 401),
        (account.headers, account.base + "x", 404),
    ):
        async with account.session.get(base + "/Calls.json", headers=headers) as response:
            assert response.status == status
            assert (await response.json())["RestException"]["Code"] == status


async def test_too_many_requests_are_told_when_to_come_back(exotel: Exotel, account: Account) -> None:
    exotel.options.requests_per_minute = 3
    exotel.options.latency_s = 0
    statuses = [(await account.connect(From=f"+91999990000{n}")).status for n in range(4)]
    assert statuses == [200, 200, 200, 429]
    refused = await account.connect()
    wait_s = int(refused.headers["Retry-After"])
    assert 0 < wait_s <= 61
    await asyncio.sleep(wait_s)
    assert (await account.connect()).status == 200


async def test_details_settle_two_minutes_after_the_end(exotel: Exotel, account: Account) -> None:
    sid = await account.call()
    call = await exotel.next_call()
    await call.happens("stream_opened")
    await asyncio.sleep(57)
    await call.caller.hangs_up()
    await call.ends()
    fresh = (await account.get(f"/Calls/{sid}.json"))["Call"]
    assert fresh["Status"] == "completed"
    assert fresh["Duration"] is None
    await asyncio.sleep(121)
    settled = (await account.get(f"/Calls/{sid}.json", details="true"))["Call"]
    assert settled["Duration"] == "60"
    assert settled["Price"] == "0.500"
    assert settled["EndTime"] == "2026-11-20 16:01:00"
    assert settled["Details"]["Legs"][0]["Leg"]["OnCallDuration"] == 57


async def test_an_unknown_call_is_not_found(account: Account) -> None:
    async with account.session.get(account.base + "/Calls/abc.json", headers=account.headers) as response:
        assert response.status == 404


async def test_calls_are_found_by_number_status_and_time(exotel: Exotel, account: Account) -> None:
    exotel.set_persona("+919999900013", Persona(pickup=Pickup(kind="busy")))
    first = await account.call("+919999900012")
    await asyncio.sleep(60)
    second = await account.call("+919999900013")
    await asyncio.sleep(10)

    async def found(**query: str) -> list[str]:
        return [call["Sid"] for call in (await account.get("/Calls.json", **query))["Calls"]]

    assert await found() == [second, first]
    assert await found(From="09999900012") == [first]
    assert await found(To="+918045670001", Status="busy") == [second]
    assert await found(Status="in-progress") == [first]
    assert await found(DateCreated="gte:2026-11-20 16:00:30") == [second]
    assert await found(DateCreated="gte:2026-11-20 16:00:00;lte:2026-11-20 16:00:30") == [first]
    assert await found(PageSize="1") == [second]
    assert await found(Sid=first, From="+919999900013") == []


async def test_a_filter_that_cannot_be_read_is_refused(account: Account) -> None:
    for query in ({"DateCreated": "yesterday"}, {"From": "somebody"}, {"PageSize": "many"}):
        async with account.session.get(account.base + "/Calls.json", params=query, headers=account.headers) as response:
            assert response.status == 400


async def test_live_streams_are_counted(exotel: Exotel, account: Account) -> None:
    await account.call()
    await (await exotel.next_call()).happens("stream_opened")
    assert await account.get("/ActiveStreams.json") == {"active_streams": 1, "max_allowed_streams": 100}
    async with account.session.get(account.base + "/ActiveStreams", headers=account.headers) as response:
        root = ElementTree.fromstring(await response.text())
    assert root.findtext("Stream/ActiveStreamCount") == "1"
    assert root.findtext("Stream/ThrottleLimit") == "100"


async def test_a_number_tells_whether_it_is_on_the_registry(exotel: Exotel, account: Account) -> None:
    exotel.set_persona("+919999900013", Persona(dnd="refused"))
    assert (await account.get("/Numbers/+919999900012.json"))["Numbers"]["DND"] == "No"
    assert (await account.get("/Numbers/09999900013.json"))["Numbers"]["DND"] == "Yes"
    assert (await account.get("/CustomerWhitelist/09999900013.json"))["Result"]["Status"] == "Neutral"
    assert (await account.get("/CustomerWhitelist/09999900012.json"))["Result"]["Status"] == "Whitelist"


async def test_what_is_no_number_is_not_found(account: Account) -> None:
    assert (await account.get("/Numbers/123.json"))["RestException"]["Status"] == 404


async def test_a_registered_number_is_refused_or_fails(exotel: Exotel, account: Account) -> None:
    exotel.set_persona("+919999900013", Persona(dnd="refused"))
    refused = await account.connect(From="+919999900013")
    assert refused.status == 403
    assert exotel.rings("+919999900013") == 0
    exotel.set_persona("+919999900014", Persona(dnd="failed"))
    await account.call("+919999900014")
    assert await (await exotel.next_call()).ends() == "failed"


async def test_the_answer_may_come_long_after_the_socket(exotel: Exotel, account: Account, product: Product) -> None:
    exotel.faults.append(ApiFault(latency_s=25))
    placing = asyncio.create_task(account.call())
    call = await exotel.next_call()
    await call.happens("stream_opened")
    assert not placing.done()
    assert await placing == call.sid


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 429, 500, 502, 503])
async def test_a_forced_status_places_no_call(exotel: Exotel, account: Account, status: int) -> None:
    exotel.faults.append(ApiFault(status=status, retry_after_s=7))
    response = await account.connect()
    assert response.status == status
    assert response.headers["Retry-After"] == "7"
    assert exotel.rings("+919999900012") == 0
    assert (await account.connect()).status == 200


async def test_a_call_may_be_placed_although_the_answer_is_an_error_or_lost(exotel: Exotel, account: Account) -> None:
    exotel.faults += [ApiFault(status=503, created=True), ApiFault(lost=True)]
    assert (await account.connect()).status == 503
    with pytest.raises(aiohttp.ClientError):
        await account.connect(From="+919999900013")
    assert exotel.rings("+919999900012") == exotel.rings("+919999900013") == 1


async def test_calling_a_person_twice_at_once_is_judged(exotel: Exotel, account: Account) -> None:
    await account.call("+919999900012")
    await account.connect(From="09999900012")
    first, second = [await exotel.next_call() for _ in range(2)]
    assert first.findings.rules() == set()
    assert second.findings.rules("error") == {"double-dial"}
    assert exotel.rings("+919999900012") == 2


async def test_a_call_without_time_limit_and_a_number_in_our_id_are_judged(exotel: Exotel, account: Account) -> None:
    await account.connect(TimeLimit=None, CustomField="9999900012")
    assert (await exotel.next_call()).findings.rules() == {"no-time-limit", "personal-data"}
