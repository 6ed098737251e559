"""Reads the cells of one column, each distinct text once, however many rows hold it."""

from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

from services.customers.cells import Warn, unwrap
from services.customers.findings import BadCell
from services.customers.sheet import MAX_CELL
from services.customers.upload_model import Problem

Finding = tuple[str, str, bool]
"""A code, a message, and whether it is a warning."""
Value = TypeVar("Value")
_FORMULA: Final = ("=", "@")


class Column(Generic[Value]):
    """One column of a file."""

    def __init__(
        self,
        title: str,
        read: Callable[[str, Warn], Value],
        problems: list[Problem],
        used: Callable[[Value], str] = str,
    ) -> None:
        """Make a reader.

        Args:
            title: the column's header as it stands in the file.
            read: what a text means; raises `BadCell` when it means nothing.
            problems: where to note what is wrong.
            used: how to tell people the value that was taken.
        """
        self._title, self._read, self._problems, self._used = title, read, problems, used
        self._values: dict[str, Value | None] = {}
        self._found: dict[str, list[Finding]] = {}

    def read(self, numbers: Sequence[int], texts: Sequence[str]) -> list[Value | None]:
        """Return what the cells of some rows mean; None stands where nothing does, and the reason is noted."""
        for text in set(texts).difference(self._values):
            self._values[text], found = self._meaning(unwrap(text))
            if found:
                self._found[text] = found
        if self._found and not self._found.keys().isdisjoint(texts):
            for number, text in zip(numbers, texts, strict=True):
                for finding in self._found.get(text, ()):
                    self._note(number, text, finding)
        return [self._values[text] for text in texts]

    def _meaning(self, text: str) -> tuple[Value | None, list[Finding]]:
        if len(text) > MAX_CELL:
            return None, [("CELL_TOO_LONG", f"The cell has more than {MAX_CELL} characters.", False)]
        if text.startswith(_FORMULA):
            return None, [("CELL_FORMULA", "This is a formula: paste its value instead.", False)]
        found: list[Finding] = []
        try:
            return self._read(text, lambda code, words: found.append((code, words, True))), found
        except BadCell as error:
            return None, [*found, (error.code, str(error), False)]

    def _note(self, number: int, text: str, finding: Finding) -> None:
        code, words, warning = finding
        value = self._values[text]
        used = self._used(value) if warning and value is not None else ""
        taken = "" if used == text else used
        self._problems.append(Problem(number, self._title, code, words, warning, text[:MAX_CELL], taken))
