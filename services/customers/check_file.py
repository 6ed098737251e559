"""Checks a customer file: which rows are good, and what is wrong with the others, cell by cell."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from statistics import median
from typing import Final, TypeVar

from services.customers.amounts import read_amount
from services.customers.cells import Warn, read_loan_id, read_name, unwrap
from services.customers.columns import Column
from services.customers.dates import EPOCH, EPOCH_1904, Order, in_words, month_first, read_due_date
from services.customers.findings import BadCell, BadFile
from services.customers.headers import DETAILS
from services.customers.phone import has_several, read_alternate_phone, read_phone, second_phone
from services.customers.places import read_language, read_state
from services.customers.rejects import pack, rejected
from services.customers.repeats import shared_phones, without_duplicates
from services.customers.sheet import MAX_CELL
from services.customers.table import Table, read_table
from services.customers.upload_model import CleanFile, LoanRow, Problem, Report

MAX_PROBLEMS: Final = 1000
BLOCK_ROWS: Final = 5000
_TIMES_MEDIAN: Final = 10
_ENOUGH_FOR_A_MEDIAN: Final = 10

Tell = Callable[[int, int], None]
"""Is told how many rows have been checked, and of how many."""
Block = Callable[[Sequence[int], slice], Sequence[object]]
"""Reads a column's cells of some rows: those with these numbers, which stand in this slice of the file."""
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that has been read: what to keep, and what is wrong."""

    table: Table
    rows: list[LoanRow]
    repeated_rows: int
    """Rows that say again, word for word, what another row says; that one is in `rows`."""
    problems: list[Problem]
    """All of them, by row."""

    @property
    def total_rows(self) -> int:
        """Rows in the file, without the header."""
        return len(self.table.numbers)

    @property
    def rejected_rows(self) -> int:
        """Rows left out."""
        return self.total_rows - len(self.rows) - self.repeated_rows


def check_file(
    data: bytes, *, lender_name: str, today: date, tell: Tell = lambda _checked, _total: None
) -> CheckedFile:
    """Read a file of any kind and check every row; `BadFile` when it cannot be imported as a whole.

    Args:
        data: the file.
        lender_name: who lends, where the file has no column for it or an empty cell.
        today: the day in India, against which due dates are checked.
        tell: what to tell of the progress.
    """
    table = read_table(data)
    tell(0, len(table.numbers))
    check = _Check(table)
    good = check.rows(lender_name, today, tell)
    check.note(shared_phones(good), "phone_number")
    failed = {problem.row for problem in check.problems if not problem.warning}
    good = [row for row in good if row.row not in failed]
    check.note(_unusual_amounts(good), "amount")
    kept, repeated, problems = without_duplicates(good)
    check.note(problems, "loan_id")
    checked = CheckedFile(table, kept, repeated, sorted(check.problems, key=lambda problem: problem.row))
    if checked.rejected_rows * 2 > checked.total_rows:
        report = _report(checked, set())  # none is imported, so all are sent back
        raise BadFile("FILE_MOSTLY_WRONG", _mostly_wrong(checked), report)
    return checked


def written_out(checked: CheckedFile) -> CleanFile:
    """Return a checked file with its rows as the lines that go on record."""
    buffer = io.StringIO()
    csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(checked.rows)
    wrong = {problem.row for problem in checked.problems if not problem.warning}
    report = _report(checked, set(checked.table.numbers) - wrong)
    return CleanFile(len(checked.rows), checked.repeated_rows, report, buffer.getvalue().encode())


class _Check:
    """Reads a table's cells block by block, and notes all that is wrong with each row, not only the first."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.problems: list[Problem] = list(table.notes)

    def rows(self, lender_name: str, today: date, tell: Tell) -> list[LoanRow]:
        """Return the rows in which nothing is wrong."""
        long = "The row has more cells than the header: perhaps a bare comma."
        self.problems += [Problem(number, "", "ROW_TOO_LONG", long) for number in sorted(self._table.too_long)]
        columns = self._columns(lender_name, today)
        total = len(self._table.numbers)
        good: list[LoanRow] = []
        for start in range(0, total, BLOCK_ROWS):
            block = slice(start, start + BLOCK_ROWS)
            numbers = self._table.numbers[block]
            values = zip(numbers, *(column(numbers, block) for column in columns), strict=True)
            good += [LoanRow._make(row) for row in values if None not in row]
            tell(min(start + BLOCK_ROWS, total), total)
        return [row for row in good if row.row not in self._table.too_long] if self._table.too_long else good

    def _columns(self, lender_name: str, today: date) -> list[Block]:
        """Return what reads a block's rows, column by column, in the order of `LoanRow`."""
        order = self._date_order()
        return [
            self._column("name", read_name),
            self._column("phone_number", read_phone),
            self._column("state", read_state),
            self._column("loan_id", lambda text, _: read_loan_id(text)),
            self._column("lender", lambda text, _: read_name(text) if text else lender_name, lender_name),
            self._column("amount", read_amount, used=lambda paise: f"{Decimal(paise) / 100:.2f}"),
            self._column("due_date", lambda text, _: read_due_date(text, order=order, today=today)),
            self._column("language", read_language, ""),
            self._alternate_phones(),
            self._details(),
        ]

    def _column(
        self,
        field: str,
        read: Callable[[str, Warn], Value],
        default: Value | None = None,
        used: Callable[[Value], str] = str,
    ) -> Block:
        texts = self._table.cells.get(field)
        if texts is None:
            return lambda numbers, _: [default] * len(numbers)
        column = Column(self._table.title(field), read, self.problems, used)
        return lambda numbers, block: column.read(numbers, texts[block])

    def _alternate_phones(self) -> Block:
        """Read second numbers: from their own column, else the second in the cell of the first."""
        firsts, seconds = self._table.cells["phone_number"], self._column("alternate_phone", read_alternate_phone, "")

        def read(numbers: Sequence[int], block: slice) -> Sequence[object]:
            pairs = zip(firsts[block], seconds(numbers, block), strict=True)
            return [
                second or (has_several(first) and read_alternate_phone(second_phone(first))) or ""
                for first, second in pairs
            ]

        return read

    def _details(self) -> Block:
        """Return what the optional columns of each row say, as JSON."""
        names = [name for name in DETAILS if name in self._table.cells]
        if not names:
            return lambda numbers, _: ["{}"] * len(numbers)

        def read(_: Sequence[int], block: slice) -> Sequence[object]:
            rows = zip(*(self._table.cells[name][block] for name in names), strict=True)
            return [_as_json(names, cells) for cells in rows]

        return read

    def note(self, found: Sequence[tuple[int, str, str, bool]], field: str) -> None:
        """Note what was found about a field of some rows: number, code, message, and whether it is a warning."""
        title, place = self._table.title(field), self._table.places[field]
        at = dict(zip(self._table.numbers, self._table.rows, strict=True)) if found else {}
        for number, code, words, warning in found:
            self.problems.append(Problem(number, title, code, words, warning, at[number][place][:MAX_CELL]))

    def _date_order(self) -> Order:
        """Settle how the column of due dates is written, and say so where nothing in it shows it."""
        title, texts = self._table.title("due_date"), self._table.cells["due_date"]
        numbered = list(zip(self._table.numbers, map(unwrap, texts), strict=True))
        american, doubtful = month_first(title, numbered)
        order = Order(american, EPOCH_1904 if self._table.counts_from_1904 else EPOCH)
        if doubtful is not None:
            example, taken = dict(numbered)[doubtful], ""
            try:
                day = read_due_date(example, order=order, today=None)
                words, taken = f"{example} was read as {in_words(day)}", day.isoformat()
            except BadCell:
                words = "The day was taken to stand first"
            note = f"{words}: no date of the column shows whether the day or the month stands first."
            self.problems.append(Problem(doubtful, title, "DATE_AMBIGUOUS", note, True, example[:MAX_CELL], taken))
        return order


def _as_json(names: Sequence[str], cells: Sequence[str]) -> str:
    said = zip(names, (" ".join(unwrap(cell).split())[:MAX_CELL] for cell in cells), strict=True)
    return json.dumps({name: text for name, text in said if text}, ensure_ascii=False)


def _unusual_amounts(rows: list[LoanRow]) -> list[tuple[int, str, str, bool]]:
    if len(rows) < _ENOUGH_FOR_A_MEDIAN:
        return []
    usual = median(row.amount_paise for row in rows)
    words = "The amount is more than ten times what is usual in this file: perhaps another column slipped in."
    return [(row.row, "AMOUNT_UNUSUAL", words, True) for row in rows if row.amount_paise > _TIMES_MEDIAN * usual]


def _mostly_wrong(checked: CheckedFile) -> str:
    errors = [problem for problem in checked.problems if not problem.warning]
    examples = " ".join(f"Row {error.row}, {error.column or 'whole'}: {error.message}" for error in errors[:5])
    return f"{checked.rejected_rows} of {checked.total_rows} rows are wrong, so none was imported. {examples}"


def _report(checked: CheckedFile, kept: set[int]) -> Report:
    """Return what is told of a file of which the rows with these numbers are kept."""
    table, problems = checked.table, checked.problems
    told = problems
    if len(problems) > MAX_PROBLEMS:  # errors go before warnings
        told = sorted(problems, key=lambda problem: problem.warning)[:MAX_PROBLEMS]
        told.sort(key=lambda problem: problem.row)
    # Whoever sent the file mends these rows: whole, as they stood.
    count, packed = (
        pack(rejected(table.numbers, table.rows, kept, problems)) if len(kept) < checked.total_rows else (0, b"")
    )
    return Report(
        format=table.format,
        total_rows=checked.total_rows,
        rejected_rows=checked.rejected_rows if kept else checked.total_rows,
        warnings=sum(problem.warning for problem in problems),
        header=table.header,
        ignored_columns=table.ignored,
        problems=told,
        more_problems=len(problems) - len(told),
        kept_rejected=count,
        rejected=packed,
    )
