"""Finds what a file says more than once: of a loan, and of a phone."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from services.customers.model import LoanRow, Problem

MAX_NAMES_OF_A_PHONE: Final = 10
"""So many people may share a phone; a number with more names was filled in for want of real ones."""


def without_duplicates(rows: Sequence[LoanRow], column: str) -> tuple[list[LoanRow], int, list[Problem]]:
    """Keep one of rows that say the same of a loan, and none of rows that contradict each other.

    Returns what is kept, how many rows only repeated it, and the problems.
    """
    by_loan: dict[tuple[str, str], list[LoanRow]] = defaultdict(list)
    for row in rows:
        by_loan[row.lender_name, row.loan_id].append(row)
    kept: list[LoanRow] = []
    repeated, problems = 0, []
    for same in by_loan.values():
        if len(same) == 1 or len({_content(row) for row in same}) == 1:
            kept.append(same[0])
            repeated += len(same) - 1
            words = f"The same as row {same[0].row}."
            problems += [Problem(row.row, column, "DUPLICATE_ROW", words, warning=True) for row in same[1:]]
        else:
            words = "Rows with this loan number contradict each other: " + ", ".join(str(row.row) for row in same[:10])
            problems += [Problem(row.row, column, "DUPLICATE_CONFLICT", words) for row in same]
    return kept, repeated, problems


def shared_phones(rows: Sequence[LoanRow], column: str) -> list[Problem]:
    """Warn of a phone that several names share: families do. A number with very many names is refused."""
    by_phone: dict[str, list[LoanRow]] = defaultdict(list)
    for row in rows:
        by_phone[row.phone_number].append(row)
    problems = []
    for same in by_phone.values():
        names = len({row.name.casefold() for row in same}) if len(same) > 1 else 1
        if names > MAX_NAMES_OF_A_PHONE:
            words = f"{names} different names have this number: it was filled in for want of real ones."
            problems += [Problem(row.row, column, "PHONE_PLACEHOLDER", words) for row in same]
        elif names > 1:
            words = f"The number that row {same[0].row} has, under another name."
            problems += [
                Problem(row.row, column, "PHONE_SHARED", words, warning=True)
                for row in same[1:]
                if row.name.casefold() != same[0].name.casefold()
            ]
    return problems


def _content(row: LoanRow) -> tuple[object, ...]:
    return (row.name, row.phone_number, row.state, row.amount_paise, row.due_date, row.language_code)
