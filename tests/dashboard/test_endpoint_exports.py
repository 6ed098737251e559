import csv
import io
import zipfile
from collections.abc import Sequence
from datetime import timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dashboard.sheets import Cell, CsvSheet, XlsxSheet
from tests.dashboard.fakes import NOON, Record, call, customer
from tests.dashboard.stand import Stand

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def read_csv(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def read_xlsx(data: bytes) -> list[list[str]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        for name in archive.namelist():
            ElementTree.fromstring(archive.read(name))
        sheet = ElementTree.fromstring(archive.read("xl/worksheets/sheet1.xml"))
    assert not list(sheet.iter(f"{MAIN}f"))  # nothing in it is a formula
    return [["".join(cell.itertext()) for cell in row] for row in sheet.iter(f"{MAIN}row")]


@given(st.lists(st.lists(st.one_of(TEXTS, st.integers(0, 10**9)), min_size=2, max_size=2), max_size=5))
def test_no_cell_of_a_csv_begins_as_a_formula_does(rows: list[Sequence[Cell]]) -> None:
    sheet = CsvSheet()
    read = read_csv(sheet.add(rows) + sheet.end())
    assert len(read) == len(rows)
    for row, told in zip(rows, read, strict=True):
        for cell, text in zip(row, told, strict=True):
            assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
            assert text.removeprefix("'") == str(cell).replace("\0", "").removeprefix("'")


@given(st.lists(st.lists(TEXTS, min_size=1, max_size=3), max_size=5))
def test_an_xlsx_holds_any_text_as_text(rows: list[Sequence[Cell]]) -> None:
    sheet = XlsxSheet()
    data = b"".join([sheet.add(rows[:2]), sheet.add(rows[2:]), sheet.end()])
    for row, told in zip(rows, read_xlsx(data), strict=True):
        for cell, text in zip(row, told, strict=True):
            printable = [letter for letter in str(cell) if letter >= " " and letter not in "\ufffe\uffff"]
            assert [letter for letter in text if letter >= " "] == printable


async def test_all_borrowers_that_match_are_exported(stand: Stand, record: Record) -> None:
    record.add_customers(2300)
    record.people[1] = customer(1, name="=HYPERLINK(A1)", state="Goa")
    browser = await stand.signed_in()
    answer = await browser.get("/exports/customers")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="borrowers.csv"'
    rows = read_csv(await answer.read())
    assert rows[0][:3] == ["id", "name", "phone_number"]
    assert rows[1][:4] == ["1", "'=HYPERLINK(A1)", "'+919999900001", "Goa"]
    assert [row[0] for row in rows[1:]] == [str(number) for number in range(1, 2301)]
    assert len(read_csv(await (await browser.get("/exports/customers?state=Goa")).read())) == 2


async def test_calls_are_exported_for_excel_with_indias_times(stand: Stand, record: Record) -> None:
    record.people[1] = customer(1, name="=1+1")
    record.all_calls = {"a": call("a", "completed", end_time=NOON + timedelta(seconds=68), verified=True)}
    browser = await stand.signed_in()
    answer = await browser.get("/exports/calls?format=xlsx")
    assert answer.content_type == XlsxSheet.media_type
    head, row = read_xlsx(await answer.read())
    told = dict(zip(head, row, strict=True))
    assert (told["customer_name"], told["status"], told["verified"]) == ("=1+1", "completed", "yes")
    assert (told["start_time"], told["talked_seconds"]) == ("2026-11-22 12:00:00", "60.0")


@pytest.mark.parametrize(
    "path", ["customers?format=pdf", "customers?status=busy", "calls?state=Goa", "calls?customer=x"]
)
async def test_a_bad_question_is_refused_before_anything_is_sent(stand: Stand, path: str) -> None:
    browser = await stand.signed_in()
    await browser.get_json(f"/exports/{path}", 400)


async def test_an_empty_list_is_a_file_with_a_header(stand: Stand) -> None:
    browser = await stand.signed_in()
    for kind, read in (("csv", read_csv), ("xlsx", read_xlsx)):
        assert len(read(await (await browser.get(f"/exports/calls?format={kind}")).read())) == 1


async def test_when_the_record_is_away_no_file_is_begun(stand: Stand, record: Record) -> None:
    browser = await stand.signed_in()
    record.down = True
    await browser.get_json("/exports/customers", 503)
