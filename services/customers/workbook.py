"""Reads the workbooks of Excel, old and new, as text. No formula, macro or link is followed: values alone are read."""

import io
import re
import zipfile
import zlib
from datetime import date, datetime
from typing import Final

import python_calamine as calamine

from services.customers.findings import BadFile
from services.customers.sheet import MAX_COLUMNS, MAX_ROWS, MAX_TITLE_ROWS, Sheet

MAX_ENTRIES: Final = 1000
MAX_UNPACKED_BYTES: Final = 128 * 1024 * 1024
MAX_RATIO: Final = 200
_SMALL_BYTES: Final = 1024 * 1024
"""What unpacks to no more than this may be packed as tightly as it likes."""
_ENCRYPTED: Final = "EncryptedPackage".encode("utf-16-le")
_1904: Final = re.compile(rb"""date1904=["'](1|true)["']""")
_BROKEN: Final = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
"""What a cut or forged package makes of its reader."""
_EXACT: Final = 1e15
"""From here on a spreadsheet's numbers are no longer whole numbers to the last digit."""


def read_workbook(data: bytes) -> list[Sheet]:
    """Return the sheets that people see, in order. `BadFile` when the workbook is locked, broken or a bomb."""
    from_1904 = _check_package(data) if data.startswith(b"PK") else False
    if not data.startswith(b"PK") and _ENCRYPTED in data:
        raise _locked()
    try:
        with calamine.load_workbook(io.BytesIO(data)) as workbook:
            seen = [
                about.name
                for about in workbook.sheets_metadata
                if about.visible == calamine.SheetVisibleEnum.Visible and about.typ == calamine.SheetTypeEnum.WorkSheet
            ]
            return [Sheet(name, _rows(workbook.get_sheet_by_name(name)), from_1904) for name in seen]
    except calamine.PasswordError as error:
        raise _locked() from error
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise BadFile("FILE_UNREADABLE", "The workbook is broken: open it in Excel and save it again.") from error


def _check_package(data: bytes) -> bool:
    """Refuse a package that would fill the memory, or tells lies of its size; tell whether it counts from 1904."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if len(entries) > MAX_ENTRIES or unpacked > MAX_UNPACKED_BYTES or _is_bomb(entries):
                raise BadFile("FILE_TOO_LARGE", "The workbook unpacks to far more than a list of borrowers would.")
            if any(entry.flag_bits & 1 for entry in entries):
                raise _locked()
            if package.testzip() is not None:  # unpacks each entry, up to the size that was checked
                raise BadFile("FILE_UNREADABLE", "The workbook is broken: open it in Excel and save it again.")
            names = {entry.filename for entry in entries}
            return "xl/workbook.xml" in names and bool(_1904.search(package.read("xl/workbook.xml")))
    except _BROKEN as error:
        raise BadFile("FILE_UNREADABLE", "The workbook is cut off or broken: send it again.") from error


def _is_bomb(entries: list[zipfile.ZipInfo]) -> bool:
    return any(
        entry.file_size > _SMALL_BYTES and entry.file_size > MAX_RATIO * max(entry.compress_size, 1)
        for entry in entries
    )


def _rows(sheet: calamine.CalamineSheet) -> list[list[str]]:
    """Return a sheet's cells from A1 on, so that a row's place is the number that people see."""
    height, width = sheet.total_height, sheet.total_width
    if height > MAX_ROWS + MAX_TITLE_ROWS + 20:
        raise BadFile("FILE_TOO_LONG", f"The file has more than {MAX_ROWS} rows.")
    if width > MAX_COLUMNS:
        raise BadFile("FILE_TOO_WIDE", f"A row has more than {MAX_COLUMNS} cells.")
    return [list(map(_text, row)) for row in sheet.to_python(skip_empty_area=False)]


def _text(cell: object) -> str:
    """Return a cell as text, with all the digits that the spreadsheet kept and none that it did not."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        return f"{cell:.14e}" if abs(cell) >= _EXACT else f"{cell:.15g}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == datetime.min.time() else cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _locked() -> BadFile:
    return BadFile("FILE_PROTECTED", "The workbook is protected by a password: save it without one.")
