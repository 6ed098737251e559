import asyncio
import json
from typing import Any

import aiohttp
import pytest

from services.dashboard.people import Role
from services.dashboard.uploads import FileFormat, RejectedRow, Upload, UploadPhase
from tests.dashboard.fakes import Record, problem, upload
from tests.dashboard.stand import Stand
from tests.dashboard.test_endpoint_exports import read_csv, read_xlsx

CSV = b"name,phone\nAsha,+919999900001\nRavi,+919999900002\n"


def form(data: bytes = CSV, name: str = "file", filename: str | None = "march.csv") -> aiohttp.FormData:
    parts = aiohttp.FormData()
    parts.add_field(name, data, filename=filename, content_type="text/csv")
    return parts


async def test_upload_customers_answers_at_once_with_links_to_follow(stand: Stand, record: Record) -> None:
    record.files = [upload(1)]
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/upload-customers?lender_name=Asha+Finance", data=form())
    assert answer.status == 202
    told = await answer.json()
    assert record.uploaded == [("march.csv", "Asha Finance", CSV)]
    assert (told["upload_id"], told["status"], told["already_imported"]) == (1, "processing", False)
    for link in told["links"].values():
        assert (await browser.get(link)).status == 200, link


async def test_upload_customers_tells_a_client_that_waits_what_became_of_it(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.send("POST", "/upload-customers?wait=true", data=form())
    assert answer.status == 200
    told = await answer.json()
    assert record.uploaded == [("march.csv", "Usha Credit", CSV)]
    assert (told["status"], told["customer_ids"]) == ("completed", [1, 2])
    assert (told["total_rows"], told["accepted_rows"], told["rejected_rows"]) == (2, 2, 0)
    assert (told["duplicate_rows"], told["problems"], told["already_imported"]) == (0, [], False)


async def test_a_file_without_a_lender_is_of_the_one_this_dashboard_works_for(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in(Role.OPERATOR)
    assert (await browser.send("POST", "/upload-customers", data=form())).status == 202
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
    answer = await browser.send("POST", "/upload-customers?wait=true", data=form())
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
    assert [(await file).status for file in files] == [202] * 4
    assert len(record.uploaded) == 4


async def test_uploads_are_listed_page_by_page(stand: Stand, record: Record) -> None:
    record.files = [upload(number) for number in (3, 2, 1)]
    browser = await stand.signed_in(Role.VIEWER)
    first = await browser.get_json("/uploads?page_size=2")
    rest = await browser.get_json(f"/uploads?page_size=2&page_token={first['next_page_token']}")
    assert [one["id"] for one in first["uploads"] + rest["uploads"]] == [3, 2, 1]
    assert rest["next_page_token"] == ""
    await browser.get_json("/uploads?page_size=0", 400)


async def events(answer: aiohttp.ClientResponse) -> list[tuple[str, Any]]:
    """Read a stream of server-sent events to its end."""
    told = []
    for block in (await answer.text()).strip().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        if "event" in fields:
            told.append((fields["event"], json.loads(fields["data"])))
    return told


def step(phase: UploadPhase, checked: int, **changes: object) -> Upload:
    return upload(1, phase=phase, checked_rows=checked, **changes)


async def test_the_progress_of_an_upload_is_told_until_it_is_done(stand: Stand, record: Record) -> None:
    record.steps = [
        step(UploadPhase.RECEIVED, 0),
        step(UploadPhase.CHECKING, 1),
        step(UploadPhase.DONE, 2, rejected_rows=1, duplicate_rows=1, processed_count=1),
    ]
    browser = await stand.signed_in(Role.VIEWER)
    answer = await browser.get("/uploads/1/progress")
    assert answer.content_type == "text/event-stream"
    told = await events(answer)
    assert [(kind, one["phase"], one["checked_rows"]) for kind, one in told] == [
        ("progress", "received", 0),
        ("progress", "checking", 1),
        ("done", "done", 2),
    ]
    done = told[-1][1]
    assert (done["accepted_rows"], done["rejected_rows"], done["duplicate_rows"]) == (1, 1, 1)
    assert done["links"]["error_file"] == "/uploads/1/error-file"


async def test_the_progress_of_a_file_that_cannot_be_read_ends_with_the_reason(stand: Stand, record: Record) -> None:
    record.steps = [step(UploadPhase.FAILED, 0, failure="There is no column for the phone.")]
    browser = await stand.signed_in(Role.VIEWER)
    [(kind, told)] = await events(await browser.get("/uploads/1/progress"))
    assert (kind, told["failure"]) == ("failed", "There is no column for the phone.")


async def test_a_progress_that_breaks_off_ends_and_may_be_asked_for_again(stand: Stand, record: Record) -> None:
    record.steps = [step(UploadPhase.CHECKING, 1), None]
    browser = await stand.signed_in(Role.VIEWER)
    assert [kind for kind, _ in await events(await browser.get("/uploads/1/progress"))] == ["progress"]
    record.steps = [step(UploadPhase.DONE, 2)]
    assert [kind for kind, _ in await events(await browser.get("/uploads/1/progress"))] == ["done"]


@pytest.mark.parametrize("what", ["", "/progress", "/rejected-rows", "/error-file"])
async def test_an_upload_that_is_not_there_is_told_as_that(stand: Stand, what: str) -> None:
    browser = await stand.signed_in()
    assert (await browser.get_json(f"/uploads/9{what}", 404))["error"]["code"] == "NOT_FOUND"
    assert (await browser.get_json(f"/uploads/x{what}", 400))["error"]["field"] == "upload_id"


def rejected(row: int, *cells: str, **changes: object) -> RejectedRow:
    return RejectedRow(row=row, cells=list(cells), problems=[problem(row=row, **changes)])


async def test_rejected_rows_are_given_back_as_they_stood(stand: Stand, record: Record) -> None:
    record.files = [upload(1)]
    record.rejected = [rejected(number, "Asha", "12345") for number in range(2, 9)]
    browser = await stand.signed_in(Role.OPERATOR)
    told = await browser.get_json("/uploads/1/rejected-rows?limit=3")
    assert (told["header"]["columns"], told["header"]["rejected_rows"]) == (["name", "phone"], 7)
    assert [row["row"] for row in told["rows"]] == [2, 3, 4]
    assert told["rows"][0]["problems"][0]["column"] == "phone"


@pytest.mark.parametrize(
    ("kind", "filename", "saved_as"),
    [
        (FileFormat.CSV, "march.csv", "rejected march.csv"),
        (FileFormat.XLSX, "march.xlsx", "rejected march.xlsx"),
        (FileFormat.XLS, "march.xls", "rejected march.xlsx"),
        (FileFormat.HTML, "march.xls", "rejected march.xlsx"),
    ],
)
async def test_the_error_file_has_the_format_of_the_upload(
    stand: Stand, record: Record, kind: FileFormat, filename: str, saved_as: str
) -> None:
    record.files = [upload(1, format=kind, filename=filename)]
    record.rejected = [rejected(3, "=1+1", "12345", "more than the header has")]
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.get("/uploads/1/error-file")
    assert f'filename="{saved_as}"' in answer.headers["Content-Disposition"]
    data = await answer.read()
    rows = read_csv(data) if kind is FileFormat.CSV else read_xlsx(data)
    formula = "'=1+1" if kind is FileFormat.CSV else "=1+1"  # as text, in a workbook
    assert rows == [
        ["Row", "Reason", "name", "phone"],
        ["3", "phone: This is no mobile number.", formula, "12345", "more than the header has"],
    ]


async def test_an_error_file_that_comes_back_wrong_again_repeats_no_column(stand: Stand, record: Record) -> None:
    record.files = [upload(1, filename="rejected march.csv")]
    record.columns = ["Row", "Reason", "name", "phone"]
    record.rejected = [rejected(2, "3", "phone: This is no mobile number.", "Asha", "123")]
    browser = await stand.signed_in(Role.OPERATOR)
    rows = read_csv(await (await browser.get("/uploads/1/error-file")).read())
    assert rows == [["Row", "Reason", "name", "phone"], ["2", "phone: This is no mobile number.", "Asha", "123"]]


async def test_the_name_of_an_error_file_may_be_in_any_script(stand: Stand, record: Record) -> None:
    record.files = [upload(1, filename='मार्च "1"\r\nX: y.csv')]
    browser = await stand.signed_in(Role.OPERATOR)
    answer = await browser.get("/uploads/1/error-file")
    assert answer.status == 200
    assert "filename*=UTF-8''rejected%20%E0%A4%AE" in answer.headers["Content-Disposition"]
    assert "X" not in answer.headers


async def test_what_stood_in_a_file_is_not_for_viewers(stand: Stand, record: Record) -> None:
    record.files = [upload(1)]
    browser = await stand.signed_in(Role.VIEWER)
    for what in ("", "/rejected-rows", "/error-file"):
        await browser.get_json(f"/uploads/1{what}", 403)
