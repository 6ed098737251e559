from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customers.amounts import read_amount
from services.customers.cells import read_loan_id, read_name
from services.customers.dates import Order, read_due_date
from services.customers.findings import BadCell
from services.customers.places import read_language, read_state, state_name

TODAY = date(2026, 11, 22)


def silent(_code: str, _message: str) -> None:
    pass


def due(text: str, *, month_first: bool = False) -> date:
    return read_due_date(text, order=Order(month_first=month_first), today=TODAY)


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        ("₹1,23,456.00", 1_23_456_00), ("Rs. 4,550/-", 4550_00), ("INR 4550", 4550_00), ("4550.5", 4550_50),
        ("1,23,456", 1_23_456_00), ("123,456", 1_23_456_00), ("4 550", 4550_00), ("४५५०", 4550_00),
        ("4550 Dr", 4550_00), ("rs4550", 4550_00), ("10000000", 1_00_00_000_00), ("0.01", 1),
    ],
)  # fmt: skip
def test_amounts_as_lenders_write_them(text: str, paise: int) -> None:
    assert read_amount(text, silent) == paise


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "AMOUNT_MISSING"), ("n/a", "AMOUNT_MISSING"), ("0.00", "AMOUNT_NOT_POSITIVE"),
        ("-45", "AMOUNT_NOT_POSITIVE"), ("(4,550.00)", "AMOUNT_NOT_POSITIVE"), ("4550 Cr", "AMOUNT_NOT_POSITIVE"),
        ("4.550,00", "AMOUNT_FORMAT"), ("1,2345", "AMOUNT_FORMAT"), ("45.678", "AMOUNT_FORMAT"),
        ("1.2 lakh", "AMOUNT_FORMAT"), ("1e5", "AMOUNT_FORMAT"), ("nan", "AMOUNT_MISSING"),
        ("10000001", "AMOUNT_TOO_LARGE"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadCell) as refusal:
        read_amount(text, silent)
    assert refusal.value.code == code


@given(st.integers(1, 1_00_00_000_00))
def test_an_amount_survives_being_written(paise: int) -> None:
    assert read_amount(f"{paise // 100}.{paise % 100:02d}", silent) == paise
    assert read_amount(f"₹{paise // 100:,}.{paise % 100:02d}", silent) == paise


@pytest.mark.parametrize(
    "text",
    [
        "05/09/2026", "5-9-2026", "05.09.26", "5-Sep-26", "5 September 2026", "05-SEP-2026", "2026-09-05",
        "2026-09-05 00:00:00", "2026-09-05T00:00:00", "46270", "46270.0", "०५/०९/२०२६",
    ],
)  # fmt: skip
def test_dates_as_people_write_them(text: str) -> None:
    assert due(text) == date(2026, 9, 5)


def test_a_column_with_the_month_first_is_read_so() -> None:
    assert due("09/05/2026", month_first=True) == date(2026, 9, 5)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "DATE_MISSING"), ("31/02/2026", "DATE_IMPOSSIBLE"), ("2026-13-01", "DATE_IMPOSSIBLE"),
        ("2026-09-05 lunch", "DATE_IMPOSSIBLE"), ("next week", "DATE_FORMAT"), ("5 Foo 2026", "DATE_FORMAT"),
        ("05/09/2021", "DATE_RANGE"), ("05/09/2028", "DATE_RANGE"),
    ],
)  # fmt: skip
def test_what_is_no_due_date_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadCell) as refusal:
        due(text)
    assert refusal.value.code == code


@given(st.dates(date(2025, 1, 1), date(2027, 11, 1)))
def test_a_date_survives_being_written(day: date) -> None:
    for form in ("%d/%m/%Y", "%d-%b-%y", "%d %B %Y", "%Y-%m-%d"):
        assert due(day.strftime(form)) == day


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ta-IN", "ta-IN"),
        ("ta", "ta-IN"),
        ("TAMIL", "ta-IN"),
        ("od-IN", "or-IN"),
        ("Oriya", "or-IN"),
        ("", ""),
        ("NA", ""),
    ],
)
def test_languages_by_code_and_name(text: str, code: str) -> None:
    assert read_language(text, silent) == code


def test_unknown_languages_and_missing_states_are_warned_of() -> None:
    warnings: list[str] = []

    def warn(code: str, _message: str) -> None:
        warnings.append(code)

    assert read_language("Klingon", warn) == ""
    assert read_state(" ", warn) == ""
    assert read_state(" Tamil  Nadu ", warn) == "Tamil Nadu"
    assert warnings == ["LANGUAGE_UNKNOWN", "STATE_MISSING"]


@pytest.mark.parametrize(
    ("text", "name", "warned"),
    [
        ("KARNATAKA", "Karnataka", ""), ("Orissa", "Odisha", ""), ("Maharastra", "Maharashtra", ""),
        ("tn", "Tamil Nadu", ""), ("Jammu & Kashmir", "Jammu and Kashmir", ""), ("తెలంగాణ", "Telangana", ""),
        ("Utter Pardesh", "Uttar Pradesh", "STATE_FUZZY"), ("CH", "Chandigarh", "STATE_AMBIGUOUS"),
        ("Kerala  India", "Kerala India", "STATE_UNKNOWN"), ("Mumbai", "Mumbai", "STATE_UNKNOWN"),
    ],
)  # fmt: skip
def test_a_state_has_one_name_however_it_is_written_and_an_unknown_one_stays(text: str, name: str, warned: str) -> None:
    warnings: list[str] = []
    assert read_state(text, lambda code, _message: warnings.append(code)) == name
    assert warnings == ([warned] if warned else [])
    assert state_name(text) == name  # also where it is asked for
    assert state_name(name) == name


def test_names_and_loan_numbers_are_kept_as_they_are_written() -> None:
    assert read_name("  आशा   राव ") == "आशा राव"
    assert read_name("ക്‌ഷമ") == "ക്‌ഷമ"  # its invisible joiner shapes the word
    assert read_loan_id(" 00123 ") == "00123"
    assert read_loan_id("4550.0") == "4550"
    assert read_loan_id("Ab/12-3") == "Ab/12-3"


@pytest.mark.parametrize(
    ("read", "text", "code"),
    [
        (read_name, "", "NAME_MISSING"),
        (read_name, "12345", "NAME_FORMAT"),
        (read_name, "Asha\x07Rao", "NAME_FORMAT"),
        (read_name, "A" * 101, "NAME_TOO_LONG"),
        (read_loan_id, "-", "LOAN_ID_MISSING"),
        (read_loan_id, "1.23E+15", "LOAN_ID_SCIENTIFIC"),
        (read_loan_id, "9" * 65, "LOAN_ID_TOO_LONG"),
    ],
)
def test_what_is_no_name_or_loan_number_is_refused(read: Callable[[str], Any], text: str, code: str) -> None:
    with pytest.raises(BadCell) as refusal:
        read(text)
    assert refusal.value.code == code


@given(st.text(max_size=40))
def test_any_text_is_a_value_or_a_refusal(text: str) -> None:
    for read in (read_name, read_loan_id, due, lambda cell: read_amount(cell, silent)):
        try:
            read(text)
        except BadCell as refusal:
            assert refusal.code.isupper()
    read_language(text, silent)
    read_state(text, silent)
