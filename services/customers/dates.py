"""Reads due dates: the day first, as in India, unless the whole column says otherwise."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from services.customers.cells import clean, is_blank
from services.customers.findings import BadCell, BadFile

EPOCH: Final = date(1899, 12, 30)
"""Day 0 of Excel's count of days."""
EPOCH_1904: Final = date(1904, 1, 1)
"""Day 0 where the workbook counts as old ones from a Macintosh do."""

_DAY_MONTH_YEAR: Final = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})( \d{1,2}:\d{2}(:\d{2})?)?")
_NAMED_MONTH: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[-/. ]([A-Za-z]{3,9})[-/., ]+(\d{4}|\d{2})")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})([T ].*)?")
_SERIAL: Final = re.compile(r"([2-7]\d{4}|80000)(\.\d+)?", re.ASCII)
_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


@dataclass(frozen=True, slots=True)
class Order:
    """How a column writes its dates."""

    month_first: bool = False
    epoch: date = EPOCH


def date_parts(text: str) -> tuple[int, int] | None:
    """Return the two first numbers of a date such as 05/09/2025, whose order must be guessed; None for other forms."""
    match = _DAY_MONTH_YEAR.fullmatch(clean(text))
    return (int(match[1]), int(match[2])) if match else None


def month_first(column: str, cells: Iterable[tuple[int, str]]) -> tuple[bool, int | None]:
    """Decide once for a whole column, rows and their texts, whether the month stands first.

    Returns the answer, and the first row that is doubtful when no row shows it. `BadFile` when rows contradict.
    """
    seen: dict[str, int] = {}
    for row, text in cells:
        seen.setdefault(text, row)
    days, months, doubtful = None, None, None
    for text, row in seen.items():
        first, second = date_parts(text) or (0, 0)
        if first > 12 and second > 12:
            continue  # no date in either order, so it shows none
        if first > 12:
            days = days or (row, text)
        if second > 12:
            months = months or (row, text)
        if first != second:
            doubtful = doubtful or row
    if days and months:
        raise BadFile(
            "DATE_MIXED",
            f"Column “{column}” has the day first in row {days[0]} ({days[1]}), "
            f"and the month first in row {months[0]} ({months[1]}).",
        )
    return bool(months), None if days or months else doubtful


def read_due_date(text: str, *, order: Order, today: date | None) -> date:
    """Return a date, at most two years back and one year ahead of `today`; any date when that is None.

    Takes `05/09/2025`, `5-9-25`, `05.09.2025`, `5-Sep-25`, `5 September 2025`, `2025-09-05` with or without a time,
    and Excel's number of days.
    """
    value = clean(text)
    if is_blank(value):
        raise BadCell("DATE_MISSING", "The date is missing.")
    try:
        due = _to_date(value, order)
    except ValueError as error:
        raise BadCell("DATE_IMPOSSIBLE", "There is no such day.") from error
    if due is None:
        raise BadCell("DATE_FORMAT", "The date is not written like 05/09/2025.")
    if today and not today - timedelta(days=731) <= due <= today + timedelta(days=366):
        raise BadCell("DATE_RANGE", "The date is more than two years back or one year ahead.")
    return due


def in_words(day: date) -> str:
    """Return a date that nobody can misread, such as 5 September 2025."""
    return f"{day.day} {_MONTHS[day.month - 1].title()} {day.year}"


def _to_date(value: str, order: Order) -> date | None:
    if match := _DAY_MONTH_YEAR.fullmatch(value):
        day, month = (match[2], match[1]) if order.month_first else (match[1], match[2])
        return date(_year(match[3]), int(month), int(day))
    if match := _NAMED_MONTH.fullmatch(value):
        month_number = _month(match[2].casefold())
        return date(_year(match[3]), month_number, int(match[1])) if month_number else None
    if match := _YEAR_FIRST.fullmatch(value):
        if match[4]:
            datetime.fromisoformat(f"2000-01-01T{match[4].strip('T ')}")  # a time that is none makes the cell no date
        return date(int(match[1]), int(match[2]), int(match[3]))
    if match := _SERIAL.fullmatch(value):
        return order.epoch + timedelta(days=int(match[1]))
    return None


def _month(word: str) -> int:
    """Return the number of a month by at least its first three letters; 0 when there is none."""
    return next((n for n, month in enumerate(_MONTHS, 1) if month.startswith(word) or word == "sept" == month[:4]), 0)


def _year(text: str) -> int:
    """Return a year; one of two digits is of this century, and 50 and up is none that anything falls due in."""
    return int(text) if len(text) == 4 else (2000 if int(text) < 50 else 1900) + int(text)
