import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.customers.findings import BadCell
from services.customers.phone import read_phone


@pytest.mark.parametrize(
    "text",
    [
        "9876543210", "098765 43210", "+91 98765-43210", "919876543210", "00919876543210", "(+91)9876543210",
        "+91 09876543210", "९८७६५४३२१०", "৯৮৭৬৫৪৩২১০", "9876543210.0", " 9876543210\u200e", "98765.43210", "﻿9876543210",
    ],
)  # fmt: skip
def test_every_usual_spelling_is_read(text: str) -> None:
    assert read_phone(text) == "+919876543210"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "PHONE_MISSING"),
        ("NA", "PHONE_MISSING"),
        ("-", "PHONE_MISSING"),
        ("0", "PHONE_MISSING"),
        ("9.87654E+09", "PHONE_SCIENTIFIC"),
        ("9.8765E+12", "PHONE_SCIENTIFIC"),
        ("98765E-2", "PHONE_SCIENTIFIC"),
        ("ask/9876543210", "PHONE_FORMAT"),
        ("080-41234567", "PHONE_NOT_MOBILE"),
        ("08041234567", "PHONE_NOT_MOBILE"),
        ("5876543210", "PHONE_NOT_MOBILE"),
        ("1234567890", "PHONE_NOT_MOBILE"),
        ("1600123456", "PHONE_NOT_MOBILE"),
        ("+1 415 555 2671", "PHONE_FOREIGN"),
        ("0014155552671", "PHONE_FOREIGN"),
        ("98765", "PHONE_LENGTH"),
        ("98765432101", "PHONE_LENGTH"),
        ("ask his wife", "PHONE_FORMAT"),
    ],
)
def test_what_is_no_indian_mobile_number_is_refused(text: str, code: str) -> None:
    with pytest.raises(BadCell) as refusal:
        read_phone(text)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("8041234567", "PHONE_MAYBE_LANDLINE"), ("9999999999", "PHONE_PLACEHOLDER"), ("6000000000", "PHONE_PLACEHOLDER")],
)
def test_doubtful_numbers_are_kept_with_a_warning(text: str, code: str) -> None:
    warnings: list[str] = []
    assert read_phone(text, lambda code, _: warnings.append(code)) == f"+91{text}"
    assert code in warnings


@pytest.mark.parametrize(
    ("text", "number", "code"),
    [
        ("9876501234/9876543211", "+919876501234", "PHONE_MULTIPLE"),
        ("98765 01234 or 9876543211", "+919876501234", "PHONE_MULTIPLE"),
        ("9.87650123E+09", "+919876501230", "PHONE_SCIENTIFIC"),
        ("9.876501234E+09", "+919876501234", "PHONE_SCIENTIFIC"),
    ],
)
def test_cells_that_hold_more_or_less_than_a_number_are_read_with_a_warning(text: str, number: str, code: str) -> None:
    warnings: list[str] = []
    assert read_phone(text, lambda code, _: warnings.append(code)) == number
    assert warnings == [code]


@given(st.from_regex(r"[6-9][0-9]{9}", fullmatch=True))
def test_the_pattern_of_mobiles_says_what_the_library_says(number: str) -> None:
    warnings: list[str] = []
    read_phone(number, lambda code, _: warnings.append(code))
    kind = phonenumbers.number_type(phonenumbers.parse(number, "IN"))
    mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    assert mobile is ("PHONE_MAYBE_LANDLINE" not in warnings)


@given(st.text(max_size=30))
@example(";")
def test_any_text_is_a_number_or_a_refusal(text: str) -> None:
    try:
        number = read_phone(text)
    except BadCell as refusal:
        assert refusal.code.startswith("PHONE_")
    else:
        assert number.startswith("+91")
        assert number[1:].isascii()
        assert number[1:].isdigit()
        assert len(number) == 13
        assert read_phone(number) == number
