"""The description and the API are held together: what one says, the other does."""

from typing import Any
from urllib.parse import urlencode

import pytest

from services.dashboard.model import TurnSaid
from services.dashboard.uploads import RejectedRow
from tests.dashboard.fakes import Record, call, campaign, customer, problem, suppression, turn, upload
from tests.dashboard.stand import Stand, heard


@pytest.fixture
async def document(stand: Stand) -> Any:
    return await (await stand.signed_in()).get_json("/openapi.json")


def resolve(document: Any, schema: Any) -> Any:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def check(document: Any, schema: Any, value: Any, where: str) -> None:
    """Fail unless `value` is what `schema` says; no field may be there that it does not name."""
    schema = resolve(document, schema)
    if "anyOf" in schema:
        fitting = [one for one in schema["anyOf"] if (resolve(document, one).get("type") == "null") == (value is None)]
        return check(document, fitting[0], value, where)
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": float,
        "boolean": bool,
        "null": type(None),
    }
    assert isinstance(value, kinds[schema["type"]]), f"{where} is {value!r}"
    if "enum" in schema:
        assert value in schema["enum"], where
    if schema["type"] == "object":
        inner = schema["properties"] if "properties" in schema else dict.fromkeys(value, schema["additionalProperties"])
        assert set(value) == set(inner), where
        for name, inside in value.items():
            check(document, inner[name], inside, f"{where}.{name}")
    if schema["type"] == "array":
        assert value, f"{where} is empty: nothing was shown"
        for inside in value:
            check(document, schema["items"], inside, where)
    return None


def test_all_that_is_served_is_described_and_the_reverse(stand: Stand, document: Any) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(one.method, one.path) for one in stand.dashboard.endpoints}


def test_every_endpoint_and_every_reference_is_explained(document: Any) -> None:
    for path, methods in document["paths"].items():
        for operation in methods.values():
            assert operation["summary"], path
            for body in operation.get("requestBody", {}).get("content", {}).values():
                assert resolve(document, body["schema"])
    assert "$defs" not in str(document)


@pytest.mark.parametrize(
    "path",
    [
        *("/customers", "/customers/1", "/customers/1/suppressions", "/counts", "/statistics", "/me"),
        *("/calls", "/calls/a", "/uploads", "/uploads/1", "/uploads/1/rejected-rows", "/campaigns", "/campaigns/1"),
    ],
)
async def test_an_answer_is_what_the_description_says(stand: Stand, record: Record, document: Any, path: str) -> None:
    record.files = [upload(1)]
    stand.dialing.all_campaigns[1] = campaign(1)
    record.rejected = [RejectedRow(row=3, cells=["Asha", "12345"], problems=[problem()])]
    stand.holds.all = [suppression(1)]
    record.put(customer(1, details={"branch": "Mysuru"}))
    record.put(call("a", disposition="RPC_INFO"))
    record.put(TurnSaid(call_id="a", turn=turn(1)))
    browser = await stand.signed_in()
    await heard(await browser.live(record.last - 1), "call")
    names = {"/customers/1": "/customers/{customer_id}", "/calls/a": "/calls/{call_id}"}
    names |= {"/uploads/1": "/uploads/{upload_id}", "/campaigns/1": "/campaigns/{campaign_id}"}
    described = next((path.replace(one, name) for one, name in names.items() if path.startswith(one)), path)
    content = document["paths"][described]["get"]["responses"]["200"]["content"]
    check(document, content["application/json"]["schema"], await browser.get_json(path), path)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/trigger-call/{customer_id}", None, 202),
        ("POST", "/trigger-call/{customer_id}?dry_run=true", None, 200),
        ("POST", "/trigger-bulk-calls", {"customer_ids": [1]}, 202),
        ("POST", "/trigger-bulk-calls?dry_run=true", {"customer_ids": [1]}, 200),
        ("PUT", "/customers/{customer_id}/status", {"status": "ready"}, 200),
        ("POST", "/customers/{customer_id}/suppressions", {"kind": "PAID"}, 200),
        ("POST", "/suppressions/{suppression_id}/lift", {"note": "A mistake"}, 200),
        ("POST", "/campaigns/{campaign_id}/control", {"action": "pause"}, 200),
    ],
)
async def test_what_a_change_answers_is_what_the_description_says(
    stand: Stand, record: Record, document: Any, method: str, path: str, body: object, status: int
) -> None:
    record.people[1] = customer(1, call_status="failed", details={"branch": "Mysuru"})
    stand.holds.all = [suppression(1)]
    stand.dialing.all_campaigns[1] = campaign(1)
    browser = await stand.signed_in()
    asked = path.format(customer_id=1, suppression_id=1, campaign_id=1)
    answer = await browser.send(method, asked, json=body)
    assert answer.status == status
    told = document["paths"][path.partition("?")[0]][method.lower()]["responses"][str(status)]
    check(document, told["content"]["application/json"]["schema"], await answer.json(), path)


async def test_an_error_is_what_the_description_says(stand: Stand, document: Any) -> None:
    browser = await stand.signed_in()
    for path, described in {"/customers?page_size=0": "/customers", "/customers/9": "/customers/{customer_id}"}.items():
        answer = await browser.get(path)
        told = document["paths"][described]["get"]["responses"][str(answer.status)]
        check(document, told["content"]["application/json"]["schema"], await answer.json(), path)


async def test_what_the_description_asks_for_is_taken_and_nothing_else(stand: Stand, document: Any) -> None:
    browser = await stand.signed_in()
    examples = {
        "status": "ready",
        "page_size": "5",
        "page_token": "",
        "upload": "1",
        "customer": "1",
        "after": "5",
        "sort": "-amount",
    }
    for path, methods in document["paths"].items():
        names = [one["name"] for one in methods.get("get", {}).get("parameters", []) if one["in"] == "query"]
        if names and "{" not in path and "export" not in path:
            query = {name: examples.get(name, "kn-IN" if name == "language" else "x") for name in names}
            assert (await browser.get(f"{path}?{urlencode(query)}")).status == 200, path
            assert (await browser.get(f"{path}?unheard_of=1")).status == 400, path
