"""Protobuf messages about uploads, made into plain values."""

from collections.abc import Iterable
from typing import Final

from services.dashboard.messages import time
from services.dashboard.uploads import (
    FileFormat,
    RejectedHeader,
    RejectedRow,
    RowProblem,
    Upload,
    UploadDetail,
    UploadPhase,
    UploadResult,
)
from voice.customers import v1 as pb

_PHASES: Final = {pb.UploadPhase.Value(f"UPLOAD_PHASE_{phase.name}"): phase for phase in UploadPhase}
_FORMATS: Final = {
    pb.FileFormat.Value(f"FILE_FORMAT_{kind.name}"): kind for kind in FileFormat if kind is not FileFormat.UNKNOWN
}


def upload_result(message: pb.ImportCustomersResponse) -> UploadResult:
    """Read what became of a file."""
    return UploadResult(
        upload_id=message.upload_id,
        total_rows=message.total_rows,
        imported_rows=message.imported_rows,
        updated_rows=message.updated_rows,
        duplicate_rows=message.duplicate_rows,
        rejected_rows=message.rejected_rows,
        problems=_problems(message.problems),
        more_problems=message.more_problems,
        ignored_columns=list(message.ignored_columns),
        already_imported=message.already_imported,
        customer_ids=list(message.customer_ids),
    )


def upload(message: pb.Upload) -> Upload:
    """Read a file that was uploaded."""
    return Upload(
        id=message.id,
        filename=message.filename,
        upload_time=time(message.upload_time),
        status=message.status,
        phase=_PHASES.get(message.phase, UploadPhase.RECEIVED),
        format=_FORMATS.get(message.format, FileFormat.UNKNOWN),
        processed_count=message.processed_count,
        total_rows=message.total_rows,
        checked_rows=message.checked_rows,
        written_rows=message.written_rows,
        imported_rows=message.imported_rows,
        updated_rows=message.updated_rows,
        duplicate_rows=message.duplicate_rows,
        rejected_rows=message.rejected_rows,
        kept_rejected_rows=message.kept_rejected_rows,
        warnings=message.warnings,
        ignored_columns=list(message.ignored_columns),
        lender_name=message.lender_name,
        failure=message.failure,
        failure_code=message.failure_code,
        finish_time=time(message.finish_time) if message.HasField("finish_time") else None,
    )


def upload_detail(message: pb.GetUploadResponse) -> UploadDetail:
    """Read an upload and what is wrong with its file."""
    return UploadDetail(
        upload=upload(message.upload), problems=_problems(message.problems), more_problems=message.more_problems
    )


def rejected_header(message: pb.RejectedRowsHeader) -> RejectedHeader:
    """Read what rejected rows have in common."""
    return RejectedHeader(
        columns=list(message.columns),
        format=_FORMATS.get(message.format, FileFormat.UNKNOWN),
        rejected_rows=message.rejected_rows,
        kept_rows=message.kept_rows,
        filename=message.filename,
    )


def rejected_row(message: pb.RejectedRow) -> RejectedRow:
    """Read a row that was left out."""
    return RejectedRow(row=message.row, cells=list(message.cells), problems=_problems(message.problems))


def _problems(messages: Iterable[pb.RowProblem]) -> list[RowProblem]:
    return [
        RowProblem(
            row=message.row,
            column=message.column,
            code=message.code,
            message=message.message,
            warning=message.warning,
            value=message.value,
            used=message.used,
        )
        for message in messages
    ]
