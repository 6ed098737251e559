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
        "state=%20Tamil+Nadu+&language=+ta-IN&text=+0002+": [2],  # as it was typed or pasted
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
        ("sort=phone", "sort"),
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
    record.people[1] = customer(1, alternate_phone="+919999900002", details={"branch": "Mysuru"})
    viewer = await stand.signed_in(Role.VIEWER)
    one = await viewer.get_json("/customers/1")
    assert one["phone_number"] == "******0001"
    assert one["loan_id"] == "********0001"
    assert (one["alternate_phone"], one["details"]) == ("******0002", {})
    assert (await viewer.get_json("/customers"))["customers"] == [one]
    assert "+919999900001" not in await (await viewer.get("/original")).text()


async def test_when_the_record_is_away_the_answer_says_so(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in()
    record.down = True
    assert (await browser.get_json("/customers", 503))["error"]["code"] == "UNAVAILABLE"


@pytest.mark.parametrize(("sort", "by", "descending"), [("name", "name", False), ("-amount", "amount", True)])
async def test_customers_come_in_the_order_asked_for(
    stand: Stand, record: Record, sort: str, by: str, descending: bool
) -> None:
    browser = await stand.signed_in()
    await browser.get_json(f"/customers?sort={sort}")
    assert (record.sorted_by.by, record.sorted_by.descending) == (by, descending)


async def test_borrowers_are_counted_by_status(stand: Stand, record: Record) -> None:
    record.add_customers(9)
    browser = await stand.signed_in(Role.VIEWER)
    counts = (await browser.get_json("/counts"))["counts"]
    assert sum(counts.values()) == 9
    assert counts["initiated"] == 2
