"""A sheet of text, whatever kind of file it came from, and how large one may be."""

from dataclasses import dataclass, field
from typing import Final

MAX_ROWS: Final = 100_000
MAX_COLUMNS: Final = 100
MAX_CELL: Final = 500
MAX_TITLE_ROWS: Final = 10
"""Rows that may stand above the header."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Cells as text, row by row; rows may be of different lengths."""

    name: str
    rows: list[list[str]]
    counts_from_1904: bool = False
    """True when its numbers of days begin in 1904."""
    warnings: list[tuple[str, str]] = field(default_factory=list)
    """Codes and messages about the file as a whole."""
