import asyncio
from datetime import date

import pytest

from services.customers.check_file import Tell
from services.customers.findings import BadFile
from services.customers.importer import Importer
from services.customers.model import CustomerFilter, FactsTold, Sorting
from services.customers.upload_model import CleanFile, ImportResult, Report
from tests.customers.record import Record, facts, tell, told
from tests.customers.test_check_file import GOOD, HEADER, RAVI
from voicekit.errors import InvalidInput, WrongState

NOTHING = CleanFile(0, 0, Report())
STATUS = "SELECT status || ':' || failure FROM file_uploads ORDER BY id DESC LIMIT 1"


async def put(record: Record, text: str, lender: str = "Asha Finance") -> ImportResult:
    return await record.importer.run("borrowers.csv", lender, text.encode())


def counts(result: ImportResult) -> tuple[int, int, int, int]:
    return result.imported_rows, result.updated_rows, result.duplicate_rows, result.rejected_rows


async def test_good_rows_are_imported_and_bad_ones_reported(record: Record) -> None:
    result = await put(record, HEADER + GOOD + "Half a row,98\n" + RAVI)
    assert counts(result) == (2, 0, 0, 1)
    customers = await record.customers.list(CustomerFilter(upload_id=result.upload_id), Sorting(), after=None, limit=10)
    assert [customer.id for customer in customers] == sorted(result.customer_ids)
    asha = await record.customers.get(result.customer_ids[0])
    assert (asha.name, asha.phone_number, asha.amount_paise, asha.due_date, asha.lender_name, asha.call_status) == (
        "Asha Rao", "+919999900001", 455050, date(2026, 12, 5), "Asha Finance", "ready",
    )  # fmt: skip
    row = await record.database.fetchrow(
        "SELECT status, total_rows, processed_count, imported_count, error_count, failure FROM file_uploads"
    )
    assert row is not None
    assert tuple(row) == ("completed_with_errors", 3, 2, 2, 1, "")


async def test_the_same_file_twice_changes_nothing(record: Record) -> None:
    text = HEADER + GOOD + "Half a row,98\n"
    first = await put(record, text)
    last = await record.feed.last_number()
    second = await put(record, text)
    assert second.already_imported
    assert (second.upload_id, second.customer_ids, second.problems) == (
        first.upload_id, first.customer_ids, first.problems,
    )  # fmt: skip
    assert counts(second) == (0, 0, 1, 1)
    assert await record.feed.last_number() == last
    assert await record.value("SELECT count(*) FROM file_uploads") == 1


async def test_another_lender_s_loan_of_the_same_number_is_another_loan(record: Record) -> None:
    first = await put(record, HEADER + GOOD)
    second = await put(record, HEADER + GOOD, "Bina Finance")
    assert counts(second) == (1, 0, 0, 0)
    assert first.customer_ids != second.customer_ids


async def test_a_later_file_updates_what_differs_and_leaves_the_rest(record: Record) -> None:
    await put(record, HEADER + GOOD + RAVI)
    changed = RAVI.replace("1,23,456.00", "99,000.00")
    result = await put(record, HEADER + GOOD + changed + GOOD.replace("L1", "L9"))
    assert counts(result) == (1, 1, 1, 0)
    assert (await record.customers.get(result.customer_ids[0])).version == 1
    ravi = await record.customers.get(result.customer_ids[1])
    assert (ravi.amount_paise, ravi.version) == (99_000_00, 2)


async def test_a_new_due_date_opens_a_new_round_and_a_new_amount_does_not(record: Record) -> None:
    customer = (await put(record, HEADER + GOOD)).customer_ids[0]
    call = (await record.calls.begin("r", customer)).call
    await put(record, HEADER + GOOD.replace("05/12/2026", "06/12/2026"))
    assert (await record.customers.get(customer)).call_status == "initiated"
    await tell(record, call.id, told("completed"))
    await put(record, HEADER + GOOD.replace("05/12/2026", "06/12/2026").replace("4550.50", "4600"))
    assert (await record.customers.get(customer)).call_status == "completed"
    await put(record, HEADER + GOOD.replace("05/12/2026", "05/01/2027"))
    assert (await record.customers.get(customer)).call_status == "ready"


async def test_uploading_again_never_lets_a_borrower_be_called_who_must_not_be(record: Record) -> None:
    customer = (await put(record, HEADER + GOOD)).customer_ids[0]
    call = (await record.calls.begin("r", customer)).call
    await tell(record, call.id, facts("f", FactsTold(disposition="DNC")), told("completed"))
    await put(record, HEADER + GOOD.replace("05/12/2026", "05/01/2027"))
    with pytest.raises(WrongState, match="must not be called"):
        await record.calls.begin("again", customer)


async def test_a_known_language_outlives_a_file_without_one(record: Record) -> None:
    with_language = HEADER.strip() + ",language\n" + GOOD.strip()
    customer = (await put(record, with_language + ",Tamil\n")).customer_ids[0]
    await put(record, HEADER + GOOD.replace("4550.50", "4600"))
    assert (await record.customers.get(customer)).language_code == "ta-IN"
    await put(record, with_language + ",Hindi\n")
    assert (await record.customers.get(customer)).language_code == "hi-IN"


async def test_a_file_that_cannot_be_read_is_on_record_as_failed_and_may_come_again(record: Record) -> None:
    for _ in range(2):
        with pytest.raises(BadFile):
            await put(record, "nothing,of,use\n1,2,3\n")
        status = await record.value(STATUS)
        assert str(status).startswith("failed:The file has no column for the borrower's name")
    assert await record.value("SELECT count(*) FROM file_uploads") == 2


class Stuck:
    """A checker that waits to be told what to find."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.found: asyncio.Future[CleanFile] = asyncio.get_running_loop().create_future()

    async def check(self, data: bytes, *, lender_name: str, today: date, tell: Tell) -> CleanFile:
        self.asked.set()
        return await self.found

    async def prepare(self) -> None:
        pass


async def test_while_a_file_is_imported_the_same_one_is_followed_to_its_end(record: Record) -> None:
    checker, elsewhere = Stuck(), Importer(record.uploads, Stuck())
    importer = Importer(record.uploads, checker)
    first = asyncio.create_task(importer.run("a.csv", "Asha Finance", b"same"))
    await checker.asked.wait()
    here = asyncio.create_task(importer.run("b.csv", "Asha Finance", b"same"))
    there = asyncio.create_task(elsewhere.run("c.csv", "Asha Finance", b"same"))
    checker.found.set_result(NOTHING)
    results = await asyncio.gather(first, here, there)
    assert [result.already_imported for result in results] == [False, True, True]
    assert len({result.upload_id for result in results}) == 1
    assert await record.value("SELECT count(*) FROM file_uploads") == 1


async def test_an_import_goes_on_when_its_caller_goes_away(record: Record) -> None:
    checker = Stuck()
    importer = Importer(record.uploads, checker)
    caller = asyncio.create_task(importer.run("a.csv", "Asha Finance", b"same"))
    await checker.asked.wait()
    caller.cancel()
    await asyncio.wait([caller])
    assert await record.value(STATUS) == "processing:"
    checker.found.set_result(NOTHING)
    await importer.drain()
    assert await record.value(STATUS) == "completed:"


async def test_an_import_that_breaks_leaves_no_row_and_says_failed(record: Record) -> None:
    await record.run("ALTER TABLE upload_customers ADD CHECK (row_number < 3)")  # breaks at the second row
    with pytest.raises(Exception, match="check constraint"):
        await put(record, HEADER + GOOD + RAVI)
    assert str(await record.value(STATUS)).startswith("failed:The file was not imported through a mistake of ours")
    assert await record.value("SELECT count(*) FROM customers") == 0


async def test_an_import_whose_process_has_died_is_found_to_have_failed(record: Record) -> None:
    upload = await record.uploads.begin("a.csv", "Asha Finance", "abc")
    await record.run("UPDATE file_uploads SET alive_at = now() - interval '61 seconds'")
    again = await record.uploads.begin("a.csv", "Asha Finance", "abc")
    assert again.id != upload.id
    assert "interrupted" in (await record.uploads.get(upload.id)).failure
    with pytest.raises(WrongState, match="given up"):
        await record.uploads.finish(upload.id, NOTHING, lambda _: None)


async def test_eight_imports_of_the_same_loans_at_once_neither_double_nor_lose_any(record: Record) -> None:
    files = [
        HEADER + "".join(f"Asha Rao,99999{n:05d},Goa,L{n},{100 + lane},05/12/2026\n" for n in range(40))
        for lane in range(8)
    ]
    results = await asyncio.gather(*(put(record, text) for text in files))
    assert sum(result.imported_rows for result in results) == 40
    assert {counts(result)[3] for result in results} == {0}
    assert await record.value("SELECT count(*) FROM customers") == 40


async def test_a_file_needs_a_name_and_a_lender(record: Record) -> None:
    with pytest.raises(InvalidInput, match="filename"):
        await record.importer.run("", "Asha Finance", b"x")
    with pytest.raises(InvalidInput, match="lender_name"):
        await record.importer.run("a.csv", " ", b"x")
    with pytest.raises(BadFile, match="larger"):
        await record.importer.run("a.csv", "Asha Finance", bytes(10 * 1024 * 1024 + 1))
    assert await record.value("SELECT count(*) FROM file_uploads") == 0
