"""Exotel's API as it answers on bad days."""

from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.telephony.exotel import ExotelCarrier
from services.telephony.ports import CarrierCall, CarrierRefused, OutcomeUnknown
from voicekit.errors import Overloaded, ProviderDown

XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<TwilioResponse><Call><Sid>s1</Sid><Status>in-progress</Status></Call></TwilioResponse>"""
BOMB = b'<!DOCTYPE x [<!ENTITY a "b">]><TwilioResponse><Call><Sid>&a;</Sid></Call></TwilioResponse>'
Answer = Callable[[httpx.Request], httpx.Response]
requests: list[httpx.Request] = []


def carrier(answer: Answer, wait: float = 0.0) -> ExotelCarrier:
    requests.clear()

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer(request)

    async def may_ask() -> float:
        return wait

    client = httpx.AsyncClient(
        base_url="https://api.in.exotel.com", auth=("key", "token"), transport=httpx.MockTransport(handle)
    )
    return ExotelCarrier(
        client,
        "acme",
        flow_url="http://my.exotel.com/acme/exoml/start_voice/51177",
        exophone="+918045670001",
        ring_seconds=30,
        call_seconds=480,
        may_ask=may_ask,
    )


def says(status: int, content: bytes | None = None, **more: object) -> Answer:
    return lambda _: httpx.Response(status, content=content, **more)  # type: ignore[arg-type]  # by name


async def test_a_call_is_asked_for_as_documented() -> None:
    sid = await carrier(says(200, json={"Call": {"Sid": "s1", "Status": "in-progress"}})).connect(
        "+919999900012", "call-1", "https://t.example/status"
    )
    assert sid == "s1"
    (request,) = requests
    assert str(request.url) == "https://api.in.exotel.com/v1/Accounts/acme/Calls/connect.json"
    assert request.headers["Authorization"].startswith("Basic ")
    form = dict(httpx.QueryParams(request.content.decode()))
    assert form == {
        "From": "+919999900012",
        "CallerId": "+918045670001",
        "CallType": "trans",
        "Url": "http://my.exotel.com/acme/exoml/start_voice/51177",
        "TimeOut": "30",
        "TimeLimit": "480",
        "CustomField": "call-1",
        "StatusCallback": "https://t.example/status",
        "StatusCallbackEvents[0]": "answered",
        "StatusCallbackEvents[1]": "terminal",
        "StatusCallbackContentType": "application/json",
    }


async def test_xml_is_read_too() -> None:
    assert await carrier(says(200, XML)).connect("+919999900012", "c", "u") == "s1"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"oops", b"<oops", BOMB, b'{"Call": {}}'])
async def test_an_answer_that_names_no_call_leaves_the_outcome_unknown(content: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        await carrier(says(200, content)).connect("+919999900012", "c", "u")


@pytest.mark.parametrize(
    ("status", "fault"), [(400, "request"), (401, "account"), (402, "account"), (403, "account"), (404, "account")]
)
async def test_refusals_tell_whose_fault_it_is(status: int, fault: str) -> None:
    with pytest.raises(CarrierRefused) as refused:
        await carrier(says(status)).connect("+919999900012", "c", "u")
    assert refused.value.fault == fault


async def test_a_number_on_the_dnd_registry_is_no_fault_of_the_account() -> None:
    body = {"RestException": {"Status": 403, "Message": "Call to a number in the DND registry is not allowed"}}
    with pytest.raises(CarrierRefused) as refused:
        await carrier(says(403, json=body)).connect("+919999900012", "c", "u")
    assert refused.value.fault == "request"


async def test_too_many_requests_ring_nobody() -> None:
    with pytest.raises(Overloaded):
        await carrier(says(429)).connect("+919999900012", "c", "u")
    with pytest.raises(Overloaded):
        await carrier(says(200), wait=12.0).connect("+919999900012", "c", "u")
    assert not requests


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_an_error_of_the_carrier_s_own_leaves_the_outcome_unknown(status: int) -> None:
    with pytest.raises(OutcomeUnknown):
        await carrier(says(status)).connect("+919999900012", "c", "u")


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (httpx.ConnectError, ProviderDown),
        (httpx.ConnectTimeout, ProviderDown),
        (httpx.ReadTimeout, OutcomeUnknown),
        (httpx.ReadError, OutcomeUnknown),
        (httpx.RemoteProtocolError, OutcomeUnknown),
    ],
)
async def test_only_a_connection_that_was_never_made_rang_nobody(
    error: type[httpx.HTTPError], raised: type[Exception]
) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error("broken")

    with pytest.raises(raised):
        await carrier(fail).connect("+919999900012", "c", "u")


async def test_details_tell_the_status_and_the_agent_s_leg() -> None:
    call = {"Sid": "s1", "Status": "Completed", "From": "09999900012", "Details": {"Leg2Status": "no-answer"}}
    assert await carrier(says(200, json={"Call": call})).details("s1") == CarrierCall(
        "s1", "completed", "", "09999900012", "no-answer"
    )
    assert await carrier(says(404)).details("s/1") is None
    assert "s%2F1" in str(requests[0].url)
    with pytest.raises(ProviderDown):
        await carrier(says(500)).details("s1")


async def test_a_call_is_found_on_the_list_by_our_id_or_by_having_none() -> None:
    listed = [
        {"Sid": "other", "From": "09999900012", "CustomField": "another", "Status": "completed"},
        {"Sid": "nameless", "From": "+919999900012", "Status": "ringing"},
        {"Sid": "stranger", "From": "09999900099"},
    ]
    since = datetime(2026, 11, 20, 4, 31, tzinfo=UTC)
    found = await carrier(says(200, json={"Calls": listed})).find("+919999900012", "mine", since)
    assert found is not None
    assert found.sid == "nameless"
    assert requests[0].url.params["DateCreated"] == "gte:2026-11-20 10:00:00"  # a minute before, in India's time
    listed.append({"Sid": "mine", "From": "09999900012", "CustomField": "mine"})
    found = await carrier(says(200, json={"Calls": listed})).find("+919999900012", "mine", since)
    assert found is not None
    assert found.sid == "mine"
    assert await carrier(says(200, json={"Calls": []})).find("+919999900012", "mine", since) is None
