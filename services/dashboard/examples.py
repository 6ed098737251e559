"""Files to try the upload with: invented people, with numbers that the emulated borrowers of `local` answer."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

TITLES: Final = ("Customer Name", "Mobile No.", "State", "Loan A/c No.", "EMI Amount", "Due Date")
STATES: Final = (
    *("Bihar", "Karnataka", "Maharashtra", "Odisha", "West Bengal"),
    *("Uttar Pradesh", "Punjab", "Gujarat", "Kerala", "Maharashtra"),
    *("Madhya Pradesh", "Karnataka", "Assam", "Uttarakhand", "Delhi"),
)
"""Where those live who stand one after the other, again and again."""
CLEAN: Final = range(151, 166)
"""The last digits of the numbers in the file without mistakes."""
MESSY: Final = range(101, 151)
"""The same of the one with mistakes."""

_FIRST: Final = ("Amit", "Bhavna", "Chetan", "Divya", "Esha", "Firoz", "Gurmeet", "Hema", "Irfan", "Jyoti", "Kiran")
_LAST: Final = ("Kumar", "Devi", "Das", "Singh", "Sharma", "Khan", "Joshi")
_PHONES: Final = ("{}", "0{}", "+91 {}", "91{}", " {} ", "0091{}")
_OTHER_STATES: Final[Mapping[str, str]] = {"Odisha": "Orissa", "Karnataka": "KARNATAKA", "Punjab": "punjab"}
_AMOUNTS: Final = ("{}", "{}.00", "₹{}", "Rs. {}/-")
_WRONG: Final[Mapping[int, tuple[str, str]]] = {
    108: ("Mobile No.", "99999 001"),
    117: ("EMI Amount", "four thousand"),
    126: ("Due Date", "31/02/{}"),
    135: ("Loan A/c No.", ""),
    144: ("Customer Name", ""),
}
"""Which cells of the file with mistakes mean nothing, by the number's last digits."""

Row = Mapping[str, str]


def clean_file(today: date) -> bytes:
    """Return a file in which all is well."""
    return _written(_row(number, today) for number in CLEAN)


def messy_file(today: date) -> bytes:
    """Return fifty rows as lenders send them, each value spelled in its own way, and five that need repair."""
    return _written(_messy(number, today) for number in MESSY)


def _row(number: int, today: date) -> dict[str, str]:
    due = today + timedelta(days=3 + number % 25)
    values: Sequence[str] = (
        f"{_FIRST[number % len(_FIRST)]} {_LAST[number % len(_LAST)]}",
        f"9999900{number}",
        STATES[(number - MESSY.start) % len(STATES)],
        f"AF2000{number:04d}",
        str(2500 + 35 * (number % 100)),
        f"{due:%d/%m/%Y}",
    )
    return dict(zip(TITLES, values, strict=True))


def _messy(number: int, today: date) -> Row:
    row = _row(number, today)
    spelled = {
        "Mobile No.": _PHONES[number % len(_PHONES)].format(row["Mobile No."]),
        "State": _OTHER_STATES.get(row["State"], row["State"]),
        "EMI Amount": _AMOUNTS[number % len(_AMOUNTS)].format(row["EMI Amount"]),
    }
    wrong = {title: text.format(today.year) for title, text in [_WRONG[number]]} if number in _WRONG else {}
    return {**row, **spelled, **wrong}


def _written(rows: Iterator[Row]) -> bytes:
    """Write a file as Excel does: with a byte order mark and Windows line ends."""
    out = io.StringIO()
    writer = csv.DictWriter(out, TITLES)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")
