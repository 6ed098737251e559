"""What is known of an uploaded file, in plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Phase(StrEnum):
    """What is being done with an upload, in the order in which it is done."""

    RECEIVED = "received"
    CHECKING = "checking"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"


class FileFormat(StrEnum):
    """What a file is, by what it holds."""

    UNKNOWN = ""
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    HTML = "html"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one cell."""

    row: int
    """As a person counts it in the file, lines above the header included."""
    column: str
    """The header as it stands in the file; empty when it is about the file or the whole row."""
    code: str
    message: str
    warning: bool = False
    """True when the row is kept all the same."""
    value: str = ""
    """The cell as it stood in the file, for whoever sent it."""
    used: str = ""
    """What was taken instead, for a warning."""


class LoanRow(NamedTuple):
    """One good row of a file, in the order in which it goes on record."""

    row: int
    name: str
    phone_number: str
    state: str
    loan_id: str
    lender_name: str
    amount_paise: int
    due_date: date
    language_code: str
    alternate_phone: str = ""
    details: str = "{}"
    """What the optional columns say, as JSON."""


@dataclass(frozen=True, slots=True)
class RejectedRow:
    """A row that was left out, as it stood in the file."""

    row: int
    cells: list[str]
    problems: list[Problem]


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in a file, for whoever sent it."""

    format: FileFormat = FileFormat.UNKNOWN
    total_rows: int = 0
    rejected_rows: int = 0
    warnings: int = 0
    header: list[str] = field(default_factory=list)
    """The header row as it stands in the file."""
    ignored_columns: list[str] = field(default_factory=list)
    """Columns that mean nothing here, by their headers."""
    problems: list[Problem] = field(default_factory=list)
    """The first and gravest, by row."""
    more_problems: int = 0
    """How many there are besides."""
    kept_rejected: int = 0
    """How many rows are in `rejected`."""
    rejected: bytes = b""
    """The rows that were left out, up to a bound, packed by `rejects.pack`."""


@dataclass(frozen=True, slots=True)
class CleanFile:
    """A checked file as it goes on record: its rows written out, so that nobody has to read 100 000 of them again."""

    kept_rows: int
    repeated_rows: int
    """Rows that say again, word for word, what another row says; that one is kept."""
    report: Report
    lines: bytes = b""
    """The kept rows as CSV in UTF-8, every value quoted, in the order of the fields of `LoanRow`."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an upload is."""

    phase: Phase
    total_rows: int = 0
    checked_rows: int = 0
    written_rows: int = 0


@dataclass(frozen=True, slots=True)
class UploadReport:
    """A file that was uploaded, and how far it is."""

    id: int
    filename: str
    lender_name: str
    """As it was said with the file; empty when the file says it."""
    upload_time: datetime
    status: str
    """processing, completed, completed_with_errors or failed."""
    failure: str
    """Why it failed; empty otherwise."""
    failure_code: str
    """Empty when it did not fail through the file."""
    total_rows: int
    processed_count: int
    imported_count: int
    updated_count: int
    duplicate_count: int
    error_count: int
    warning_count: int
    phase: Phase
    checked_count: int
    written_count: int
    format: FileFormat
    ignored_columns: list[str]
    kept_rejected_count: int
    finished_at: datetime | None
    confirmed_at: datetime

    @property
    def ended(self) -> bool:
        """Whether nothing of it will change any more."""
        return self.phase in (Phase.DONE, Phase.FAILED)


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file. Each of its rows is counted in one of the four: imported, updated, duplicate, rejected."""

    upload_id: int
    total_rows: int
    imported_rows: int
    updated_rows: int
    duplicate_rows: int
    rejected_rows: int
    problems: list[Problem]
    more_problems: int
    ignored_columns: list[str]
    customer_ids: list[int]
    already_imported: bool = False


Details = Mapping[str, str]
"""What the optional columns say, by their names."""
