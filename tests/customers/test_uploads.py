"""Uploads as whoever sent the file follows them: at once an id, then how far it is, then what is to be mended."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import grpc
import pytest

from services.customers import check_file as check_file_module
from services.customers import rejects
from services.customers.check_file import Tell, check_file, written_out
from services.customers.importer import Importer
from services.customers.postgres_facts import read_facts
from services.customers.servicer import CustomersServicer
from services.customers.upload_model import CleanFile
from tests.customers.record import Record
from tests.customers.test_check_file import GOOD, HEADER, RAVI
from voice.customers import v1 as pb
from voicekit.rpc import RpcServer, channel

CUSTOMERS = "voice.customers.v1.CustomersService"
BAD = 'Meena Devi,98,Goa,L3,"₹1.2 lakh",32/12/2026\n'
DONE, FAILED = pb.UPLOAD_PHASE_DONE, pb.UPLOAD_PHASE_FAILED


class Slow:
    """Checks a file step by step, as a test lets it."""

    def __init__(self) -> None:
        self.steps: asyncio.Queue[tuple[int, int] | None] = asyncio.Queue()

    async def check(self, data: bytes, *, lender_name: str, today: date, tell: Tell) -> CleanFile:
        while step := await self.steps.get():
            tell(*step)
        return written_out(check_file(data, lender_name=lender_name, today=today, tell=tell))

    async def prepare(self) -> None:
        pass


class Desk:
    """Somebody at a desk who sends files."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self.service: Any = pb.CustomersServiceStub(to)

    async def send(self, text: str | bytes, name: str = "borrowers.csv") -> int:
        """Send a file and return the upload's id."""
        info = pb.ImportInfo(filename=name, lender_name="Asha Finance", answer_when_received=True)
        answer = await self._send(info, text)
        upload_id: int = answer.upload_id
        return upload_id

    async def send_and_wait(self, text: str) -> pb.ImportCustomersResponse:
        return await self._send(pb.ImportInfo(filename="borrowers.csv", lender_name="Asha Finance"), text)

    async def end_of(self, upload_id: int) -> pb.Upload:
        stream = self.service.WatchUpload(pb.WatchUploadRequest(upload_id=upload_id))
        last: pb.Upload = [answer.upload async for answer in stream][-1]
        return last

    async def report(self, upload_id: int) -> pb.GetUploadResponse:
        found: pb.GetUploadResponse = await self.service.GetUpload(pb.GetUploadRequest(upload_id=upload_id), timeout=9)
        return found

    async def rejected(self, upload_id: int) -> tuple[pb.RejectedRowsHeader, list[pb.RejectedRow]]:
        stream = self.service.ReadRejectedRows(pb.ReadRejectedRowsRequest(upload_id=upload_id))
        first, *others = [piece async for piece in stream]
        return first.header, [piece.row for piece in others]

    async def _send(self, info: pb.ImportInfo, text: str | bytes) -> pb.ImportCustomersResponse:
        data = text.encode() if isinstance(text, str) else text
        pieces = [pb.ImportCustomersRequest(info=info), pb.ImportCustomersRequest(chunk=data)]
        pieces += [pb.ImportCustomersRequest(finished=pb.ImportFinished())]
        answer: pb.ImportCustomersResponse = await self.service.ImportCustomers(iter(pieces), timeout=60)
        return answer


async def serving(record: Record, importer: Importer) -> AsyncIterator[Desk]:
    server = RpcServer("customers", "127.0.0.1:0")
    servicer = CustomersServicer(record.customers, importer, record.desk)
    server.add(pb.add_CustomersServiceServicer_to_server, servicer, CUSTOMERS)
    async with channel(f"127.0.0.1:{await server.start()}", CUSTOMERS) as to:
        yield Desk(to)
    importer.close()
    await server.drain(1)
    await importer.drain()


@pytest.fixture
async def desk(record: Record) -> AsyncIterator[Desk]:
    async for each in serving(record, record.importer):
        yield each


@pytest.fixture
def slow() -> Slow:
    return Slow()


@pytest.fixture
async def slow_desk(record: Record, slow: Slow) -> AsyncIterator[Desk]:
    async for each in serving(record, Importer(record.uploads, slow)):
        yield each
        slow.steps.put_nowait(None)


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    return text.getvalue()


async def test_an_id_at_once_then_progress_then_the_result(slow_desk: Desk, slow: Slow) -> None:
    upload_id = await slow_desk.send(HEADER + GOOD + RAVI)  # nothing of it has been read by now
    stream = aiter(slow_desk.service.WatchUpload(pb.WatchUploadRequest(upload_id=upload_id)))
    first = (await anext(stream)).upload
    assert (first.phase, first.status, first.total_rows) == (pb.UPLOAD_PHASE_RECEIVED, "processing", 0)
    slow.steps.put_nowait((1, 2))
    halfway = (await anext(stream)).upload
    assert (halfway.phase, halfway.checked_rows, halfway.total_rows) == (pb.UPLOAD_PHASE_CHECKING, 1, 2)
    slow.steps.put_nowait(None)
    last = [answer.upload async for answer in stream][-1]
    assert (last.phase, last.status, last.imported_rows, last.written_rows) == (DONE, "completed", 2, 2)
    assert last.finish_time.seconds >= last.upload_time.seconds > 0
    assert last.format == pb.FILE_FORMAT_CSV


async def test_who_comes_late_or_after_a_restart_is_told_from_the_record(record: Record, desk: Desk) -> None:
    upload_id = await desk.send(HEADER + GOOD)
    assert (await desk.end_of(upload_id)).phase == DONE
    async for restarted in serving(record, Importer(record.uploads, Slow())):
        assert (await restarted.end_of(upload_id)).imported_rows == 1


async def test_an_import_that_died_with_its_process_is_told_as_failed(record: Record, desk: Desk) -> None:
    upload = await record.uploads.begin("a.csv", "Asha Finance", "abc")
    stream = aiter(desk.service.WatchUpload(pb.WatchUploadRequest(upload_id=upload.id)))
    assert (await anext(stream)).upload.phase == pb.UPLOAD_PHASE_RECEIVED
    await record.run("UPDATE file_uploads SET alive_at = now() - interval '61 seconds'")
    last = [answer.upload async for answer in stream][-1]
    assert (last.phase, last.failure_code) == (FAILED, "")
    assert "send it again" in last.failure


async def test_who_follows_is_told_when_the_service_ends_and_the_import_goes_on(record: Record, slow: Slow) -> None:
    importer = Importer(record.uploads, slow)
    async for desk in serving(record, importer):
        upload_id = await desk.send(HEADER + GOOD)
        stream = aiter(desk.service.WatchUpload(pb.WatchUploadRequest(upload_id=upload_id)))
        await anext(stream)
        importer.close()
        with pytest.raises(grpc.aio.AioRpcError) as end:
            await anext(stream)
        assert end.value.code() is grpc.StatusCode.UNAVAILABLE
        slow.steps.put_nowait(None)
    assert (await record.uploads.get(upload_id)).imported_count == 1


async def test_an_upload_that_nobody_knows_is_not_found(desk: Desk) -> None:
    for call in (
        desk.end_of(9),
        desk.report(9),
        desk.rejected(9),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refusal:
            await call
        assert refusal.value.code() is grpc.StatusCode.NOT_FOUND


async def test_problems_tell_the_cell_and_what_was_taken_instead(desk: Desk) -> None:
    ravi = RAVI.replace("9999900002", "9.99990012E+09").replace("31-12-2026", "05-12-2026")
    upload_id = await desk.send(HEADER + GOOD + ravi + BAD)
    assert (await desk.end_of(upload_id)).status == "completed_with_errors"
    report = await desk.report(upload_id)
    told = {(problem.row, problem.code): problem for problem in report.problems}
    phone = told[3, "PHONE_SCIENTIFIC"]
    assert (phone.column, phone.value, phone.used, phone.warning) == (
        "phone_number", "9.99990012E+09", "+919999900120", True,
    )  # fmt: skip
    assert [(problem.column, problem.value, problem.used) for problem in report.problems if problem.row == 4] == [
        ("phone_number", "98", ""), ("amount", "₹1.2 lakh", ""), ("due_date", "32/12/2026", ""),
    ]  # fmt: skip
    assert report.upload.warnings == 1

    (day,) = (await desk.send_and_wait(HEADER + GOOD)).problems
    assert (day.code, day.value, day.used) == ("DATE_AMBIGUOUS", "05/12/2026", "2026-12-05")


async def test_rejected_rows_come_back_as_they_stood_and_mended_they_are_taken(record: Record, desk: Desk) -> None:
    header = "Remarks," + HEADER
    rows = [f"{n}," + GOOD.replace("L1", f"L{n}") for n in range(4, 7)]
    upload_id = await desk.send("Overdue,,,,,,\n" + header + rows[0] + "  late ," + BAD + rows[1] + rows[2])
    assert (await desk.end_of(upload_id)).kept_rejected_rows == 1
    about, (row,) = await desk.rejected(upload_id)
    assert list(about.columns) == header.strip().split(",")
    assert (about.format, about.rejected_rows, about.kept_rows) == (pb.FILE_FORMAT_CSV, 1, 1)
    assert (row.row, list(row.cells)) == (4, ["  late ", "Meena Devi", "98", "Goa", "L3", "₹1.2 lakh", "32/12/2026"])
    assert {problem.code for problem in row.problems} == {
        "PHONE_LENGTH",
        "AMOUNT_FORMAT",
        "DATE_FORMAT",
    } or row.problems

    cells = [*row.cells[:2], "9999900003", *row.cells[3:5], "4550", "05/12/2026"]
    mended = as_csv([*about.columns, "Row", "Reason"], [[*cells, "4", "three things were wrong"]])
    again = await desk.send_and_wait(mended)
    assert (again.imported_rows, again.rejected_rows) == (1, 0)
    assert list(again.ignored_columns) == ["Remarks", "Row", "Reason"]
    assert (await record.customers.get(again.customer_ids[0])).loan_id == "L3"


async def test_of_a_file_that_failed_every_row_comes_back(record: Record, desk: Desk) -> None:
    upload_id = await desk.send(HEADER + GOOD + BAD + BAD.replace("L3", "L4"))
    last = await desk.end_of(upload_id)
    assert (last.phase, last.failure_code, last.total_rows, last.rejected_rows) == (FAILED, "FILE_MOSTLY_WRONG", 3, 3)
    _, rows = await desk.rejected(upload_id)
    assert [(row.row, bool(row.problems)) for row in rows] == [(2, False), (3, True), (4, True)]
    assert {problem.value for problem in rows[1].problems} == {"98", "₹1.2 lakh", "32/12/2026"}
    assert await record.value("SELECT count(*) FROM customers") == 0
    with pytest.raises(grpc.aio.AioRpcError, match="3 rows are wrong"):
        await desk.send_and_wait(HEADER + GOOD + BAD + BAD.replace("L3", "L4"))


async def test_a_file_without_a_list_says_so_and_has_no_rows(desk: Desk) -> None:
    last = await desk.end_of(await desk.send("nothing,of,use\n1,2,3\n"))
    assert (last.phase, last.failure_code) == (FAILED, "COLUMN_MISSING")
    assert (await desk.rejected(last.id))[1] == []


async def test_optional_columns_are_kept_others_are_named(record: Record, desk: Desk) -> None:
    header = HEADER.strip() + ",Alternate Mobile,Branch Name,DPD,PIN Code,Favourite Colour\n"
    done = await desk.send_and_wait(header + GOOD.strip() + ",09999900013, Panaji  Main ,15,403001,red\n")
    assert list(done.ignored_columns) == ["Favourite Colour"]
    customer = await record.customers.get(done.customer_ids[0])
    assert customer.alternate_phone == "+919999900013"
    assert customer.details == {"branch": "Panaji Main", "bucket": "15", "pincode": "403001"}

    later = HEADER.strip() + ",dpd,branch\n" + GOOD.strip().replace("9999900001", "9999900001/9999900014") + ",45,\n"
    done = await desk.send_and_wait(later)
    assert done.updated_rows == 1
    customer = await record.customers.get(done.customer_ids[0])
    assert customer.alternate_phone == "+919999900014"  # the second number of the cell
    assert customer.details == {"branch": "Panaji Main", "bucket": "45", "pincode": "403001"}

    done = await desk.send_and_wait(HEADER.strip() + ",alt no\n" + GOOD.strip() + ",98\n")
    assert (done.duplicate_rows, [problem.code for problem in done.problems][-1]) == (1, "ALTERNATE_PHONE")
    assert (await record.customers.get(done.customer_ids[0])).alternate_phone == "+919999900014"


async def test_the_same_file_again_confirms_what_it_says_and_changes_no_borrower(record: Record, desk: Desk) -> None:
    first = await desk.send_and_wait(HEADER + GOOD + RAVI)
    await desk.send_and_wait(HEADER + RAVI.replace("1,23,456", "1,00,000"))
    await record.run("UPDATE file_uploads SET confirmed_at = calling_now() - interval '9 days'")
    last = await record.feed.last_number()
    again = await desk.send_and_wait(HEADER + GOOD + RAVI)
    assert (again.already_imported, again.duplicate_rows, again.upload_id) == (True, 2, first.upload_id)
    assert await record.feed.last_number() == last
    asha, ravi = first.customer_ids
    await record.run("UPDATE customers SET created_at = calling_now() - interval '9 days'")
    async with record.database.connection() as connection:
        now = await connection.fetchval("SELECT calling_now()")
        facts = await read_facts(connection, [asha, ravi], now)
    assert facts[asha].confirmed_at > now - timedelta(minutes=5)
    assert facts[ravi].confirmed_at < now - timedelta(days=8)  # a later file has said something else since
    assert (await desk.report(first.upload_id)).upload.confirm_time.seconds > 0


async def test_two_who_send_at_once_are_both_served(record: Record, desk: Desk) -> None:
    ours, theirs = HEADER + GOOD + RAVI, HEADER + GOOD.replace("L1", "L7")
    ids = await asyncio.gather(*(desk.send(text) for text in (ours, theirs, ours)))
    assert ids[0] == ids[2] != ids[1]
    ends = await asyncio.gather(*(desk.end_of(upload_id) for upload_id in ids))
    assert [(end.phase, end.imported_rows) for end in ends] == [(DONE, 2), (DONE, 1), (DONE, 2)]
    assert await record.value("SELECT count(*) FROM customers") == 3


async def test_a_file_that_breaks_off_takes_nothing_away_and_may_come_whole(record: Record, desk: Desk) -> None:
    accepted = await desk.send_and_wait(HEADER + GOOD)
    text = HEADER + GOOD.replace("4550.50", "1.00") + RAVI
    info = pb.ImportInfo(filename="borrowers.csv", lender_name="Asha Finance", answer_when_received=True)
    pieces = [pb.ImportCustomersRequest(info=info), pb.ImportCustomersRequest(chunk=text[:90].encode())]
    with pytest.raises(grpc.aio.AioRpcError, match="without `finished`"):
        await desk.service.ImportCustomers(iter(pieces), timeout=20)
    asha = await record.customers.get(accepted.customer_ids[0])
    assert (asha.amount_paise, asha.version) == (455050, 1)
    assert await record.value("SELECT count(*) FROM file_uploads") == 1
    whole = await desk.send_and_wait(text)
    assert (whole.imported_rows, whole.updated_rows) == (1, 1)


async def test_who_erases_a_borrower_or_a_file_erases_the_rows_between_them(record: Record, desk: Desk) -> None:
    first = await desk.send_and_wait(HEADER + GOOD + RAVI)
    await desk.send_and_wait(HEADER + GOOD)
    await record.run("DELETE FROM customers WHERE id = $1", first.customer_ids[0])
    assert await record.value("SELECT count(*) FROM upload_customers") == 1
    await record.run("DELETE FROM file_uploads")
    assert await record.value("SELECT count(*) FROM upload_customers") == 0
    assert await record.value("SELECT count(*) FROM customers") == 1


async def test_what_stood_in_the_cells_of_an_old_file_is_forgotten(record: Record, desk: Desk) -> None:
    done = await desk.send_and_wait(HEADER + GOOD + RAVI + BAD)
    await record.run("UPDATE file_uploads SET finished_at = calling_now() - interval '31 days'")
    await desk.send_and_wait(HEADER + GOOD)
    report = await desk.report(done.upload_id)
    assert (report.upload.rejected_rows, list(report.problems)) == (1, [])
    about, rows = await desk.rejected(done.upload_id)
    assert (about.rejected_rows, about.kept_rows, rows) == (1, 0, [])
    assert await record.value("SELECT count(*) FROM upload_rejects") == 0


async def test_of_very_many_rejected_rows_some_are_kept_and_the_rest_counted(
    monkeypatch: pytest.MonkeyPatch, desk: Desk
) -> None:
    monkeypatch.setattr(rejects, "MAX_PACKED_BYTES", 1000)
    monkeypatch.setattr(check_file_module, "MAX_PROBLEMS", 2)
    good = "".join(GOOD.replace("L1", f"L{n}") for n in range(10, 30))
    upload_id = await desk.send(HEADER + good + "".join(BAD.replace("L3", f"B{n}") for n in range(10)))
    upload = await desk.end_of(upload_id)
    about, rows = await desk.rejected(upload_id)
    assert (about.rejected_rows, about.kept_rows) == (10, upload.kept_rejected_rows)
    assert 0 < len(rows) == about.kept_rows < 10
    report = await desk.report(upload_id)
    assert (len(report.problems), report.more_problems) == (2, 28)


async def test_a_cell_as_long_as_a_book_is_cut(desk: Desk) -> None:
    long = BAD.replace("Meena Devi", "M" * 100_000)
    upload_id = await desk.send(HEADER + GOOD + RAVI + long)
    await desk.end_of(upload_id)
    _, (row,) = await desk.rejected(upload_id)
    assert len(row.cells[0]) == rejects.MAX_CELL_KEPT
    assert len(row.problems[0].value) == 500
