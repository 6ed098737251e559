import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.customers import check_file as check_file_module
from services.customers import readers, table
from services.customers.check_file import CheckedFile, check_file, written_out
from services.customers.findings import BadFile
from services.customers.headers import fields_in
from services.customers.upload_model import LoanRow
from voicekit.errors import VoiceError

TODAY = date(2026, 11, 22)
HEADER = "name,phone_number,state,loan_id,amount,due_date\n"
GOOD = "Asha Rao,+919999900001,Karnataka,L1,4550.50,05/12/2026\n"
RAVI = 'Ravi Kumar,9999900002,Goa,L2,"₹1,23,456.00",31-12-2026\n'


def check(text: str | bytes) -> CheckedFile:
    data = text.encode() if isinstance(text, str) else text
    return check_file(data, lender_name="Asha Finance", today=TODAY)


def codes(checked: CheckedFile) -> list[tuple[int, str]]:
    return [(problem.row, problem.code) for problem in checked.problems]


def test_a_date_that_no_order_can_read_is_one_bad_cell_and_tells_nothing_of_the_others() -> None:
    impossible = GOOD.replace("L1", "L2").replace("900001", "900002").replace("05/12/2026", "31/31/2026")
    checked = check(HEADER + GOOD + impossible + RAVI.replace("L2", "L3").replace("900002", "900003"))
    assert [row.due_date for row in checked.rows] == [date(2026, 12, 5), date(2026, 12, 31)]
    assert codes(checked) == [(3, "DATE_IMPOSSIBLE")]


def test_a_good_file_is_read_to_the_letter() -> None:
    checked = check(HEADER + GOOD + RAVI)
    assert checked.rows == [
        LoanRow(2, "Asha Rao", "+919999900001", "Karnataka", "L1", "Asha Finance", 455050, date(2026, 12, 5), ""),
        LoanRow(3, "Ravi Kumar", "+919999900002", "Goa", "L2", "Asha Finance", 1_23_456_00, date(2026, 12, 31), ""),
    ]
    assert (checked.total_rows, checked.repeated_rows, checked.rejected_rows) == (2, 0, 0)
    assert checked.problems == []


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_marks_and_line_endings_do_not_matter(mark: str, ending: str) -> None:
    assert check(mark + (HEADER + GOOD).replace("\n", ending)).rows == check(HEADER + GOOD).rows


def test_headers_by_their_usual_names_in_any_order() -> None:
    header = "Lang.,EMI Amt,Mobile_No,Borrower Name,LAN,Due-Date,State Name,Branch\n"
    row = check(header + "Tamil,4550,9999900001,Asha Rao,L1,05/12/2026,TN,Adyar\n").rows[0]
    assert (row.language_code, row.amount_paise, row.name, row.loan_id) == ("ta-IN", 455000, "Asha Rao", "L1")


def test_a_state_that_was_guessed_is_told_with_what_was_taken_and_a_known_spelling_is_not() -> None:
    rows = [GOOD.replace("L1", f"L{n}").replace("900001", f"90000{n}") for n in range(3)]
    rows[1], rows[2] = rows[1].replace("Karnataka", "KARNATAKA"), rows[2].replace("Karnataka", "Karnattaka")
    checked = check(HEADER + "".join(rows))
    assert {row.state for row in checked.rows} == {"Karnataka"}
    of_states = [problem for problem in checked.problems if problem.column == "state"]
    told = [(problem.row, problem.code, problem.value, problem.used) for problem in of_states]
    assert told == [(4, "STATE_FUZZY", "Karnattaka", "Karnataka")]


def test_half_a_row_is_left_out_with_all_its_reasons_and_the_others_are_kept() -> None:
    checked = check(HEADER + GOOD + "Ravi Kumar,98\n" + RAVI.replace("L2", "L3"))
    assert [row.row for row in checked.rows] == [2, 4]
    assert codes(checked) == [
        (3, "PHONE_LENGTH"), (3, "STATE_MISSING"), (3, "LOAN_ID_MISSING"), (3, "AMOUNT_MISSING"), (3, "DATE_MISSING"),
    ]  # fmt: skip
    assert checked.problems[0].column == "phone_number"
    assert checked.rejected_rows == 1


def test_a_row_with_too_many_cells_is_left_out() -> None:
    checked = check(
        HEADER
        + GOOD.strip()
        + ",more\n"
        + RAVI
        + RAVI.replace("L2", "L3").strip()
        + "," * 90
        + "x\n"
        + RAVI.replace("L2", "L4")
    )
    assert [row.row for row in checked.rows] == [3, 5]
    assert codes(checked) == [(2, "ROW_TOO_LONG"), (4, "ROW_TOO_LONG")]


def test_blank_rows_are_skipped_but_counted() -> None:
    checked = check(HEADER + "\n" + ",,,,,\n" + GOOD)
    assert checked.rows[0].row == 4
    assert checked.total_rows == 1


def test_a_row_said_twice_is_kept_once() -> None:
    checked = check(HEADER + GOOD + RAVI + GOOD)
    assert [row.row for row in checked.rows] == [2, 3]
    assert (checked.repeated_rows, checked.rejected_rows) == (1, 0)
    assert codes(checked) == [(4, "DUPLICATE_ROW")]


def test_rows_that_contradict_each_other_are_all_left_out() -> None:
    checked = check(HEADER + GOOD + RAVI + GOOD.replace("4550.50", "9000") + RAVI.replace("L2", "L3"))
    assert [row.row for row in checked.rows] == [3, 5]
    assert codes(checked) == [(2, "DUPLICATE_CONFLICT"), (4, "DUPLICATE_CONFLICT")]


def test_a_column_of_lenders_goes_before_the_name_given() -> None:
    checked = check(HEADER.strip() + ",lender\n" + GOOD.strip() + ",Bina Finance\n" + RAVI.strip() + ",\n")
    assert [row.lender_name for row in checked.rows] == ["Bina Finance", "Asha Finance"]


def test_the_order_of_day_and_month_is_settled_by_the_whole_column() -> None:
    american = check(HEADER + GOOD.replace("05/12/2026", "12/05/2026") + RAVI.replace("31-12-2026", "12/31/2026"))
    assert [row.due_date for row in american.rows] == [date(2026, 12, 5), date(2026, 12, 31)]
    doubtful = check(HEADER + GOOD)
    assert doubtful.rows[0].due_date == date(2026, 12, 5)
    assert codes(doubtful) == [(2, "DATE_AMBIGUOUS")]
    with pytest.raises(BadFile, match=r"row 2.*row 3"):
        check(HEADER + GOOD.replace("05/12/2026", "25/12/2026") + RAVI.replace("31-12-2026", "12/31/2026"))


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "FILE_EMPTY"),
        (HEADER.encode(), "FILE_EMPTY"),
        (b"PK\x03\x04anything", "FILE_UNREADABLE"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "FILE_UNREADABLE"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "FILE_PROTECTED"),
        (b"name\0b,phone,state" * 9, "FILE_NOT_CSV"),
        ((HEADER + GOOD + "x" * 3 + "," * 300).encode(), "FILE_TOO_WIDE"),
        ((HEADER + '"Asha Rao,9999900001').encode(), "FILE_NOT_CSV"),
        ("name,₹".encode("utf-16")[:-1], "FILE_ENCODING"),
        (b"name,\x81", "FILE_ENCODING"),
        ((HEADER + "Ravi,98\n" * 3 + GOOD).encode(), "FILE_MOSTLY_WRONG"),
        (HEADER.replace("amount,", "").encode(), "COLUMN_MISSING"),
        (HEADER.replace("amount", "EMI,Total Due").encode(), "COLUMN_TWICE"),
    ],
)
def test_a_file_that_cannot_be_read_as_a_whole_says_why(data: bytes, code: str) -> None:
    with pytest.raises(BadFile) as refusal:
        check(data)
    assert refusal.value.code == code


def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    long_cell = check(HEADER + RAVI + GOOD.replace("Karnataka", "K" * 501))
    assert codes(long_cell) == [(3, "CELL_TOO_LONG")]
    monkeypatch.setattr(table, "MAX_ROWS", 1)
    with pytest.raises(BadFile, match="more than 1 rows"):
        check(HEADER + GOOD + RAVI)
    monkeypatch.setattr(readers, "MAX_BYTES", 10)
    with pytest.raises(BadFile, match="larger than"):
        check(HEADER)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: data.decode("latin-1")))
def test_any_text_below_a_header_is_a_checked_file_or_a_bad_one(text: str) -> None:
    for prefix in ("", HEADER, HEADER + GOOD):
        try:
            checked = check((prefix + text).encode(errors="replace"))
        except VoiceError as refusal:
            assert isinstance(refusal, BadFile)
        else:
            assert checked.rejected_rows >= 0


def test_titles_sums_and_units_do_not_hide_the_list() -> None:
    header = "Name,Mobile,State,Loan No,EMI (Rs.),Due Dt\n"
    text = "Overdue report,,,,,\n\n" + header + GOOD + "\n" + RAVI + "Total,,,,1234.00,\nGenerated on 01/11/2026\n"
    checked = check(text)
    assert [row.row for row in checked.rows] == [4, 6]
    assert codes(checked) == [(3, "HEADER_ROW"), (7, "FOOTER_SKIPPED"), (8, "FOOTER_SKIPPED")]
    with pytest.raises(BadFile, match="no column"):
        check("title\n" * 11 + header + GOOD)


def test_what_a_header_lacks_is_told_in_words_with_titles_that_are_known() -> None:
    for text in ("name,state,loan_id,amount\n" + GOOD, "nothing,of,use\n1,2,3\n"):
        with pytest.raises(BadFile) as refused:
            check(text)
        assert "_" not in str(refused.value)
        for title in re.findall("“([^”]+)”", str(refused.value)):
            assert fields_in([title])
    assert "the phone number" in str(refused.value)
    with pytest.raises(BadFile, match="both mean the phone number: keep one"):
        check(HEADER.replace("name,", "Mobile,") + GOOD)


def test_a_phone_that_many_names_share_is_no_phone() -> None:
    names = [chr(65 + n) * 3 for n in range(11)]
    wrong = "".join(RAVI.replace("Ravi Kumar", name).replace("L2", f"W{name}") for name in names)
    right = "".join(GOOD.replace("L1", f"R{n}").replace("00001", f"1{n:04d}") for n in range(20))
    checked = check(HEADER + wrong + right)
    assert checked.rejected_rows == 11
    assert codes(checked)[:11] == [(row, "PHONE_PLACEHOLDER") for row in range(2, 13)]
    shared = check(HEADER + GOOD + GOOD.replace("Asha", "Usha").replace("L1", "L3") + RAVI)
    assert (3, "PHONE_SHARED") in codes(shared)
    assert shared.rejected_rows == 0


def test_errors_are_told_before_warnings_where_there_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_file_module, "MAX_PROBLEMS", 1)
    checked = check(HEADER + GOOD.replace("Karnataka", "Gotham") + RAVI.replace("9999900002", "98"))
    report = written_out(checked).report
    assert [(problem.row, problem.code) for problem in report.problems] == [(3, "PHONE_LENGTH")]
    assert report.more_problems == len(checked.problems) - 1 >= 1


def test_a_doubtful_date_is_told_in_words() -> None:
    (problem,) = check(HEADER + GOOD).problems
    assert problem.message.startswith("05/12/2026 was read as 5 December 2026")


def test_cells_of_several_lines_do_not_hide_the_columns_after_them() -> None:
    header = '"na\nme",phone_number,"st\nate",loan_id,"amo\nunt",due_date\n'.replace("\nme", "me")
    header = header.replace("st\nate", "state\n").replace("amo\nunt", "\namount")
    rows = (GOOD + RAVI.replace('"', "")).replace("Karnataka", '"Karna\ntaka"').replace("₹1,23,456.00", "4550")
    checked = check(header + rows.replace("Asha Rao", '"Asha\nRao"'))
    assert [row.name for row in checked.rows] == ["Asha Rao", "Ravi Kumar"]


def test_comments_before_a_web_page_are_no_riddle() -> None:
    with pytest.raises(BadFile):
        check("<!---->" * 280 + "<b>")
