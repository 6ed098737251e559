"""The borrowers of these stories: the files that hold them, and how some of them behave on the phone."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from local.cases import Case, Cases, Expected
from tests.calls.phrases import PAID_HINDI, WRONG_NUMBER_HINDI, YES_HINDI
from tests.customers.files.old_workbooks import old_workbook
from tests.customers.files.workbooks import Cell, workbook
from tests.support.real_system import AGENTS
from voicekit.clock import INDIA

TITLES: Final = ("Customer Name", "Mobile No.", "State", "Loan A/c No.", "EMI Amount", "Due Date")
DUE: Final = (datetime.now(INDIA) + timedelta(days=14)).strftime("%d/%m/%Y")

LISTENS: Final[Sequence[Any]] = ["wait_for_bot_to_finish", {"say": YES_HINDI.text}]
HAS_PAID: Final[Mapping[str, Any]] = {
    "steps": [*LISTENS, {"interrupt_after": 2.0}, {"say": PAID_HINDI.text}, "stay_silent"]
}
IS_ANOTHER: Final[Mapping[str, Any]] = {
    "steps": ["wait_for_bot_to_finish", {"say": WRONG_NUMBER_HINDI.text}, "stay_silent"]
}
IS_BUSY: Final[Mapping[str, Any]] = {"pickup": {"kind": "busy", "after_s": 1}}
HANGS_UP: Final[Mapping[str, Any]] = {"steps": [{"stay_silent": 2}, "hang_up"]}

PEOPLE: Final[Mapping[str, tuple[str, Mapping[str, Any]]]] = {
    "Kamala Devi": ("9999900201", HAS_PAID),
    "Suresh Prasad": ("9999900202", IS_ANOTHER),
    "Meena Kumari": ("9999900203", IS_BUSY),
    "Ramesh Yadav": ("9999900204", HANGS_UP),
    "Sunita Devi": ("9999900205", HANGS_UP),
    "Rekha Singh": ("9999900207", HANGS_UP),
    "Leela Bai": ("9999900206", IS_BUSY),
}
"""Those who are called, by name: their numbers, and what they do when it rings."""

_PLACES: Final = ("Bihar", "Tamil Nadu", "KARNATAKA", "Maharastra", "Orissa", "West Bengal", "Gujarat", "punjab")
_NAMES: Final = ("Anil", "Bela", "Chitra", "Dinesh", "Esha", "Farid", "Gita", "Hari", "Indu", "Jaya")
_SPELLINGS: Final = ("{}", "0{}", "+91 {}", "91{}", " {} ", "00{}")
_AMOUNTS: Final = ("4550", "₹1,23,456.00", "Rs. 7,250/-", "3999.50", "12,500")

BAD: Final = (
    ("Mobile No.", "99999", "9999900{}"),
    ("EMI Amount", "four thousand", "4000"),
    ("Due Date", "31/02/2027", DUE),
    ("Loan A/c No.", "", "LN00000{}"),
)
"""Why rows are rejected: the column, what stands there, and what repairs it, with a number that nobody has."""


def _row(number: int, phone: str, name: str) -> dict[str, str]:
    return {
        "Customer Name": name,
        "Mobile No.": phone,
        "State": "Bihar",
        "Loan A/c No.": f"LN{number:08d}",
        "EMI Amount": "4550.00",
        "Due Date": DUE,
    }


def _messy() -> list[dict[str, str]]:
    rows = []
    for place in range(46):
        number = 220 + place
        spelling = _SPELLINGS[place % len(_SPELLINGS)]
        if spelling == "00{}":
            spelling = "0091{}"
        row = _row(number, spelling.format(f"9999900{number}"), f"{_NAMES[place % 10]} {chr(65 + place // 10)}.")
        rows.append(row | {"State": _PLACES[place % len(_PLACES)], "EMI Amount": _AMOUNTS[place % len(_AMOUNTS)]})
    for place, bad in enumerate(_bad(291)):
        rows.insert(7 + 9 * place, bad)
    return rows


def _bad(first: int) -> list[dict[str, str]]:
    rows = enumerate(BAD, start=first)
    return [_row(number, f"9999900{number}", f"Wrong {number}") | {title: wrong} for number, (title, wrong, _) in rows]


HOME: Final = "Jharkhand"
CALLED: Final = [
    _row(201 + place, phone, name) | {"State": HOME} for place, (name, (phone, _)) in enumerate(PEOPLE.items())
]
"""A clean file of those who are called; nobody else lives there."""
MESSY: Final = _messy()
"""Fifty rows as a lender might send them, four of them wrong."""
MORE: Final = [*(_row(number, f"9999900{number}", f"Kiran {number}") for number in range(281, 287)), *_bad(295)]
"""Ten rows, four of them wrong in the same way."""


def crowd(size: int, *, state: str) -> list[dict[str, str]]:
    """Return so many borrowers of one state, `Borrower 0001` the first."""
    numbers = range(1, size + 1)
    return [_row(10_000 + n, f"98{n:08d}", f"Borrower {n:04d}") | {"State": state} for n in numbers]


def as_csv(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Write a file with a byte order mark and Windows line ends, as Excel does."""
    out = io.StringIO()
    writer = csv.DictWriter(out, TITLES)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode("utf-8-sig")


def as_workbook(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Write the same as an Excel workbook."""
    return workbook(_table(rows))


def as_old_workbook(rows: Sequence[Mapping[str, str]]) -> bytes:
    """Write the same as Excel did up to 2003."""
    return old_workbook(_table(rows))


def _table(rows: Sequence[Mapping[str, str]]) -> Sequence[Sequence[Cell]]:
    return [TITLES, *([row[title] for title in TITLES] for row in rows)]


def cases() -> Cases:
    """Return those whom the emulated carrier knows."""
    expected = Expected("completed")
    everybody = [
        Case(
            name,
            name,
            {"phone_number": f"+91{phone}"},
            {"language": "hi-IN", "pickup": {"after_s": 0.5}, **what},
            expected,
        )
        for name, (phone, what) in PEOPLE.items()
    ]
    return Cases(tuple(everybody), AGENTS)
