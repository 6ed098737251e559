"""What the dashboard knows of uploads, in plain values that also say how they look in JSON."""

from datetime import datetime
from enum import StrEnum

from pydantic import computed_field

from services.dashboard.model import Value


class UploadPhase(StrEnum):
    """What is being done with an upload, in this order."""

    RECEIVED = "received"
    CHECKING = "checking"
    WRITING = "writing"
    DONE = "done"
    FAILED = "failed"

    @property
    def ended(self) -> bool:
        """Whether nothing more happens."""
        return self in (self.DONE, self.FAILED)


class FileFormat(StrEnum):
    """What a file is, by what it holds."""

    UNKNOWN = ""
    CSV = "csv"
    XLSX = "xlsx"
    XLS = "xls"
    XLSB = "xlsb"
    HTML = "html"


class RowProblem(Value):
    """What is wrong with one cell."""

    row: int
    """Row as a person counts it in the file, lines above the header included."""
    column: str
    code: str
    message: str
    warning: bool
    """True when the row was kept all the same."""
    value: str = ""
    """The cell as it stood; empty when the problem is not about one cell."""
    used: str = ""
    """What was taken instead, for a warning."""


class UploadLinks(Value):
    """Where more is told of an upload."""

    upload: str
    """How far it is, and what is wrong with the file."""
    progress: str
    """The same as a stream of server-sent events (text/event-stream)."""
    rejected_rows: str
    """The rows that were left out, with reasons, as JSON."""
    error_file: str
    """The same as a file to correct and upload again: CSV for a CSV file, XLSX for every workbook."""
    customers: str
    """The borrowers that the file names."""


def links(upload_id: int) -> UploadLinks:
    """Return where an upload is told of."""
    own = f"/uploads/{upload_id}"
    return UploadLinks(
        upload=own,
        progress=f"{own}/progress",
        rejected_rows=f"{own}/rejected-rows",
        error_file=f"{own}/error-file",
        customers=f"/customers?upload={upload_id}",
    )


class UploadReceived(Value):
    """The whole file has come; what becomes of it is told under the links."""

    upload_id: int
    already_imported: bool
    """True when this very file had been imported before, or is being imported."""
    status: str = "processing"

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def links(self) -> UploadLinks:
        """Where more is told."""
        return links(self.upload_id)


class UploadResult(Value):
    """What became of a file."""

    upload_id: int
    total_rows: int
    """Rows in the file, without the header."""
    imported_rows: int
    """Rows that made a new borrower."""
    updated_rows: int
    """Rows that changed a borrower already known."""
    duplicate_rows: int
    """Rows that changed nothing."""
    rejected_rows: int
    """Rows left out."""
    problems: list[RowProblem]
    """All reasons of every rejected row; the first 1000."""
    more_problems: int
    """Problems that there are besides those."""
    ignored_columns: list[str]
    """Columns of the file that mean nothing here and were not kept."""
    already_imported: bool
    """True when this very file had been imported before: nothing was changed."""
    customer_ids: list[int]
    """The borrowers that the file names; the first 10000."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def accepted_rows(self) -> int:
        """Rows that are on record now: all but the rejected ones."""
        return self.total_rows - self.rejected_rows

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def status(self) -> str:
        """completed, or completed_with_errors when rows were left out."""
        return "completed_with_errors" if self.rejected_rows else "completed"

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def links(self) -> UploadLinks:
        """Where more is told."""
        return links(self.upload_id)


class Upload(Value):
    """A file that was uploaded."""

    id: int
    filename: str
    upload_time: datetime
    status: str
    """processing, completed, completed_with_errors or failed."""
    phase: UploadPhase
    """What is being done."""
    format: FileFormat
    """What the file is; empty until it has been opened."""
    processed_count: int
    """Rows that are on record now; 0 while it is processed."""
    total_rows: int
    """0 until the file has been opened."""
    checked_rows: int
    """Rows that have been checked so far."""
    written_rows: int
    """Rows that have been sent to the record so far; they count, all at once, when the phase is done."""
    imported_rows: int
    updated_rows: int
    duplicate_rows: int
    rejected_rows: int
    kept_rejected_rows: int
    """Rejected rows that can be had; also of a file that failed because most rows are wrong."""
    warnings: int
    """Warnings about rows that were kept."""
    ignored_columns: list[str]
    """Columns of the file that mean nothing here and were not kept."""
    lender_name: str
    """Who lends, as it was said with the file; empty when the file says it."""
    failure: str
    """Why it failed; empty otherwise."""
    failure_code: str
    """The same for programs, such as COLUMN_MISSING."""
    finish_time: datetime | None
    """When it was done or had failed."""

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def accepted_rows(self) -> int:
        """Rows that are on record now: new, changed or known before."""
        return self.processed_count

    @computed_field  # type: ignore[prop-decorator]  # mypy knows no decorated property
    @property
    def links(self) -> UploadLinks:
        """Where more is told."""
        return links(self.id)


class UploadDetail(Value):
    """An upload, and what is wrong with its file."""

    upload: Upload
    problems: list[RowProblem]
    """The first 1000, errors before warnings where there are more."""
    more_problems: int
    """Problems that there are besides those."""


class UploadsPage(Value):
    """Some uploads."""

    uploads: list[Upload]
    next_page_token: str
    """Where to go on; empty when this was the last page."""


class RejectedHeader(Value):
    """What the rejected rows of a file have in common."""

    columns: list[str]
    """The file's header."""
    format: FileFormat
    rejected_rows: int
    """Rows that were left out."""
    kept_rows: int
    """Of these, those that can be had: a file that is mostly wrong keeps not all."""
    filename: str


class RejectedRow(Value):
    """One row that was left out."""

    row: int
    """Row as a person counts it in the file."""
    cells: list[str]
    """As they stood in the file, one for each column, and more where the row had more."""
    problems: list[RowProblem]


class RejectedRows(Value):
    """The rows of a file that were left out."""

    header: RejectedHeader
    rows: list[RejectedRow]
    """The first of them, as many as were asked for."""
