"""Uploads as protobuf tells them."""

from collections.abc import Mapping
from typing import Final

from services.customers.messages import timestamp
from services.customers.ports import Rejected
from services.customers.upload_model import FileFormat, ImportResult, Phase, Problem, RejectedRow, UploadReport
from voice.customers import v1 as pb

_PHASES: Final[Mapping[Phase, "pb.UploadPhase.ValueType"]] = {
    Phase.RECEIVED: pb.UPLOAD_PHASE_RECEIVED,
    Phase.CHECKING: pb.UPLOAD_PHASE_CHECKING,
    Phase.WRITING: pb.UPLOAD_PHASE_WRITING,
    Phase.DONE: pb.UPLOAD_PHASE_DONE,
    Phase.FAILED: pb.UPLOAD_PHASE_FAILED,
}
_FORMATS: Final[Mapping[FileFormat, "pb.FileFormat.ValueType"]] = {
    FileFormat.UNKNOWN: pb.FILE_FORMAT_UNSPECIFIED,
    FileFormat.CSV: pb.FILE_FORMAT_CSV,
    FileFormat.XLSX: pb.FILE_FORMAT_XLSX,
    FileFormat.XLS: pb.FILE_FORMAT_XLS,
    FileFormat.XLSB: pb.FILE_FORMAT_XLSB,
    FileFormat.HTML: pb.FILE_FORMAT_HTML,
}


def upload(value: UploadReport) -> pb.Upload:
    """Make a message of a file that was uploaded."""
    return pb.Upload(
        id=value.id,
        filename=value.filename,
        lender_name=value.lender_name,
        upload_time=timestamp(value.upload_time),
        status=value.status,
        failure=value.failure,
        failure_code=value.failure_code,
        total_rows=value.total_rows,
        processed_count=value.processed_count,
        imported_rows=value.imported_count,
        updated_rows=value.updated_count,
        duplicate_rows=value.duplicate_count,
        rejected_rows=value.error_count,
        phase=_PHASES[value.phase],
        checked_rows=value.checked_count,
        written_rows=value.written_count,
        warnings=value.warning_count,
        format=_FORMATS[value.format],
        ignored_columns=value.ignored_columns,
        kept_rejected_rows=value.kept_rejected_count,
        finish_time=timestamp(value.finished_at),
        confirm_time=timestamp(value.confirmed_at),
    )


def import_result(value: ImportResult) -> pb.ImportCustomersResponse:
    """Make a message of what became of a file."""
    return pb.ImportCustomersResponse(
        upload_id=value.upload_id,
        total_rows=value.total_rows,
        imported_rows=value.imported_rows,
        updated_rows=value.updated_rows,
        duplicate_rows=value.duplicate_rows,
        rejected_rows=value.rejected_rows,
        problems=map(problem, value.problems),
        more_problems=value.more_problems,
        ignored_columns=value.ignored_columns,
        already_imported=value.already_imported,
        customer_ids=value.customer_ids,
    )


def problem(value: Problem) -> pb.RowProblem:
    """Make a message of what is wrong with one cell."""
    return pb.RowProblem(
        row=value.row,
        column=value.column,
        code=value.code,
        message=value.message,
        warning=value.warning,
        value=value.value,
        used=value.used,
    )


def rejected_header(value: Rejected) -> pb.ReadRejectedRowsResponse:
    """Make the first piece of the rows that were left out."""
    return pb.ReadRejectedRowsResponse(
        header=pb.RejectedRowsHeader(
            columns=value.header,
            format=_FORMATS[value.upload.format],
            rejected_rows=value.upload.error_count,
            kept_rows=value.upload.kept_rejected_count,
            filename=value.upload.filename,
        )
    )


def rejected_row(value: RejectedRow) -> pb.ReadRejectedRowsResponse:
    """Make a further piece of them."""
    row = pb.RejectedRow(row=value.row, cells=value.cells, problems=map(problem, value.problems))
    return pb.ReadRejectedRowsResponse(row=row)
