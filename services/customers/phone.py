"""Indian mobile numbers, as people write them."""

import re
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberType

from services.customers.cells import Warn, clean, is_blank
from services.customers.findings import BadCell

_PLAIN: Final = re.compile(r"(?:\+91[ -]?|91|0)?([6-9]\d{9})(?:\.0)?", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"(\d)(?:\.(\d+))?[eE]\+?(\d{1,2})", re.ASCII)
_LIKE_SCIENTIFIC: Final = re.compile(r"\d+(\.\d+)?[eE][+-]?\d+", re.ASCII)
_SEVERAL: Final = re.compile(r"[/,;|]|\bor\b", re.IGNORECASE)
_SPELLING: Final = re.compile(r"\(?\+?[\d\s().-]+", re.ASCII)
_PLACEHOLDER: Final = re.compile(r"(\d)\1{9}|[6-9]0{9}|9876543210|9123456789|9012345678|8765432109|6789012345")
_TYPES_OF_MOBILES: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_DIGITS_EXCEL_SHOWS: Final = 9
"""With so many of its ten digits in sight, a shortened number has lost none but a zero."""


def read_phone(text: str, warn: Warn = lambda _code, _message: None) -> str:
    """Return an Indian mobile number as E.164, such as "+919999900012"; `BadCell` says what else it is.

    The first-digit rule of India's numbering plan decides, together with the metadata of `phonenumbers`: neither is
    enough alone, since landlines without their 0 look like mobiles, and `phonenumbers` takes 5876543210 for valid.
    """
    if match := _PLAIN.fullmatch(text):
        number, had_zero = match[1], text.startswith("0")
    else:
        number, had_zero = _written(text, warn)
    if len(number) != 10:
        raise BadCell("PHONE_LENGTH", "An Indian mobile number has ten digits.")
    if number[0] not in "6789":
        raise BadCell("PHONE_NOT_MOBILE", "An Indian mobile number begins with 6, 7, 8 or 9.")
    if not _is_mobile(number):
        kind = phonenumbers.number_type(phonenumbers.parse(number, "IN"))
        if kind == PhoneNumberType.FIXED_LINE and had_zero:
            raise BadCell("PHONE_NOT_MOBILE", "This is a landline.")
        if kind not in _TYPES_OF_MOBILES:
            warn("PHONE_MAYBE_LANDLINE", "This may be a landline.")
    if _PLACEHOLDER.fullmatch(number):
        warn("PHONE_PLACEHOLDER", "This looks like a number that was filled in for want of a real one.")
    return f"+91{number}"


def read_alternate_phone(text: str, warn: Warn = lambda _code, _message: None) -> str:
    """Return a second number, empty when there is none; one that cannot be read is no reason to leave a row out."""
    if is_blank(clean(text)):
        return ""
    try:
        return read_phone(text)
    except BadCell as error:
        warn("ALTERNATE_PHONE", f"The second number was left out. {error}")
        return ""


def has_several(text: str) -> bool:
    """Tell whether a cell holds several numbers, or may; most cells do not, and need no closer look."""
    return not text.isdigit() and _SEVERAL.search(text) is not None


def second_phone(text: str) -> str:
    """Return the second of several numbers in one cell, as it stands there; empty when there is only one."""
    parts = [part.strip() for part in _SEVERAL.split(clean(text)) if part.strip()]
    return parts[1] if len(parts) > 1 else ""


def _written(text: str, warn: Warn) -> tuple[str, bool]:
    """Return the ten digits of a number in any spelling, and whether a trunk zero stood before them."""
    value = clean(text)
    if is_blank(value) or not value.strip("0"):
        raise BadCell("PHONE_MISSING", "The phone number is missing.")
    if _LIKE_SCIENTIFIC.fullmatch(value):
        return _expanded(value, warn), False
    numbers = [part.strip() for part in _SEVERAL.split(value) if part.strip()]
    if not numbers:
        raise BadCell("PHONE_FORMAT", "This is not a phone number.")
    first, *others = numbers
    if others:
        warn("PHONE_MULTIPLE", "Several numbers stand in this cell: the first one is called.")
    if not _SPELLING.fullmatch(first):
        raise BadCell("PHONE_FORMAT", "This is not a phone number.")
    return _national_number(first.removesuffix(".0"))


def _expanded(value: str, warn: Warn) -> str:
    """Return a number that Excel has shortened, where enough of its digits are left."""
    match = _SCIENTIFIC.fullmatch(value)
    decimals, exponent = (len(match[2] or ""), int(match[3])) if match else (0, 0)
    if match is None or exponent != 9 or not _DIGITS_EXCEL_SHOWS <= decimals + 1 <= 10:
        raise BadCell("PHONE_SCIENTIFIC", "Excel shortened this number. Format the column as Text and paste again.")
    warn("PHONE_SCIENTIFIC", "Excel shortened this number: check its last digit.")
    return f"{match[1]}{match[2]}".ljust(10, "0")


def _national_number(value: str) -> tuple[str, bool]:
    """Return the digits without country code and trunk zero, and whether there was a zero."""
    international = value.lstrip("(").startswith("+")
    digits = re.sub(r"\D", "", value)
    if not international and digits.startswith("00"):
        international, digits = True, digits[2:]
    if international and not digits.startswith("91"):
        raise BadCell("PHONE_FOREIGN", "Only Indian numbers are called.")
    if international or (len(digits) == 12 and digits.startswith("91")):
        digits = digits[2:]
    had_zero = len(digits) == 11 and digits.startswith("0")
    return (digits[1:] if had_zero else digits), had_zero and not international


def _is_mobile(number: str) -> bool:
    """Tell by the pattern alone what `phonenumbers` says at twenty times the cost; no other kind begins with 6 to 9."""
    return _MOBILE.fullmatch(number) is not None


def _mobile_pattern() -> re.Pattern[str]:
    metadata = PhoneMetadata.metadata_for_region("IN", None)
    pattern = metadata.mobile.national_number_pattern if metadata and metadata.mobile else None
    return re.compile(pattern or "(?!)")  # without the pattern, every number is asked about


_MOBILE: Final = _mobile_pattern()
