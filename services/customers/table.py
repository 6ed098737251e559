"""Finds the list of borrowers in a file: its header, its rows, and what stands above and below them."""

import re
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final

from services.customers.findings import BadFile
from services.customers.headers import REQUIRED, fields_in, lacks, match_header
from services.customers.readers import read_sheets
from services.customers.sheet import MAX_ROWS, MAX_TITLE_ROWS, Sheet
from services.customers.upload_model import FileFormat, Problem

_FOOTER: Final = re.compile(r"(grand|sub)?[ -]?total\b|end of (report|file)|generated (on|by)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Table:
    """A file's rows, column by column, by the fields that its header names."""

    format: FileFormat
    header: list[str]
    """The header row as it stands in the file, without empty cells at its end."""
    places: dict[str, int]
    """Field to its column."""
    rows: list[list[str]]
    """Each row's cells as they stand in the file."""
    numbers: list[int]
    """Each row's number, as a person counts it in the file."""
    cells: dict[str, list[str]]
    """Each field's texts as they stand in the file, one for every row."""
    too_long: set[int] = field(default_factory=set)
    """Rows, by their numbers, that have more cells than the header."""
    counts_from_1904: bool = False
    notes: list[Problem] = field(default_factory=list)
    """What was noticed about the file, and what was skipped."""

    def title(self, name: str) -> str:
        """Return a field's header as it stands in the file; empty when the file has no such column."""
        return self.header[self.places[name]].strip() if name in self.places else ""

    @property
    def ignored(self) -> list[str]:
        """The headers of the columns that mean nothing here."""
        used = set(self.places.values())
        return [title.strip() for place, title in enumerate(self.header) if title.strip() and place not in used]


def read_table(data: bytes) -> Table:
    """Read any file of borrowers; `BadFile` when it has no list of them, or more than one."""
    kind, sheets = read_sheets(data)
    sheet, header_at = _choose(sheets)
    places = match_header(sheet.rows[header_at])
    header = sheet.rows[header_at]
    width = max(place + 1 for place, title in enumerate(header) if title.strip())
    notes = [Problem(header_at + 1, "", code, words, warning=True) for code, words in sheet.warnings]
    if header_at:
        words = f"Row {header_at + 1} was taken for the header; what stands above it was skipped."
        notes.append(Problem(header_at + 1, "", "HEADER_ROW", words, warning=True))
    numbers, rows = _body(sheet, header_at, places, notes)
    cells = {name: _cells(rows, place) for name, place in places.items()}
    too_long = {number for number, row in zip(numbers, rows, strict=True) if len(row) > width and any(row[width:])}
    return Table(kind, header[:width], places, rows, numbers, cells, too_long, sheet.counts_from_1904, notes)


def _cells(rows: list[list[str]], place: int) -> list[str]:
    try:
        return list(map(itemgetter(place), rows))
    except IndexError:  # some rows end early
        return [row[place] if place < len(row) else "" for row in rows]


def _sparse(row: list[str], places: list[int]) -> bool:
    """Tell whether at most two of the places of a row are filled."""
    filled = 0
    for place in places:
        if place < len(row) and row[place].strip():
            filled += 1
            if filled > 2:
                return False
    return True


def _choose(sheets: list[Sheet]) -> tuple[Sheet, int]:
    """Return the sheet that has a header, and the header's place: of the first rows, the one that names most fields."""
    found = []
    best, most = sheets[0] if sheets else Sheet("", []), -1
    for sheet in sheets:
        named = [len(fields_in(row)) for row in sheet.rows[: MAX_TITLE_ROWS + 1]]
        if max(named, default=0) >= len(REQUIRED) - 1:
            found.append((sheet, named.index(max(named))))
        if max(named, default=0) > most:
            best, most = sheet, max(named, default=0)
    if len(found) > 1:
        names = " and ".join(f"“{sheet.name}”" for sheet, _ in found[:3])
        raise BadFile("SHEET_TWICE", f"Sheets {names} both hold a list of borrowers: send one of them.")
    if found:
        return found[0]
    for place, row in enumerate(best.rows[: MAX_TITLE_ROWS + 1]):
        if most > 0 and len(fields_in(row)) == most:
            return best, place  # it will be told what this header lacks
    if not any(any(row) for row in best.rows):
        raise BadFile("FILE_EMPTY", "The file is empty.")
    raise lacks(REQUIRED)


def _body(
    sheet: Sheet, header_at: int, places: dict[str, int], notes: list[Problem]
) -> tuple[list[int], list[list[str]]]:
    """Return the rows below the header and their numbers, without blank ones and sums."""
    numbers, rows, needed = [], [], [places[name] for name in REQUIRED]
    for number, row in enumerate(sheet.rows[header_at + 1 :], start=header_at + 2):
        if not any(row) or not any(map(str.strip, row)):
            continue
        if _sparse(row, needed) and any(_FOOTER.match(cell.strip()) for cell in row):
            notes.append(Problem(number, "", "FOOTER_SKIPPED", "This row is a sum or a note, and was skipped.", True))
            continue
        numbers.append(number)
        rows.append(row)
    if len(rows) > MAX_ROWS:
        raise BadFile("FILE_TOO_LONG", f"The file has more than {MAX_ROWS} rows.")
    if not rows:
        raise BadFile("FILE_EMPTY", "The file has a header, but no rows.")
    return numbers, rows
