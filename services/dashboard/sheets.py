"""Tables as files that a spreadsheet opens: CSV and XLSX, written row by row, and nothing in them is ever a formula."""

import csv
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, Protocol
from xml.sax.saxutils import escape

from voicekit.clock import INDIA

Cell = str | int | float | bool | datetime | None

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\0")
# What XML 1.0 cannot hold.
_NO_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MAX_TEXT: Final = 32_767


class Sheet(Protocol):
    """A file that is being written."""

    media_type: str
    max_rows: int
    """Rows that such a file can have."""

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Write rows, and return the bytes that are ready."""

    def end(self) -> bytes:
        """Return the last bytes."""


class CsvSheet:
    """A CSV file, in UTF-8 with the mark by which Excel knows it."""

    media_type = "text/csv"
    max_rows = 10_000_000

    def __init__(self) -> None:
        self._text = io.StringIO(newline="")
        self._text.write("\ufeff")
        self._writer = csv.writer(self._text)

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Write rows; a text that a spreadsheet would take for a formula gets an apostrophe (OWASP ASVS 1.2.10)."""
        self._writer.writerows([_harmless(cell) for cell in row] for row in rows)
        return self.end()

    def end(self) -> bytes:
        """Return what is written and not returned yet."""
        ready = self._text.getvalue().encode()
        self._text.seek(0)
        self._text.truncate()
        return ready


class XlsxSheet:
    """An XLSX file with one sheet. Texts are typed as such, so that none is taken for a formula or a number."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    max_rows = 1_000_000

    def __init__(self) -> None:
        self._out = _Pipe()
        self._zip = zipfile.ZipFile(self._out, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        for name, text in _PARTS.items():
            self._zip.writestr(name, _HEAD + text)
        self._sheet = self._zip.open("xl/worksheets/sheet1.xml", "w")
        self._sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())

    def add(self, rows: Iterable[Sequence[Cell]]) -> bytes:
        """Write rows."""
        self._sheet.write("".join(f"<row>{''.join(map(_xml, row))}</row>" for row in rows).encode())
        return self._out.take()

    def end(self) -> bytes:
        """Close the file."""
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()
        return self._out.take()


class _Pipe(io.RawIOBase):
    """Takes what the archive writes, for somebody to fetch; it cannot go back."""

    def __init__(self) -> None:
        super().__init__()
        self._ready = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(memoryview(data))  # type: ignore[arg-type]  # any buffer, which 3.11 has no name for
        self._ready += piece
        return len(piece)

    def take(self) -> bytes:
        ready = bytes(self._ready)
        self._ready.clear()
        return ready


def _harmless(cell: Cell) -> str | int | float:
    if cell is None:
        return ""
    if isinstance(cell, bool | datetime):
        return _text(cell)
    if isinstance(cell, int | float):
        return cell
    text = cell.replace("\0", "")
    return f"'{text}" if cell.startswith(_FORMULA) else text


def _xml(cell: Cell) -> str:
    if cell is None or cell == "":
        return "<c/>"
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return f"<c><v>{cell}</v></c>"
    text = escape(_NO_XML.sub("", _text(cell))[:_MAX_TEXT])
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def _text(cell: str | bool | datetime | float) -> str:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, datetime):
        return cell.astimezone(INDIA).strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OOXML: Final = "http://schemas.openxmlformats.org"
_MAIN: Final = f"{_OOXML}/spreadsheetml/2006/main"
_RELATIONS: Final = f"{_OOXML}/officeDocument/2006/relationships"
_KIND: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS: Final = {
    "[Content_Types].xml": (
        f'<Types xmlns="{_OOXML}/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_KIND}.worksheet+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/workbook.xml": (
        f'<workbook xmlns="{_MAIN}" xmlns:r="{_RELATIONS}">'
        '<sheets><sheet name="Export" sheetId="1" r:id="r1"/></sheets></workbook>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'<Relationships xmlns="{_OOXML}/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
    ),
}
