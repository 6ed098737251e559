"""The acceptance file, in every form in which it may come."""

from collections import defaultdict

import pytest

from services.customers.check_file import CheckedFile, check_file
from services.customers.findings import BadFile
from services.customers.readers import read_sheets
from services.customers.upload_model import FileFormat, LoanRow
from tests.customers.files.acceptance import (
    CASES,
    FIRST_ROW,
    TODAY,
    Case,
    as_html,
    as_old_workbook,
    as_text,
    as_workbook,
    fits,
)

FIELDS = {
    "name": "name", "phone": "phone_number", "state": "state", "loan": "loan_id", "amount": "amount_paise",
    "due": "due_date", "language": "language_code",
}  # fmt: skip


def check(data: bytes) -> CheckedFile:
    return check_file(data, lender_name="Asha Finance", today=TODAY)


def assert_each_row_is_as_expected(checked: CheckedFile, cases: tuple[Case, ...]) -> None:
    rows: dict[int, LoanRow] = {row.row: row for row in checked.rows}
    codes: dict[int, list[str]] = defaultdict(list)
    for problem in checked.problems:
        if problem.column:
            codes[problem.row].append(problem.code)
    for number, case in enumerate(cases, start=FIRST_ROW):
        assert sorted(codes[number]) == sorted(case.codes), (number, case)
        assert (number in rows) is case.kept, (number, case)
        for name, value in case.read.items():
            assert getattr(rows[number], FIELDS[name]) == value, (number, case)


def file_codes(checked: CheckedFile) -> set[str]:
    return {problem.code for problem in checked.problems if not problem.column}


def test_it_holds_sixty_rows_and_more() -> None:
    assert len(CASES) >= 60


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_as_text_in_every_encoding_with_every_delimiter(encoding: str, delimiter: str) -> None:
    checked = check(as_text(delimiter=delimiter).encode(encoding))
    assert_each_row_is_as_expected(checked, CASES)
    assert file_codes(checked) == {"HEADER_ROW", "FOOTER_SKIPPED"}
    assert checked.total_rows == len(CASES)


def test_as_text_in_the_code_page_of_windows() -> None:
    cases = tuple(case for case in CASES if fits(case, "cp1252"))
    checked = check(as_text(cases).encode("cp1252"))
    assert_each_row_is_as_expected(checked, cases)
    assert "FILE_ENCODING" in file_codes(checked)


def test_as_text_that_was_garbled_on_its_way() -> None:
    garbled = "".join(
        bytes([byte]).decode("cp1252") if byte not in (0x81, 0x8D, 0x8F, 0x90, 0x9D) else chr(byte)
        for byte in as_text().encode()
    )
    checked = check(garbled.encode())
    kept = {row.row: row for row in checked.rows}
    assert kept[FIRST_ROW + [case.cells.get("amount") for case in CASES].index("₹1,23,456.00")].amount_paise == 12345600
    assert "FILE_ENCODING" in file_codes(checked)


@pytest.mark.parametrize(("data", "form"), [(as_workbook(), FileFormat.XLSX), (as_old_workbook(), FileFormat.XLS)])
def test_as_a_workbook_whatever_it_is_called(data: bytes, form: FileFormat) -> None:
    assert read_sheets(data)[0] is form
    checked = check(data)
    assert_each_row_is_as_expected(checked, CASES)
    assert file_codes(checked) == {"HEADER_ROW", "FOOTER_SKIPPED"}


def test_as_a_web_page_that_is_called_a_workbook() -> None:
    assert_each_row_is_as_expected(check(as_html().encode()), CASES)


def test_cut_off_anywhere_it_keeps_what_is_whole() -> None:
    text, whole = as_text().encode(), check(as_text().encode())
    expected = {row.row: row for row in whole.rows}
    for cut in range(len(text) // 2, len(text), 97):
        piece = text[:cut].decode(errors="ignore")
        if piece.count('"') % 2:  # within a quoted cell: nobody can tell where it would have ended
            with pytest.raises(BadFile):
                check(piece.encode())
            continue
        checked = check(piece.encode())
        rows = {row.row: row for row in checked.rows}
        last = max(rows)
        assert {row: loan for row, loan in rows.items() if row < last and row in expected} == {
            row: loan for row, loan in expected.items() if row < last
        }
