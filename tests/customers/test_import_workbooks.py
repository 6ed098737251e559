"""Workbooks: what they keep of their cells, and what hostile ones come to."""

import io
import struct
import zipfile
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.customers import workbook as product
from services.customers.check_file import CheckedFile, check_file
from services.customers.file_checker import ProcessFileChecker
from services.customers.findings import BadFile
from tests.customers.files.acceptance import TODAY, as_text, as_workbook
from tests.customers.files.workbooks import Cell, Formula, package, parts, workbook

HEADER: list[Cell | Formula] = ["name", "phone_number", "state", "loan_id", "amount", "due_date"]
GOOD: list[Cell | Formula] = ["Asha Rao", 9999900001, "Goa", "L1", 4550.5, date(2026, 12, 5)]
RAVI: list[Cell | Formula] = ["Ravi Kumar", 9999900002, "Goa", "L2", 4550.5, date(2026, 12, 5)]


def check(data: bytes) -> CheckedFile:
    return check_file(data, lender_name="Asha Finance", today=TODAY)


def code_of(data: bytes) -> str:
    with pytest.raises(BadFile) as refusal:
        check(data)
    return refusal.value.code


def with_cell(place: int, cell: Cell | Formula) -> CheckedFile:
    return check(workbook([HEADER, RAVI, [*GOOD[:place], cell, *GOOD[place + 1 :]]]))


def test_a_loan_number_that_excel_has_rounded_is_refused() -> None:
    checked = with_cell(3, 12345678901234567890)
    assert [(problem.row, problem.code) for problem in checked.problems] == [(3, "LOAN_ID_PRECISION")]
    assert with_cell(3, 123456789012345).rows[1].loan_id == "123456789012345"


def test_a_formula_counts_for_the_value_that_was_kept() -> None:
    assert with_cell(4, Formula("A1*2", 9000.25)).rows[1].amount_paise == 900025
    assert [problem.code for problem in with_cell(4, Formula("A1*2")).problems] == ["AMOUNT_MISSING"]
    assert with_cell(4, 4550.499999999999).rows[1].amount_paise == 455050
    assert [problem.code for problem in with_cell(0, "=HYPERLINK(A1)").problems] == ["CELL_FORMULA"]


def test_days_are_counted_from_1904_where_the_workbook_says_so() -> None:
    serial = (date(2026, 12, 5) - date(1904, 1, 1)).days
    rows = [HEADER, [*GOOD[:5], serial]]
    assert check(workbook(rows, from_1904=True)).rows[0].due_date == date(2026, 12, 5)


def test_the_sheet_with_the_list_is_found_and_two_are_for_the_user_to_settle() -> None:
    notes: list[list[Cell | Formula]] = [["Read me"], ["first"]]
    assert check(package(parts({"Notes": notes, "Due": [HEADER, GOOD]}))).rows[0].name == "Asha Rao"
    assert code_of(package(parts({"May": [HEADER, GOOD], "June": [HEADER, RAVI]}))) == "SHEET_TWICE"
    assert code_of(package(parts({"Notes": notes}))) == "COLUMN_MISSING"
    assert code_of(package(parts({"Notes": []}))) == "FILE_EMPTY"


def test_entities_of_a_workbook_are_not_resolved(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("canary")
    made = parts({"Due": [HEADER, GOOD, RAVI]})
    name = "xl/worksheets/sheet1.xml"
    kinds = f'<!DOCTYPE x [<!ENTITY a "echo"><!ENTITY b SYSTEM "{secret.as_uri()}">]>\n<worksheet'
    made[name] = made[name].replace("<worksheet", kinds, 1).replace("Asha Rao", "Asha &b; &a;")
    try:
        told = " ".join(row.name for row in check(package(made)).rows)
    except BadFile as refusal:
        told = str(refusal)
    assert "canary" not in told
    assert "echo" not in told


def test_bombs_are_refused_before_they_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    made = parts({"Due": [HEADER, GOOD]})
    assert code_of(package(made | {"xl/media/zeros": "0" * 4_000_000})) == "FILE_TOO_LARGE"
    assert code_of(package(made | {f"xl/media/{n}": "" for n in range(product.MAX_ENTRIES)})) == "FILE_TOO_LARGE"
    monkeypatch.setattr(product, "MAX_UNPACKED_BYTES", 1000)
    assert code_of(package(made)) == "FILE_TOO_LARGE"


def test_a_package_that_lies_of_its_size_is_refused() -> None:
    data = bytearray(package(parts({"Due": [HEADER, GOOD]}) | {"xl/media/zeros": "0" * 4_000_000}))
    at = data.rindex(b"PK\x01\x02")  # the last entry of the directory: the zeros
    data[at + 24 : at + 28] = struct.pack("<I", 1000)
    assert code_of(bytes(data)) == "FILE_UNREADABLE"


def test_locked_and_cut_off_workbooks_say_so() -> None:
    data = bytearray(as_workbook())
    assert code_of(bytes(data[: len(data) // 2])) == "FILE_UNREADABLE"
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    assert code_of(bytes(data)) == "FILE_PROTECTED"


def test_a_package_that_holds_no_workbook_is_refused() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("letter.txt", "hello")
    assert code_of(buffer.getvalue()) == "FILE_UNREADABLE"


async def test_a_sheet_as_wide_as_the_sea_ends_in_an_answer() -> None:
    made = parts({"Due": [HEADER, GOOD]})
    name = "xl/worksheets/sheet1.xml"
    made[name] = made[name].replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    with pytest.raises(BadFile):
        await ProcessFileChecker().check(package(made), lender_name="Asha Finance", today=TODAY)


def test_hidden_sheets_are_left_alone() -> None:
    made = parts({"Due": [HEADER, GOOD], "Old": [HEADER, RAVI]})
    made["xl/workbook.xml"] = made["xl/workbook.xml"].replace('name="Old"', 'name="Old" state="hidden"')
    assert [row.name for row in check(package(made)).rows] == ["Asha Rao"]


def ends_in_an_answer(data: bytes) -> None:
    try:
        checked = check(data)
    except BadFile as refusal:
        assert refusal.code.isupper()
    else:
        assert checked.rejected_rows >= 0


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe",
                                                 b"\xfe\xff", b"\xef\xbb\xbf", b"<html><table><tr><td>"]))  # fmt: skip
@example(b"\0", b"")
def test_any_bytes_end_in_an_answer(data: bytes, start: bytes) -> None:
    ends_in_an_answer(start + data)


WHOLE = (as_workbook(), as_text().encode(), as_text().encode("utf-16"))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WHOLE), st.data())
def test_any_damage_to_a_good_file_ends_in_an_answer(whole: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(whole)))
    damage = data.draw(st.binary(max_size=8))
    ends_in_an_answer(whole[:at] + damage + whole[at + data.draw(st.integers(0, 40)) :])


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.sampled_from(["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml"]),
       st.integers(0, 900))  # fmt: skip
def test_any_damage_within_a_package_ends_in_an_answer(text: str, name: str, at: int) -> None:
    made = parts({"Due": [HEADER, GOOD]})
    made[name] = made[name][:at] + text.encode(errors="replace").decode() + made[name][at + len(text) :]
    ends_in_an_answer(package(made))
