"""Packs the rows that were left out of an import, and unpacks them for the error file."""

import gzip
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Final

from services.customers.upload_model import Problem, RejectedRow

MAX_PACKED_BYTES: Final = 16 * 1024 * 1024
"""How long the rows may be before they are packed. More than a file may be, since each row bears its reasons."""
MAX_CELL_KEPT: Final = 2000
"""Characters of a cell that are kept; one with more than 500 is wrong for that alone."""
_LEVEL: Final = 1


def pack(rows: Iterable[RejectedRow]) -> tuple[int, bytes]:
    """Return as many of the rows as are kept, and how many they are."""
    count = size = 0
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=_LEVEL, mtime=0) as packed:
        for row in rows:
            problems = [asdict(problem) for problem in row.problems]
            line = json.dumps([row.row, row.cells, problems], ensure_ascii=False).encode() + b"\n"
            size += len(line)
            if size > MAX_PACKED_BYTES:
                break
            packed.write(line)
            count += 1
    return count, buffer.getvalue() if count else b""


def unpack(packed: bytes) -> Iterator[RejectedRow]:
    """Return the rows one by one, so that not all of them are in memory at once."""
    if not packed:
        return
    with gzip.open(io.BytesIO(packed)) as lines:
        for line in lines:
            row, cells, problems = json.loads(line)
            yield RejectedRow(row, cells, [Problem(**problem) for problem in problems])


def rejected(
    numbers: Sequence[int], rows: Sequence[list[str]], kept: set[int], problems: Iterable[Problem]
) -> Iterator[RejectedRow]:
    """Return the rows whose numbers are not among those that are kept, each with all that is wrong with it."""
    by_row: dict[int, list[Problem]] = defaultdict(list)
    for problem in problems:
        by_row[problem.row].append(problem)
    for number, cells in zip(numbers, rows, strict=True):
        if number not in kept:
            yield RejectedRow(number, [cell[:MAX_CELL_KEPT] for cell in cells], by_row[number])
