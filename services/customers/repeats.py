"""Finds what a file says more than once: of a loan, and of a phone."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from services.customers.upload_model import LoanRow

MAX_NAMES_OF_A_PHONE: Final = 10
"""So many people may share a phone; a number with more names was filled in for want of real ones."""


Found = tuple[int, str, str, bool]
"""A row's number, a code, a message, and whether it is a warning."""


def without_duplicates(rows: Sequence[LoanRow]) -> tuple[list[LoanRow], int, list[Found]]:
    """Keep one of rows that say the same of a loan, and none of rows that contradict each other.

    Returns what is kept, how many rows only repeated it, and what was found about the loan numbers.
    """
    if len({(row.lender_name, row.loan_id) for row in rows}) == len(rows):
        return list(rows), 0, []
    by_loan: dict[tuple[str, str], list[LoanRow]] = defaultdict(list)
    for row in rows:
        by_loan[row.lender_name, row.loan_id].append(row)
    kept: list[LoanRow] = []
    repeated = 0
    found: list[Found] = []
    for same in by_loan.values():
        if len(same) == 1 or len({_content(row) for row in same}) == 1:
            kept.append(same[0])
            repeated += len(same) - 1
            words = f"The same as row {same[0].row}."
            found += [(row.row, "DUPLICATE_ROW", words, True) for row in same[1:]]
        else:
            words = "Rows with this loan number contradict each other: " + ", ".join(str(row.row) for row in same[:10])
            found += [(row.row, "DUPLICATE_CONFLICT", words, False) for row in same]
    return kept, repeated, found


def shared_phones(rows: Sequence[LoanRow]) -> list[Found]:
    """Warn of a phone that several names share: families do. A number with very many names is refused."""
    if len({row.phone_number for row in rows}) == len(rows):
        return []
    by_phone: dict[str, list[LoanRow]] = defaultdict(list)
    for row in rows:
        by_phone[row.phone_number].append(row)
    found: list[Found] = []
    for same in by_phone.values():
        names = len({row.name.casefold() for row in same}) if len(same) > 1 else 1
        if names > MAX_NAMES_OF_A_PHONE:
            words = f"{names} different names have this number: it was filled in for want of real ones."
            found += [(row.row, "PHONE_PLACEHOLDER", words, False) for row in same]
        elif names > 1:
            words = f"The number that row {same[0].row} has, under another name."
            found += [
                (row.row, "PHONE_SHARED", words, True)
                for row in same[1:]
                if row.name.casefold() != same[0].name.casefold()
            ]
    return found


def _content(row: LoanRow) -> tuple[object, ...]:
    return row[1:]
