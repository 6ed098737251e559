import pytest

from services.dashboard.model import LiveCall, TurnSaid
from services.dashboard.people import Role
from tests.dashboard.fakes import Record, call, customer, turn
from tests.dashboard.stand import Stand


async def test_calls_are_listed_with_their_borrowers_names(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, name="Asha Rao")
    record.all_calls = {"a": call("a", "completed"), "b": call("b", "failed", customer_id=404)}
    browser = await stand.signed_in()
    page = await browser.get_json("/calls")
    assert [(one["call_id"], one["customer_name"]) for one in page["calls"]] == [("b", ""), ("a", "Asha Rao")]
    assert [one["call_id"] for one in (await browser.get_json("/calls?status=completed"))["calls"]] == ["a"]
    assert [one["call_id"] for one in (await browser.get_json("/calls?customer=404"))["calls"]] == ["b"]


@pytest.mark.parametrize("query", ["status=busy", "page_size=201", "customer=-1", "state=Goa"])
async def test_a_bad_question_is_refused(stand: Stand, query: str) -> None:
    browser = await stand.signed_in()
    await browser.get_json(f"/calls?{query}", 400)


async def test_an_opened_call_tells_what_was_said_and_what_the_line_did(stand: Stand, record: Record) -> None:
    record.put(customer(1, name="Asha Rao"))
    record.put(call("a"))
    record.put(TurnSaid(call_id="a", turn=turn(1, "ಹೌದು, ಹೇಳಿ", language="kn-IN")))
    viewer = await stand.signed_in(Role.VIEWER)
    opened = await viewer.get_json("/calls/a")
    assert opened["call"]["customer_name"] == "Asha Rao"
    assert [(one["text"], one["decided_by"]) for one in opened["turns"]] == [("ಹೌದು, ಹೇಳಿ", "lexicon")]
    assert opened["history"][0]["source"] == "carrier"


@pytest.mark.parametrize(("path", "status"), [("/calls/none", 404), (f"/calls/{'x' * 65}", 400), ("/calls/a%20b", 400)])
async def test_a_call_that_is_not_there_is_told(stand: Stand, path: str, status: int) -> None:
    browser = await stand.signed_in()
    await browser.get_json(path, status)


async def test_an_operator_ends_a_call_that_lives(stand: Stand) -> None:
    stand.phone.live = [LiveCall(call_id="a", dialog_state="", language="")]
    browser = await stand.signed_in(Role.OPERATOR)
    assert (await browser.send("POST", "/calls/a/end")).status == 200
    assert stand.phone.ended == ["a"]
    assert (await browser.send("POST", "/calls/b/end")).status == 404
