import asyncio
from typing import Any

import aiohttp
import pytest

from services.dashboard.people import Role
from tests.dashboard.fakes import Record, upload
from tests.dashboard.stand import Stand

CSV = b"name,phone\nAsha,+919999900001\nRavi,+919999900002\n"


def form(data: bytes = CSV, name: str = "file", filename: str | None = "march.csv") -> aiohttp.FormData:
    parts = aiohttp.FormData()
    parts.add_field(name, data, filename=filename, content_type="text/csv")
    return parts


async def test_a_file_reaches_the_record_byte_by_byte(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/upload-customers?lender_name=Asha+Finance", data=form())
    assert answer.status == 200
    told = await answer.json()
    assert record.uploaded == [("march.csv", "Asha Finance", CSV)]
    assert (told["total_rows"], told["accepted_rows"], told["rejected_rows"]) == (2, 2, 0)
    assert (told["duplicate_rows"], told["problems"], told["already_imported"]) == (0, [], False)


async def test_a_file_without_a_lender_is_of_the_one_this_dashboard_works_for(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    assert (await browser.send("POST", "/upload-customers", data=form())).status == 200
    assert record.uploaded == [("march.csv", "Usha Credit", CSV)]


def after_it() -> aiohttp.FormData:
    parts = form()
    parts.add_field("lender_name", "Asha Finance")
    return parts


@pytest.mark.parametrize(
    ("options", "status", "code"),
    [
        ({"data": form(name="csv")}, 400, "INVALID_INPUT"),
        ({"data": form(filename="x" * 256)}, 400, "INVALID_INPUT"),
        ({"data": form(b"")}, 400, "INVALID_INPUT"),
        ({"data": after_it()}, 400, "INVALID_INPUT"),
        ({"data": form(b"x" * 100_001)}, 413, "TOO_LARGE"),
        ({"json": {"file": "a"}}, 415, "UNSUPPORTED_MEDIA"),
        ({"data": b"", "headers": {"Content-Type": "multipart/form-data"}}, 400, "INVALID_INPUT"),
        ({"data": b"nonsense", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}, 400, "INVALID_INPUT"),
        (
            {"data": b"--x\r\n\r\nabc", "headers": {"Content-Type": "multipart/form-data; boundary=x"}},
            400,
            "INVALID_INPUT",
        ),
    ],
)
async def test_what_is_no_file_is_refused_with_a_reason(
    stand: Stand, record: Record, options: dict[str, Any], status: int, code: str
) -> None:
    browser = await stand.signed_in()
    answer = await browser.send("POST", "/upload-customers", **options)
    assert answer.status == status
    assert (await answer.json())["error"]["code"] == code
    assert not record.uploaded


async def test_why_the_record_cannot_read_a_file_reaches_the_user(stand: Stand, record: Record) -> None:
    record.refuse_upload = "The file has no column for the phone number."
    browser = await stand.signed_in()
    answer = await browser.send("POST", "/upload-customers", data=form())
    assert answer.status == 400
    assert (await answer.json())["error"]["message"] == record.refuse_upload


async def test_a_fifth_file_at_the_same_time_is_turned_away(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in()
    gate, begun = asyncio.Event(), asyncio.Semaphore(0)

    async def slow() -> Any:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\nname\n'
        begun.release()
        await gate.wait()
        yield b"Asha\n\r\n--x--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    files = [
        asyncio.create_task(browser.send("POST", "/upload-customers", data=slow(), headers=kind)) for _ in range(4)
    ]
    for _ in files:
        await begun.acquire()
    fifth = await browser.send("POST", "/upload-customers", data=form())
    assert fifth.status == 429
    gate.set()
    assert [(await file).status for file in files] == [200] * 4
    assert len(record.uploaded) == 4


async def test_uploads_are_listed_page_by_page(stand: Stand, record: Record) -> None:
    record.files = [upload(number) for number in (3, 2, 1)]
    browser = await stand.signed_in(Role.VIEWER)
    first = await browser.get_json("/uploads?page_size=2")
    rest = await browser.get_json(f"/uploads?page_size=2&page_token={first['next_page_token']}")
    assert [one["id"] for one in first["uploads"] + rest["uploads"]] == [3, 2, 1]
    assert rest["next_page_token"] == ""
    await browser.get_json("/uploads?page_size=0", 400)
