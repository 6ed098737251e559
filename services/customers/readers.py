"""Opens a customer file by what it holds; what it is called does not matter."""

import re
from typing import Final

from services.customers.findings import MAX_BYTES, BadFile
from services.customers.html_table import read_html
from services.customers.sheet import Sheet
from services.customers.text_file import decode, read_text
from services.customers.upload_model import FileFormat
from services.customers.workbook import read_workbook

_WORKBOOKS: Final = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_HTML: Final = re.compile(
    r"\s*(<\?xml[^>]*>\s*)?(<!--(?:(?!-->).)*-->\s*)*<(!doctype html|html|head|body|table|style)\b",
    re.IGNORECASE | re.DOTALL,
)


def read_sheets(data: bytes) -> tuple[FileFormat, list[Sheet]]:
    """Return what a file is, and its sheets, in order: one of a CSV file. `BadFile` when it cannot be read."""
    if len(data) > MAX_BYTES:
        raise BadFile("FILE_TOO_LARGE", f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB.")
    if not data.strip():
        raise BadFile("FILE_EMPTY", "The file is empty.")
    if data.startswith(_WORKBOOKS):
        return _kind_of_workbook(data), read_workbook(data)
    text, warnings = decode(data)
    if _HTML.match(text[:2000]):
        return FileFormat.HTML, read_html(text)
    return FileFormat.CSV, [read_text(text, warnings)]


def _kind_of_workbook(data: bytes) -> FileFormat:
    if not data.startswith(b"PK"):
        return FileFormat.XLS
    return FileFormat.XLSB if b"xl/workbook.bin" in data else FileFormat.XLSX  # names of entries are never packed
