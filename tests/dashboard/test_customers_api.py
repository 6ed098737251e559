from urllib.parse import urlencode

import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record, customer
from tests.dashboard.stand import Stand


async def test_all_pages_together_tell_each_borrower_once(stand: Stand, record: Record) -> None:
    record.add_customers(25)
    browser = await stand.signed_in()
    seen: list[int] = []
    token = ""
    while True:
        page = await browser.get_json(f"/customers?{urlencode({'page_size': 10, 'page_token': token})}")
        seen += [one["id"] for one in page["customers"]]
        token = page["next_page_token"]
        if not token:
            break
    assert seen == list(range(1, 26))


async def test_a_borrower_is_told_by_the_names_that_users_know(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1)
    browser = await stand.signed_in()
    one = await browser.get_json("/customers/1")
    assert one["phone_number"] == "+919999900001"
    assert (one["amount"], one["amount_paise"]) == ("4550.50", 455050)
    assert (one["due_date"], one["call_status"], one["language_code"]) == ("2026-12-05", "ready", "kn-IN")
    assert one == (await browser.get_json("/customers"))["customers"][0]


async def test_filters_narrow(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, call_status="initiated")
    record.people[2] = customer(2, language_code="ta-IN", state="Tamil Nadu")
    browser = await stand.signed_in()
    for query, ids in {
        "status=initiated": [1],
        "status=calling": [1],  # its other name
        "language=ta-IN": [2],
        "state=Tamil+Nadu": [2],
        "text=LN-2026-0002": [2],
        "": [1, 2],
    }.items():
        page = await browser.get_json(f"/customers?{query}")
        assert [one["id"] for one in page["customers"]] == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=busy", "status"),
        ("page_size=0", "page_size"),
        ("page_size=1001", "page_size"),
        ("page_size=many", "page_size"),
        ("page_token=forged", "page_token"),
        ("upload=-1", "upload"),
        ("staus=ready", "staus"),  # a mistyped filter must not mean everybody
        (f"text={'x' * 101}", "text"),
    ],
)
async def test_a_bad_question_names_what_is_wrong(stand: Stand, query: str, field: str) -> None:
    browser = await stand.signed_in()
    error = (await browser.get_json(f"/customers?{query}", 400))["error"]
    assert (error["code"], error["field"]) == ("INVALID_INPUT", field)
    assert not error["message"].startswith(field)


@pytest.mark.parametrize(("path", "status"), [("/customers/99", 404), ("/customers/0", 400), ("/customers/x", 400)])
async def test_nobody_is_found_under_a_wrong_id(stand: Stand, path: str, status: int) -> None:
    browser = await stand.signed_in()
    await browser.get_json(path, status)


async def test_viewers_see_the_last_digits_alone(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1)
    viewer = await stand.signed_in(Role.VIEWER)
    one = await viewer.get_json("/customers/1")
    assert one["phone_number"] == "******0001"
    assert one["loan_id"] == "********0001"
    assert (await viewer.get_json("/customers"))["customers"] == [one]
    assert "+919999900001" not in await (await viewer.get("/original")).text()


async def test_when_the_record_is_away_the_answer_says_so(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in()
    record.down = True
    assert (await browser.get_json("/customers", 503))["error"]["code"] == "UNAVAILABLE"


async def test_the_simple_page_escapes_what_was_uploaded(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, name="<script>alert(1)</script>")
    browser = await stand.signed_in()
    text = await (await browser.get("/original?text=%22%3E%3Cscript")).text()
    assert "No borrower matches" in text
    text += await (await browser.get("/original")).text()
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_the_simple_page_turns_pages_and_keeps_its_filters(stand: Stand, record: Record) -> None:
    record.add_customers(3)
    browser = await stand.signed_in()
    text = await (await browser.get("/original?page_size=2&text=Asha")).text()
    assert "Asha Rao 2" in text
    assert "Asha Rao 3" not in text
    assert 'href="/original?text=Asha&amp;page_size=2&amp;page_token=2"' in text


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


@pytest.mark.parametrize(
    ("kind", "data", "status"),
    [("application/json", b"{", 400), ("application/json", b"", 400), ("text/plain", b'{"status": "ready"}', 415)],
)
async def test_what_is_no_json_is_refused(stand: Stand, kind: str, data: bytes, status: int) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("PUT", "/customers/1/status", data=data, headers={"Content-Type": kind})
    assert answer.status == status


async def test_borrowers_are_counted_by_status(stand: Stand, record: Record) -> None:
    record.add_customers(9)
    browser = await stand.signed_in(Role.VIEWER)
    counts = (await browser.get_json("/counts"))["counts"]
    assert sum(counts.values()) == 9
    assert counts["initiated"] == 2
