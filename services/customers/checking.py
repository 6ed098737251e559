"""What the service and the process that reads files for it say to each other.

The process says `READY`, takes one line, an `Ask`, then the file until its input ends, and answers with lines, each a
`Message`: how far it is, and at last what it found, followed by as many bytes as that line says.
"""

from datetime import date
from typing import Final

from pydantic import BaseModel

from services.customers.upload_model import CleanFile, Report

READY: Final = b"ready\n"
MARK: Final = "check_process: "
"""What begins a line on standard error that holds nothing out of a file."""


class Ask(BaseModel):
    """How to check."""

    lender_name: str
    today: date


class Progress(BaseModel):
    """How far it is."""

    checked_rows: int
    total_rows: int


class Bad(BaseModel):
    """A file that cannot be imported as a whole; see `BadFile`."""

    code: str
    message: str
    report: Report | None = None


class Found(BaseModel):
    """The end: what a `BadFile` says, or a clean file. Its lines follow, then the rejected rows of either."""

    clean: CleanFile | None = None
    bad: Bad | None = None
    lines_bytes: int = 0
    rejected_bytes: int = 0


class Message(BaseModel):
    """One line of the answer."""

    progress: Progress | None = None
    found: Found | None = None
