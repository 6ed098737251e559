"""Reads single cells of a customer file: text in, a clean value out, or what is wrong with it.

What all cells share stands here, with names and loan numbers; `phone`, `amounts`, `dates` and `places` read the others.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from services.customers.findings import BadCell

Warn = Callable[[str, str], None]
"""Called with a code and a message where a value is kept, but a person should look at it."""

_BLANKS: Final = frozenset({"", "na", "n/a", "#n/a", "nil", "null", "none", "nan", "-", "--", "."})
_SCIENTIFIC: Final = re.compile(r"[+-]?\d+(\.(\d+))?[eE][+-]?\d+")
_EXCEL_TEXT: Final = re.compile(r"=\"([^\"]*)\"|'(.*)", re.DOTALL)
_COMPANY: Final = re.compile(r"m\s*/\s*s\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[A-Za-z]{4,}")
_PLAIN_LOAN: Final = re.compile(r"[A-Za-z][A-Za-z0-9/-]{4,63}")
"""Most loan numbers: no blank is so long, and no number begins with a letter."""
_DIGITS: Final = 15
"""Digits of a number that a spreadsheet keeps."""


def clean(text: str) -> str:
    """Return `text` in normal form, with ASCII digits, without invisible marks, one space between words."""
    if not text.isascii():
        normal = unicodedata.normalize("NFKC", text)
        text = "".join(_ascii_digit(char) for char in normal if unicodedata.category(char) != "Cf")
    return " ".join(text.split())


def unwrap(text: str) -> str:
    """Return a cell's text without what spreadsheets write around it, `="007"` or `'007`, to keep it from counting."""
    text = text.strip()
    match = _EXCEL_TEXT.fullmatch(text) if text[:1] in ("=", "'") else None
    return (match[1] or match[2] or "").strip() if match else text


def is_blank(text: str) -> bool:
    """Tell whether a cell says nothing, in any of the ways in which people write nothing."""
    return text.casefold() in _BLANKS


def read_name(text: str, warn: Warn = lambda _code, _message: None) -> str:
    """Return a name as it was written, in any script, with its joiners: they matter to how it is read."""
    name = text if text.isascii() and text.isalpha() else " ".join(unicodedata.normalize("NFC", text).split())
    if is_blank(name):
        raise BadCell("NAME_MISSING", "The name is missing.")
    if len(name) > 100:
        raise BadCell("NAME_TOO_LONG", "The name has more than 100 characters.")
    if not name.isprintable() and any(unicodedata.category(char) in ("Cc", "Cs") for char in name):
        raise BadCell("NAME_FORMAT", "The name holds control characters.")
    if not any(map(str.isalpha, name)):
        raise BadCell("NAME_FORMAT", "This is not a name.")
    if _COMPANY.match(name):
        warn("NAME_COMPANY", "This is a company: the call will ask for it by name.")
    if any(not re.search("[aeiouy]", word, re.IGNORECASE) for word in _WORD.findall(name)):
        warn("NAME_LEGACY_FONT", "This may be typed in an old Hindi font: write the name in Unicode.")
    return name


def read_loan_id(text: str) -> str:
    """Return a loan number, its case and its leading zeros kept."""
    if _PLAIN_LOAN.fullmatch(text):
        return text
    loan_id = clean(text)
    if is_blank(loan_id):
        raise BadCell("LOAN_ID_MISSING", "The loan number is missing.")
    if match := _SCIENTIFIC.fullmatch(loan_id):
        if len(match[2] or "") >= _DIGITS - 1:
            raise BadCell("LOAN_ID_PRECISION", "Excel keeps 15 digits: format the column as Text and paste again.")
        raise BadCell("LOAN_ID_SCIENTIFIC", "Excel shortened this number. Format the column as Text and paste again.")
    if not loan_id.isprintable():
        raise BadCell("LOAN_ID_FORMAT", "The loan number holds control characters.")
    if len(loan_id) > 64:
        raise BadCell("LOAN_ID_TOO_LONG", "The loan number has more than 64 characters.")
    return loan_id.removesuffix(".0") if loan_id.removesuffix(".0").isdigit() else loan_id


def _ascii_digit(char: str) -> str:
    return str(unicodedata.decimal(char)) if unicodedata.category(char) == "Nd" else char
