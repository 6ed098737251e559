"""Reads CSV and its kin as text: nothing is taken for a number, so that no digit is lost."""

import codecs
import csv
import io
import re
from typing import Final

import pandas as pd

from services.customers.findings import BadFile
from services.customers.headers import fields_in
from services.customers.sheet import MAX_COLUMNS, MAX_ROWS, MAX_TITLE_ROWS, Sheet

_DELIMITERS: Final = (",", ";", "\t", "|")
_SNIFFED: Final = 50
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MOJIBAKE: Final = re.compile("â‚¹|Â\u00a0|à[¤-´][\u0080-\u024f\u2010-\u2122]")
_BROKEN_CELL: Final = re.compile(r'(^|[,;\t|])"[^"]*\n', re.MULTILINE)
"""A quoted cell with a line end in it, or what may be one."""
Warnings = list[tuple[str, str]]


def decode(data: bytes) -> tuple[str, Warnings]:
    """Return a file's text: by its mark, else UTF-8, else UTF-16 by its zeros, else the code page of Windows."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _strictly(data, encoding), []
    if b"\0" in data:
        return _strictly(data, _utf16(data)), []
    try:
        return _mended(data.decode("utf-8"))
    except UnicodeDecodeError:
        words = "The file is not UTF-8 and was read as Windows-1252: check the names, or save it as “CSV UTF-8”."
        return _strictly(data, "cp1252"), [("FILE_ENCODING", words)]


def read_text(text: str, warnings: Warnings) -> Sheet:
    """Read lines of cells, divided by whichever of comma, semicolon, tab and bar makes a header of them."""
    delimiter = _delimiter(text)
    # One column more than any file may have: a row that is too long is then that row's fault, not the file's.
    frame = _read_frame(text, delimiter, min(_width(text, delimiter), MAX_COLUMNS + 1))
    rows = frame.to_numpy(dtype=object).tolist()
    if len(frame.columns) and frame.iloc[:, -1].hasnans:  # a row that ends early is filled up with NaN
        rows = [[cell if isinstance(cell, str) else "" for cell in row] for row in rows]
    return Sheet("", rows, warnings=warnings)


def _strictly(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadFile("FILE_ENCODING", "The file's text cannot be read: save it as “CSV UTF-8”.") from error
    if "\0" in text:
        raise BadFile("FILE_NOT_CSV", "The file is neither a workbook nor text.")
    return text


def _utf16(data: bytes) -> str:
    """Tell the order of bytes of UTF-16 without a mark: Latin letters and commas have a zero as their upper half."""
    head = data[:4000]
    upper_first, lower_first = head[0::2].count(0), head[1::2].count(0)
    if max(upper_first, lower_first) * 10 < len(head) or min(upper_first, lower_first) * 10 > len(head):
        raise BadFile("FILE_NOT_CSV", "The file is neither a workbook nor text.")
    return "utf-16-be" if upper_first > lower_first else "utf-16-le"


def _mended(text: str) -> tuple[str, Warnings]:
    """Undo what happens to UTF-8 that was read as Windows-1252 and saved again, line by line."""
    if not _MOJIBAKE.search(text):
        return text, []
    lines = [_mend(line) if _MOJIBAKE.search(line) else line for line in text.splitlines(keepends=True)]
    return "".join(lines), [("FILE_ENCODING", "Letters had been garbled and were mended: check the names.")]


def _mend(line: str) -> str:
    try:
        return bytes(ord(char) if ord(char) < 256 else char.encode("cp1252")[0] for char in line).decode("utf-8")
    except UnicodeError:
        return line.replace("â‚¹", "₹")


def _delimiter(text: str) -> str:
    lines = [line for _, line in zip(range(_SNIFFED), io.StringIO(text[:200_000]), strict=False)]

    def score(delimiter: str) -> tuple[int, int]:
        header = max((len(fields_in(_cells(line, delimiter))) for line in lines[: MAX_TITLE_ROWS + 1]), default=0)
        return header, sum(line.count(delimiter) for line in lines)

    return max(_DELIMITERS, key=score)


def _cells(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line[:20_000]], delimiter=delimiter), [])
    except csv.Error:
        return []


def _width(text: str, delimiter: str) -> int:
    """Return how many cells a row may have, at most; a quotation mark may hide that a row goes on in the next line."""
    most = max(line.count(delimiter) for line in text.split("\n")) + 1
    return MAX_COLUMNS + 1 if '"' in text and _BROKEN_CELL.search(text) else most


def _read_frame(text: str, delimiter: str, width: int) -> pd.DataFrame:
    try:
        return pd.read_csv(
            io.StringIO(text), sep=delimiter, header=None, names=range(width), index_col=False, dtype=str,
            keep_default_na=False, na_filter=False, skip_blank_lines=False, nrows=MAX_ROWS + MAX_TITLE_ROWS + 20,
        )  # fmt: skip
    except pd.errors.EmptyDataError as error:
        raise BadFile("FILE_EMPTY", "The file is empty.") from error
    except pd.errors.ParserError as error:
        if "Expected" in str(error):
            raise BadFile("FILE_TOO_WIDE", f"A row has more than {MAX_COLUMNS} cells.") from error
        words = "The file is not CSV: a quotation mark is left open, or a row has no end."
        raise BadFile("FILE_NOT_CSV", words) from error
