"""Speaks protobuf: parses what is asked, asks the floor below, and answers."""

from __future__ import annotations  # grpc's own classes take their type parameters in stubs alone

import contextlib
import re
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import grpc

from services.customers import messages, upload_messages
from services.customers.findings import MAX_BYTES, BadCell
from services.customers.importer import Importer
from services.customers.model import CallFilter, CustomerFilter, Sorting
from services.customers.paging import from_token, page_size, to_token
from services.customers.phone import read_phone
from services.customers.places import state_name
from services.customers.ports import ByHand, Calls, ChangeFeed, Customers, Desk, VersionChanged
from services.customers.watch import ChangesForgotten, follow
from voice.customers import v1 as pb
from voicekit.clock import Now, utc_now
from voicekit.errors import InvalidInput, NotFound
from voicekit.languages import check_language

if TYPE_CHECKING:
    Context = grpc.aio.ServicerContext[Any, Any]

MAX_EVENTS: Final = 100
_OUR_ID: Final = re.compile(r"[\x21-\x7e]{1,64}")


class CustomersServicer(pb.CustomersServiceServicer):
    """Borrowers, for other services."""

    def __init__(self, customers: Customers, importer: Importer, desk: Desk, *, now: Now = utc_now) -> None:
        self._customers, self._importer, self._desk, self._now = customers, importer, desk, now

    async def ImportCustomers(
        self, request_iterator: AsyncIterator[pb.ImportCustomersRequest], _: Context
    ) -> pb.ImportCustomersResponse:
        """Import a file that comes in pieces."""
        info, data = await _whole_file(request_iterator)
        if info.answer_when_received:
            upload = await self._importer.start(info.filename, info.lender_name, data)
            return pb.ImportCustomersResponse(upload_id=upload.id, already_imported=not upload.is_new)
        return upload_messages.import_result(await self._importer.run(info.filename, info.lender_name, data))

    async def WatchUpload(self, request: pb.WatchUploadRequest, _: Context) -> AsyncIterator[pb.WatchUploadResponse]:
        """Stream how far an upload is."""
        async with contextlib.aclosing(self._importer.follow(request.upload_id)) as reports:
            async for report in reports:
                yield pb.WatchUploadResponse(upload=upload_messages.upload(report))

    async def GetUpload(self, request: pb.GetUploadRequest, _: Context) -> pb.GetUploadResponse:
        """Return an upload and what is wrong with its file."""
        upload = await self._importer.uploads.get(request.upload_id)
        problems, more = await self._importer.uploads.problems(request.upload_id)
        return pb.GetUploadResponse(
            upload=upload_messages.upload(upload),
            problems=map(upload_messages.problem, problems),
            more_problems=more,
        )

    async def ReadRejectedRows(
        self, request: pb.ReadRejectedRowsRequest, _: Context
    ) -> AsyncIterator[pb.ReadRejectedRowsResponse]:
        """Stream the rows that were left out."""
        rejected = await self._importer.uploads.rejected(request.upload_id)
        yield upload_messages.rejected_header(rejected)
        for row in rejected.rows:
            yield upload_messages.rejected_row(row)

    async def GetCustomer(self, request: pb.GetCustomerRequest, _: Context) -> pb.GetCustomerResponse:
        """Return one borrower."""
        customer = await self._customers.get(request.customer_id)
        return pb.GetCustomerResponse(customer=messages.customer(customer))

    async def FindCustomer(self, request: pb.FindCustomerRequest, _: Context) -> pb.FindCustomerResponse:
        """Find who owns a phone number."""
        try:
            phone = read_phone(request.phone_number)
        except BadCell as error:
            if error.code in ("PHONE_FOREIGN", "PHONE_NOT_MOBILE"):  # a number that nobody on record can have
                raise NotFound("nobody has this phone number") from error
            raise InvalidInput(str(error), "phone_number") from error
        customer = await self._customers.find_by_phone(phone)
        return pb.FindCustomerResponse(customer=messages.customer(customer))

    async def ListCustomers(self, request: pb.ListCustomersRequest, _: Context) -> pb.ListCustomersResponse:
        """List borrowers in the order asked for."""
        which = CustomerFilter(
            call_status=messages.status_filter(request.call_status, "call_status"),
            state=state_name(request.state),
            language_code=check_language(request.language_code, "language_code") if request.language_code else "",
            text=request.text,
            upload_id=request.upload_id,
        )
        size = page_size(request.page_size)
        sorting = Sorting(messages.order(request.order), request.descending)
        after = None
        if request.page_token:
            value, customer_id = from_token(request.page_token, (which, sorting), (str, int))
            after = (str(value), int(customer_id))
        found = await self._customers.list(which, sorting, after=after, limit=size + 1)
        page = found[:size]
        token = to_token(sorting.key(page[-1]), (which, sorting)) if len(found) > size else ""
        return pb.ListCustomersResponse(customers=map(messages.customer, page), next_page_token=token)

    async def CountCustomers(self, _: pb.CountCustomersRequest, __: Context) -> pb.CountCustomersResponse:
        """Count borrowers by status."""
        return messages.status_counts(await self._desk.count_customers())

    async def SetCallStatus(self, request: pb.SetCallStatusRequest, context: Context) -> pb.SetCallStatusResponse:
        """Move a borrower by hand."""
        if not 1 <= len(request.requested_by) <= 100:
            raise InvalidInput("1 to 100 characters", "requested_by")
        status = messages.status(request.call_status, "call_status")
        move = ByHand(request.requested_by, self._now(), request.version)
        try:
            await self._desk.set_status(request.customer_id, status, move)
        except VersionChanged as error:
            await context.abort(grpc.StatusCode.ABORTED, str(error))
        customer = await self._customers.get(request.customer_id)
        return pb.SetCallStatusResponse(customer=messages.customer(customer))

    async def ListUploads(self, request: pb.ListUploadsRequest, _: Context) -> pb.ListUploadsResponse:
        """List uploads, newest first."""
        size = page_size(request.page_size)
        before = int(from_token(request.page_token, "uploads", (int,))[0]) if request.page_token else None
        found = await self._desk.list_uploads(before=before, limit=size + 1)
        page = found[:size]
        token = to_token((page[-1].id,), "uploads") if len(found) > size else ""
        return pb.ListUploadsResponse(uploads=map(upload_messages.upload, page), next_page_token=token)


class CallsServicer(pb.CallsServiceServicer):
    """Calls, for other services."""

    def __init__(self, calls: Calls, customers: Customers, feed: ChangeFeed) -> None:
        self._calls, self._customers, self._feed = calls, customers, feed

    async def BeginCall(self, request: pb.BeginCallRequest, _: Context) -> pb.BeginCallResponse:
        """Begin an attempt."""
        begun = await self._calls.begin(_id(request.request_id, "request_id"), request.customer_id)
        return pb.BeginCallResponse(brief=messages.brief(begun), phone_number=begun.call.phone_number)

    async def BeginInboundCall(self, request: pb.BeginInboundCallRequest, _: Context) -> pb.BeginInboundCallResponse:
        """Begin an attempt for a borrower who rings us."""
        begun = await self._calls.begin_inbound(_id(request.call_sid, "call_sid"), request.customer_id)
        return pb.BeginInboundCallResponse(brief=messages.brief(begun))

    async def RecordEvents(self, request: pb.RecordEventsRequest, _: Context) -> pb.RecordEventsResponse:
        """Write down what happened in a call."""
        if not 1 <= len(request.events) <= MAX_EVENTS:
            raise InvalidInput(f"1 to {MAX_EVENTS}", "events")
        events = [messages.event(event, f"events[{place}]") for place, event in enumerate(request.events)]
        verdicts = await self._calls.record(request.call_id, events)
        return pb.RecordEventsResponse(results=map(messages.event_result, verdicts))

    async def RetryCustomer(self, request: pb.RetryCustomerRequest, _: Context) -> pb.RetryCustomerResponse:
        """Put a borrower back to ready."""
        customer = await self._customers.retry(request.customer_id)
        return pb.RetryCustomerResponse(customer=messages.customer(customer))

    async def GetCall(self, request: pb.GetCallRequest, _: Context) -> pb.GetCallResponse:
        """Return one call, whole."""
        return messages.call_record(await self._calls.get(_id(request.call_id, "call_id")))

    async def ListCalls(self, request: pb.ListCallsRequest, _: Context) -> pb.ListCallsResponse:
        """List calls, newest first."""
        which = CallFilter(request.customer_id, messages.status_filter(request.status, "status"))
        size = page_size(request.page_size)
        before = None
        if request.page_token:
            start_time, call_id = from_token(request.page_token, which, (str, str))
            before = (str(start_time), str(call_id))
        found = await self._calls.list(which, before=before, limit=size + 1)
        page = found[:size]
        token = to_token((page[-1].start_time.isoformat(), page[-1].id), which) if len(found) > size else ""
        return pb.ListCallsResponse(calls=map(messages.call, page), next_page_token=token)

    async def WatchChanges(
        self, request: pb.WatchChangesRequest, context: Context
    ) -> AsyncIterator[pb.WatchChangesResponse]:
        """Stream changes as they come."""
        if request.after < 0:
            raise InvalidInput("0 or a number seen before", "after")
        try:
            async with contextlib.aclosing(follow(self._feed, request.after)) as changes:
                async for change in changes:
                    yield messages.change(change)
        except ChangesForgotten as error:
            await context.abort(grpc.StatusCode.OUT_OF_RANGE, str(error))


async def _whole_file(pieces: AsyncIterator[pb.ImportCustomersRequest]) -> tuple[pb.ImportInfo, bytes]:
    """Gather a file; a stream that breaks off before `finished` imports nothing."""
    info: pb.ImportInfo | None = None
    data = bytearray()
    async for piece in pieces:
        match piece.WhichOneof("step"):
            case "info" if info is None:
                info = piece.info
            case "chunk" if info is not None:
                data += piece.chunk
                if len(data) > MAX_BYTES:
                    raise InvalidInput(f"The file is larger than {MAX_BYTES // 1024 // 1024} MiB.", "chunk")
            case "finished" if info is not None:
                return info, bytes(data)
            case _:
                raise InvalidInput("`info` once, then `chunk`s, then `finished`", "step")
    raise InvalidInput("the file ended without `finished`; nothing was imported", "step")


def _id(text: str, field: str) -> str:
    if not _OUR_ID.fullmatch(text):
        raise InvalidInput("1 to 64 printable characters", field)
    return text
