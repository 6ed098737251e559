"""Checks a customer file: which rows are good, and what is wrong with the others, cell by cell."""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import date
from operator import attrgetter
from statistics import median
from typing import Final, TypeVar

from services.customers.amounts import read_amount
from services.customers.cells import Warn, read_loan_id, read_name
from services.customers.dates import EPOCH, EPOCH_1904, Order, in_words, month_first, read_due_date
from services.customers.findings import BadCell, BadFile
from services.customers.model import CheckedFile, CleanFile, LoanRow, Problem
from services.customers.phone import read_phone
from services.customers.places import read_language, read_state
from services.customers.repeats import shared_phones, without_duplicates
from services.customers.sheet import MAX_CELL
from services.customers.table import Table, read_table

MAX_PROBLEMS: Final = 1000
TELL_ROWS: Final = 2000
_TIMES_MEDIAN: Final = 10
_ENOUGH_FOR_A_MEDIAN: Final = 10

Tell = Callable[[int, int], None]
"""Is told how many rows have been checked, and of how many."""
_VALUES: Final = attrgetter(*(field.name for field in fields(LoanRow)))

Value = TypeVar("Value")


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
    check.problems += shared_phones(good, table.columns["phone_number"])
    failed = {problem.row for problem in check.problems if not problem.warning}
    good = [row for row in good if row.row not in failed]
    check.problems += _unusual_amounts(good, table.columns["amount"])
    kept, repeated, problems = without_duplicates(good, table.columns["loan_id"])
    problems = check.problems + problems
    total = len(table.numbers)
    wrong = total - len(kept) - repeated
    if wrong * 2 > total:
        raise BadFile("FILE_MOSTLY_WRONG", _mostly_wrong(wrong, total, problems))
    return CheckedFile(total, kept, repeated, _most_important(problems))


def written_out(checked: CheckedFile) -> CleanFile:
    """Return a checked file with its rows as the lines that go on record."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows(map(_VALUES, checked.rows))
    return CleanFile(
        checked.total_rows, len(checked.rows), checked.repeated_rows, checked.problems, buffer.getvalue().encode()
    )


class _Check:
    """Reads a table's cells column by column, and notes all that is wrong with each row, not only the first."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.problems: list[Problem] = list(table.notes)

    def rows(self, lender_name: str, today: date, tell: Tell) -> list[LoanRow]:
        """Return the rows in which nothing is wrong."""
        long = BadCell("ROW_TOO_LONG", "The row has more cells than the header: perhaps a bare comma.")
        self.problems += [self._problem(number, "name", long) for number in sorted(self._table.too_long)]
        order = self._date_order()
        columns = (
            self._column("name", read_name),
            self._column("phone_number", read_phone),
            self._column("state", read_state),
            self._column("loan_id", lambda text, _: read_loan_id(text)),
            self._column("lender", lambda text, _: read_name(text) if text else lender_name, lender_name),
            self._column("amount", read_amount),
            self._column("due_date", lambda text, _: read_due_date(text, order=order, today=today)),
            self._column("language", read_language, ""),
        )
        rows: list[LoanRow] = []
        for checked, (number, *values) in enumerate(zip(self._table.numbers, *columns, strict=True), start=1):
            name, phone, state, loan_id, lender, amount, due, language = values
            if checked % TELL_ROWS == 0 or checked == len(self._table.numbers):
                tell(checked, len(self._table.numbers))
            if number in self._table.too_long or state is None or language is None:
                continue
            if name and phone and loan_id and lender and amount and due:
                rows.append(LoanRow(number, name, phone, state, loan_id, lender, amount, due, language))
        return rows

    def _column(
        self, field: str, read: Callable[[str, Warn], Value], default: Value | None = None
    ) -> Iterator[Value | None]:
        """Read each text of a column once, however many rows hold it; None stands where it cannot be read."""
        texts = self._table.cells.get(field)
        if texts is None:
            yield from [default] * len(self._table.numbers)
            return
        known: dict[str, tuple[Value | None, list[tuple[str, str, bool]]]] = {}
        for number, text in zip(self._table.numbers, texts, strict=True):
            if text not in known:
                known[text] = _read(text, read)
            value, findings = known[text]
            for code, words, warning in findings:
                self.problems.append(Problem(number, self._table.columns[field], code, words, warning))
            yield value

    def _date_order(self) -> Order:
        """Settle how the column of due dates is written, and say so where nothing in it shows it."""
        column, texts = self._table.columns["due_date"], self._table.cells["due_date"]
        numbered = list(zip(self._table.numbers, texts, strict=True))
        american, doubtful = month_first(column, numbered)
        order = Order(american, EPOCH_1904 if self._table.counts_from_1904 else EPOCH)
        if doubtful is not None:
            example = dict(numbered)[doubtful]
            try:
                words = f"{example} was read as {in_words(read_due_date(example, order=order, today=None))}"
            except BadCell:
                words = "The day was taken to stand first"
            note = f"{words}: no date of the column shows whether the day or the month stands first."
            self.problems.append(Problem(doubtful, column, "DATE_AMBIGUOUS", note, warning=True))
        return order

    def _problem(self, number: int, field: str, error: BadCell) -> Problem:
        return Problem(number, self._table.columns[field], error.code, str(error))


def _read(text: str, read: Callable[[str, Warn], Value]) -> tuple[Value | None, list[tuple[str, str, bool]]]:
    """Return what a text means, None when nothing, and the findings: code, message, and whether it is a warning."""
    findings: list[tuple[str, str, bool]] = []
    if len(text) > MAX_CELL:
        return None, [("CELL_TOO_LONG", f"The cell has more than {MAX_CELL} characters.", False)]
    if text[:1] in ("=", "@"):
        return None, [("CELL_FORMULA", "This is a formula: paste its value instead.", False)]
    try:
        return read(text, lambda code, words: findings.append((code, words, True))), findings
    except BadCell as error:
        return None, [*findings, (error.code, str(error), False)]


def _unusual_amounts(rows: list[LoanRow], column: str) -> list[Problem]:
    if len(rows) < _ENOUGH_FOR_A_MEDIAN:
        return []
    usual = median(row.amount_paise for row in rows)
    words = "The amount is more than ten times what is usual in this file: perhaps another column slipped in."
    return [
        Problem(row.row, column, "AMOUNT_UNUSUAL", words, warning=True)
        for row in rows
        if row.amount_paise > _TIMES_MEDIAN * usual
    ]


def _mostly_wrong(wrong: int, total: int, problems: list[Problem]) -> str:
    errors = sorted((problem for problem in problems if not problem.warning), key=lambda problem: problem.row)
    examples = " ".join(f"Row {error.row}, {error.column}: {error.message}" for error in errors[:5])
    return f"{wrong} of {total} rows are wrong, so none was imported. {examples}"


def _most_important(problems: list[Problem]) -> list[Problem]:
    """Return as many problems as are told, by row; errors go before warnings where there are too many."""
    if len(problems) > MAX_PROBLEMS:
        problems = sorted(problems, key=lambda problem: problem.warning)[:MAX_PROBLEMS]
    return sorted(problems, key=lambda problem: problem.row)
