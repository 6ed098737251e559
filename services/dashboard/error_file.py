"""The error file: the rows of an upload that were left out, each with its number and all that is wrong with it.

It may be corrected and uploaded again as it is: the importer passes over the two columns that stand before the file's.
"""

from collections.abc import AsyncIterator, Iterable
from pathlib import PurePath
from typing import Final

from services.dashboard.sheets import CsvSheet, Sheet, XlsxSheet
from services.dashboard.uploads import FileFormat, RejectedHeader, RejectedRow, RowProblem

OURS: Final = ("Row", "Reason")
"""First, so that a row with more cells than the header has columns does not run into them."""
Steps = AsyncIterator[RejectedHeader | RejectedRow]


class ErrorFile:
    """A file that is being written, row by row."""

    def __init__(self, header: RejectedHeader) -> None:
        text = header.format in (FileFormat.CSV, FileFormat.UNKNOWN)
        self._sheet: Sheet = CsvSheet() if text else XlsxSheet()
        self._own = 2 if tuple(header.columns[:2]) == OURS else 0
        self._columns = header.columns[self._own :]
        self.name = f"rejected {PurePath(header.filename).stem}.{'csv' if text else 'xlsx'}"
        self.media_type = self._sheet.media_type

    def begin(self) -> bytes:
        """Return the header row, and what stands before it."""
        return self._sheet.add([[*OURS, *self._columns]])

    def add(self, row: RejectedRow) -> bytes:
        """Return a row."""
        return self._sheet.add([[row.row, reasons(row.problems), *row.cells[self._own :]]])

    def end(self) -> bytes:
        """Return what stands at the end."""
        return self._sheet.end()


def reasons(problems: Iterable[RowProblem]) -> str:
    """Return in one line all for which a row was left out, by column."""
    wrong = [problem for problem in problems if not problem.warning]
    return "; ".join(f"{one.column}: {one.message}" if one.column else one.message for one in wrong)


async def read_header(steps: Steps) -> RejectedHeader:
    """Return the first piece."""
    header = await anext(steps)
    if not isinstance(header, RejectedHeader):
        raise TypeError("rejected rows begin with their header")
    return header


async def first_rows(steps: Steps, limit: int) -> list[RejectedRow]:
    """Return so many rows, or fewer where there are no more."""
    rows: list[RejectedRow] = []
    async for step in steps:
        if isinstance(step, RejectedRow):
            rows.append(step)
        if len(rows) >= limit:
            break
    return rows
