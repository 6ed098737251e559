"""Uploads, as the customers service keeps them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, Final

import grpc.aio

from services.dashboard import upload_messages as messages
from services.dashboard.grpc_errors import our_errors
from services.dashboard.model import Page
from services.dashboard.uploads import (
    RejectedHeader,
    RejectedRow,
    Upload,
    UploadDetail,
    UploadReceived,
    UploadResult,
    UploadsPage,
)
from voice.customers import v1 as pb

TIMEOUT_S: Final = 5.0
IMPORT_TIMEOUT_S: Final = 300.0
PIECE_BYTES: Final = 256 * 1024
_WHO: Final = "the record"


class GrpcUploads:
    """Files on their way into the record."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        """Take the channel for borrowers."""
        self._stub = pb.CustomersServiceStub(to)

    async def list(self, page: Page) -> UploadsPage:
        """Return uploads, newest first; `InvalidInput`."""
        with our_errors(_WHO):
            request = pb.ListUploadsRequest(page_size=page.size, page_token=page.token)
            answer = await self._stub.ListUploads(request, timeout=TIMEOUT_S)
        return UploadsPage(uploads=list(map(messages.upload, answer.uploads)), next_page_token=answer.next_page_token)

    async def get(self, upload_id: int) -> UploadDetail:
        """Return an upload and what is wrong with its file; `NotFound`."""
        with our_errors(_WHO):
            answer = await self._stub.GetUpload(pb.GetUploadRequest(upload_id=upload_id), timeout=TIMEOUT_S)
        return messages.upload_detail(answer)

    async def watch(self, upload_id: int) -> AsyncGenerator[Upload, None]:
        """Tell how far an upload is, at each change, until it has ended; `NotFound`, `ProviderDown`."""
        call = self._stub.WatchUpload(pb.WatchUploadRequest(upload_id=upload_id))
        try:
            with our_errors(_WHO):
                async for message in call:
                    yield messages.upload(message.upload)
        finally:
            call.cancel()

    async def rejected(self, upload_id: int) -> AsyncGenerator[RejectedHeader | RejectedRow, None]:
        """Tell the rows that were left out, a header first; `NotFound`."""
        call = self._stub.ReadRejectedRows(pb.ReadRejectedRowsRequest(upload_id=upload_id), timeout=IMPORT_TIMEOUT_S)
        try:
            with our_errors(_WHO):
                async for message in call:
                    if message.WhichOneof("step") == "header":
                        yield messages.rejected_header(message.header)
                    else:
                        yield messages.rejected_row(message.row)
        finally:
            call.cancel()

    async def receive(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadReceived:
        """Hand a file over, and return when it has come whole; when `pieces` raises, nothing is imported."""
        answer = await self._send(filename, lender_name, pieces, wait=False)
        return UploadReceived(upload_id=answer.upload_id, already_imported=answer.already_imported)

    async def import_file(self, filename: str, lender_name: str, pieces: AsyncIterator[bytes]) -> UploadResult:
        """Hand a file over, and return what became of it; `InvalidInput` when it cannot be read."""
        return messages.upload_result(await self._send(filename, lender_name, pieces, wait=True))

    async def _send(
        self, filename: str, lender_name: str, pieces: AsyncIterator[bytes], *, wait: bool
    ) -> pb.ImportCustomersResponse:
        call = self._stub.ImportCustomers(timeout=IMPORT_TIMEOUT_S)
        try:
            with our_errors(_WHO):
                info = pb.ImportInfo(filename=filename, lender_name=lender_name, answer_when_received=not wait)
                await _write(call, pb.ImportCustomersRequest(info=info))
                async for piece in pieces:
                    for start in range(0, len(piece), PIECE_BYTES):
                        await _write(call, pb.ImportCustomersRequest(chunk=piece[start : start + PIECE_BYTES]))
                await _write(call, pb.ImportCustomersRequest(finished=pb.ImportFinished()))
                await call.done_writing()
                answer: pb.ImportCustomersResponse = await call
                return answer
        finally:
            call.cancel()  # does nothing once it is done


async def _write(call: Any, request: pb.ImportCustomersRequest) -> None:
    """Send one piece; when the other side has refused the file already, raise why."""
    try:
        await call.write(request)
    except asyncio.InvalidStateError:  # so says grpc of a call that is over
        await call
