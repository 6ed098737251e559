"""Writes small workbooks in the form of Excel 97 to 2003: BIFF8 records in a compound file."""

import struct
from collections.abc import Sequence
from datetime import date
from typing import Final

from tests.customers.files.workbooks import Cell

_SECTOR: Final = 512
_LEAST_STREAM: Final = 4096
"""A shorter stream would lie in a part of the file that is not written here."""
_END, _FREE, _TABLE, _NONE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD, 0xFFFFFFFF
_GLOBALS, _SHEET = 0x0005, 0x0010
_PLAIN, _DATE = 0, 14
"""Numbers of Excel's own formats."""


def old_workbook(rows: Sequence[Sequence[Cell]]) -> bytes:
    """Return a workbook of one sheet, as `.xls`."""
    sheet = _begin(_SHEET) + b"".join(_cell(*place, cell) for place, cell in _placed(rows)) + _record(0x000A)
    formats = b"".join(_record(0x00E0, struct.pack("<HH16x", 0, each)) for each in (_PLAIN, _DATE))
    head = _begin(_GLOBALS) + formats
    listed = struct.pack("<BBBB", 0, 0, len("Sheet1"), 0) + b"Sheet1"
    begins = len(head) + len(_record(0x0085, bytes(4) + listed)) + len(_record(0x000A))
    return _compound(head + _record(0x0085, struct.pack("<I", begins) + listed) + _record(0x000A) + sheet)


def _placed(rows: Sequence[Sequence[Cell]]) -> list[tuple[tuple[int, int], Cell]]:
    return [((row, column), cell) for row, cells in enumerate(rows) for column, cell in enumerate(cells)]


def _record(kind: int, body: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(body)) + body


def _begin(what: int) -> bytes:
    return _record(0x0809, struct.pack("<HHHHII", 0x0600, what, 0x0DBB, 0x07CC, 0, 0))


def _cell(row: int, column: int, cell: Cell) -> bytes:
    if cell is None or cell == "":
        return b""
    if isinstance(cell, str):
        text = cell.encode("utf-16-le")
        return _record(0x0204, struct.pack("<HHHHB", row, column, 0, len(text) // 2, 1) + text)
    value, form = ((cell - date(1899, 12, 30)).days, 1) if isinstance(cell, date) else (cell, 0)
    return _record(0x0203, struct.pack("<HHHd", row, column, form, value))


def _compound(stream: bytes) -> bytes:
    """Pack a workbook's stream: header, table of sectors, directory, stream."""
    stream = stream.ljust(max(_LEAST_STREAM, -(-len(stream) // _SECTOR) * _SECTOR), b"\0")
    sectors = len(stream) // _SECTOR
    chain = [_TABLE, _END, *range(3, sectors + 2), _END]
    assert len(chain) <= _SECTOR // 4, "one sector holds no larger table"
    table = struct.pack("<128I", *chain, *[_FREE] * (128 - len(chain)))
    directory = _entry("Root Entry", 5, 1, _END, 0) + _entry("Workbook", 2, _NONE, 2, len(stream))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack(
        "<16xHHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, _LEAST_STREAM, _END, 0, _END, 0
    )
    return header + struct.pack("<109I", 0, *[_FREE] * 108) + table + directory.ljust(_SECTOR, b"\0") + stream


def _entry(name: str, kind: int, child: int, first: int, size: int) -> bytes:
    text = name.encode("utf-16-le")
    links = struct.pack("<HBBIII", len(text) + 2, kind, 1, _NONE, _NONE, child)
    return text.ljust(64, b"\0") + links + struct.pack("<36xIQ", first, size)
