"""The acceptance file: every case of cells that lenders' files hold, one a row, and what must come of each."""

import csv
import io
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from tests.customers.files.old_workbooks import old_workbook
from tests.customers.files.workbooks import Cell, workbook

TODAY: Final = date(2026, 11, 22)
TITLES: Final = (
    *("Customer Name", "Mobile No.", "State Name", "Loan A/c No.", "EMI_Amt", "Due Dt", "Preferred Language", "Branch"),
)
COLUMNS: Final = ("name", "phone", "state", "loan", "amount", "due", "language")
FIRST_ROW: Final = 4


@dataclass(frozen=True)
class Case:
    """One row: the cells that differ from a plain one, the codes it earns, and values it must be read as."""

    cells: dict[str, Cell]
    codes: tuple[str, ...] = ()
    kept: bool = True
    read: dict[str, object] = field(default_factory=dict)


def good(column: str, cell: Cell, value: object, *codes: str) -> Case:
    """Make a row that is kept, whose cell is read as `value`."""
    return Case({column: cell}, codes, read={column: value})


def bad(column: str, cell: Cell, *codes: str) -> Case:
    """Make a row that is left out for its cell."""
    return Case({column: cell}, codes, kept=False)


def phone(cell: Cell, number: str, *codes: str) -> Case:
    """Make a row that is kept, whose phone is read as `number` with +91 before it."""
    return good("phone", cell, f"+91{number}", *codes)


_DUE: Final = date(2026, 12, 5)
CASES: Final = (
    Case({}),
    phone("099999 00101", "9999900101"),
    phone("+91 99999-00102", "9999900102"),
    phone("919999900103", "9999900103"),
    phone("00919999900104", "9999900104"),
    phone("(+91)9999900105", "9999900105"),
    phone("+91 09999900106", "9999900106"),
    phone("९९९९९००१०७", "9999900107"),
    phone("9999900108.0", "9999900108"),
    phone(9999900109, "9999900109"),
    phone("9.99990012E+09", "9999900120", "PHONE_SCIENTIFIC"),
    phone("9999900111/9999900112", "9999900111", "PHONE_MULTIPLE"),
    phone("8041234567", "8041234567", "PHONE_MAYBE_LANDLINE"),
    phone("9999999999", "9999999999", "PHONE_PLACEHOLDER"),
    phone("'9999900113\u200e", "9999900113"),
    bad("phone", "9.99999E+09", "PHONE_SCIENTIFIC"),
    bad("phone", "080-41234567", "PHONE_NOT_MOBILE"),
    bad("phone", "5876543210", "PHONE_NOT_MOBILE"),
    bad("phone", "1600123456", "PHONE_NOT_MOBILE"),
    bad("phone", "+1 415 555 2671", "PHONE_FOREIGN"),
    bad("phone", "NA", "PHONE_MISSING"),
    bad("phone", "99999", "PHONE_LENGTH"),
    good("amount", "₹1,23,456.00", 1_23_456_00, "AMOUNT_UNUSUAL"),
    good("amount", "Rs. 4,550/-", 4550_00),
    good("amount", "INR 4550", 4550_00),
    good("amount", "4 550", 4550_00),
    good("amount", "४५५०", 4550_00),
    good("amount", "4550 Dr", 4550_00),
    good("amount", 4550.5, 4550_50),
    good("amount", "99", 99_00, "AMOUNT_SMALL"),
    bad("amount", "(4,550.00)", "AMOUNT_NOT_POSITIVE"),
    bad("amount", "4550 Cr", "AMOUNT_NOT_POSITIVE"),
    bad("amount", "4.550,00", "AMOUNT_FORMAT"),
    bad("amount", "1,2345", "AMOUNT_FORMAT"),
    bad("amount", "1.2 lakh", "AMOUNT_FORMAT"),
    bad("amount", "10000001", "AMOUNT_TOO_LARGE"),
    good("due", "25-12-2026", date(2026, 12, 25)),
    good("due", "05.12.2026", _DUE),
    good("due", "5-Dec-26", _DUE),
    good("due", "5 December 2026", _DUE),
    good("due", "2026-12-05 00:00:00", _DUE),
    good("due", 46361, _DUE),
    good("due", _DUE, _DUE),
    bad("due", "31/02/2026", "DATE_IMPOSSIBLE"),
    bad("due", "05/09/2021", "DATE_RANGE"),
    bad("due", "next week", "DATE_FORMAT"),
    good("state", "Karnatka", "Karnataka"),
    good("state", "ORISSA", "Odisha"),
    good("state", "Karnattaka", "Karnataka", "STATE_FUZZY"),
    good("state", "Gotham", "Gotham", "STATE_UNKNOWN"),
    good("state", "CH", "Chandigarh", "STATE_AMBIGUOUS"),
    bad("state", "UT", "STATE_AMBIGUOUS"),
    good("language", "Oriya", "or-IN"),
    good("language", "தமிழ்", "ta-IN"),
    good("language", "Klingon", "", "LANGUAGE_UNKNOWN"),
    good("name", "José Fernandes", "José Fernandes"),
    good("name", "M/S Rao Traders", "M/S Rao Traders", "NAME_COMPANY"),
    good("name", "jkts'k dqekj", "jkts'k dqekj", "NAME_LEGACY_FONT"),
    bad("name", "12345", "NAME_FORMAT"),
    good("loan", "00123.0", "00123"),
    bad("loan", "1.23E+15", "LOAN_ID_SCIENTIFIC"),
    Case({"name": "", "phone": "98", "amount": "0", "due": "-"},
         ("NAME_MISSING", "PHONE_LENGTH", "AMOUNT_NOT_POSITIVE", "DATE_MISSING"), kept=False),
    Case({"loan": "TWICE", "phone": "9999900190"}),
    Case({"loan": "TWICE", "phone": "9999900190"}, ("DUPLICATE_ROW",), kept=False),
    Case({"loan": "CLASH", "phone": "9999900191"}, ("DUPLICATE_CONFLICT",), kept=False),
    Case({"loan": "CLASH", "phone": "9999900192"}, ("DUPLICATE_CONFLICT",), kept=False),
    Case({"name": "Meena Rao", "phone": "9999900190"}, ("PHONE_SHARED",)),
)  # fmt: skip


def sheet(cases: tuple[Case, ...] = CASES) -> list[list[Cell]]:
    """Return the whole sheet: a title, a blank row, the header, the cases and a sum."""
    rows: list[list[Cell]] = [["Asha Finance: instalments due"], [], list(TITLES)]
    for number, case in enumerate(cases):
        plain = ("Asha Rao", f"99999{number:05d}", "Karnataka", f"L{number:03d}", "4550.50", "05/12/2026", "")
        rows.append([case.cells.get(column, cell) for column, cell in zip(COLUMNS, plain, strict=True)] + ["Main"])
    return [*rows, ["Grand Total", "", "", "", "2,99,999.00"]]


def as_text(cases: tuple[Case, ...] = CASES, delimiter: str = ",") -> str:
    """Return the sheet as a spreadsheet saves it as CSV."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter)
    for row in sheet(cases):
        writer.writerow([cell.strftime("%d/%m/%Y") if isinstance(cell, date) else cell for cell in row])
    return buffer.getvalue()


def as_workbook(cases: tuple[Case, ...] = CASES) -> bytes:
    """Return the sheet as a workbook, its numbers and dates as such."""
    return workbook(sheet(cases))


def as_old_workbook(cases: tuple[Case, ...] = CASES) -> bytes:
    """Return the same as Excel wrote it up to 2003."""
    return old_workbook(sheet(cases))


def as_html(cases: tuple[Case, ...] = CASES) -> str:
    """Return the sheet as the web page that loan systems call an Excel file."""
    lines = csv.reader(io.StringIO(as_text(cases)))
    rows = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in line)}</tr>" for line in lines)
    return f"<html><body><table border=1>{rows}</table></body></html>"


def fits(case: Case, encoding: str) -> bool:
    """Tell whether all of a row can be written in an encoding."""
    try:
        "".join(str(cell) for cell in case.cells.values()).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
