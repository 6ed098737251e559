"""Borrowers and calls, as the customers service tells of them."""

from collections.abc import AsyncGenerator
from typing import Final

import grpc
import grpc.aio

from services.dashboard import messages
from services.dashboard.grpc_errors import our_errors
from services.dashboard.model import (
    CallFilter,
    CallRecord,
    CallsPage,
    CallStatus,
    Change,
    Counts,
    Customer,
    CustomerFilter,
    CustomersPage,
    Page,
    Sort,
)
from services.dashboard.ports import BY_ID
from voice.customers import v1 as pb
from voicekit.rpc import channel

TIMEOUT_S: Final = 5.0
CUSTOMERS: Final = "voice.customers.v1.CustomersService"
CALLS: Final = "voice.customers.v1.CallsService"
_WHO: Final = "the record"


def open_customers_channel(address: str) -> grpc.aio.Channel:
    """Open a channel for borrowers."""
    reads = ("GetCustomer", "ListCustomers", "CountCustomers", "ListUploads", "GetUpload")
    return channel(address, CUSTOMERS, retryable=reads)


def open_calls_channel(address: str) -> grpc.aio.Channel:
    """Open a channel for calls."""
    return channel(address, CALLS, retryable=("GetCall", "ListCalls"))


class GrpcCustomers:
    """The borrowers on record."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self._stub = pb.CustomersServiceStub(to)

    async def get(self, customer_id: int) -> Customer:
        """Return one borrower; `NotFound`."""
        with our_errors(_WHO):
            answer = await self._stub.GetCustomer(pb.GetCustomerRequest(customer_id=customer_id), timeout=TIMEOUT_S)
        return messages.customer(answer.customer)

    async def list(self, which: CustomerFilter, page: Page, sort: Sort = BY_ID) -> CustomersPage:
        """Return borrowers in the order asked for; `InvalidInput` for a bad filter or token."""
        request = pb.ListCustomersRequest(
            page_size=page.size,
            page_token=page.token,
            call_status=messages.status_number(which.call_status),
            state=which.state,
            language_code=which.language_code,
            text=which.text,
            upload_id=which.upload_id,
            order=pb.CustomerOrder.Value(f"CUSTOMER_ORDER_{sort.by.name}"),
            descending=sort.descending,
        )
        with our_errors(_WHO):
            answer = await self._stub.ListCustomers(request, timeout=TIMEOUT_S)
        found = [messages.customer(customer) for customer in answer.customers]
        return CustomersPage(customers=found, next_page_token=answer.next_page_token)

    async def count(self) -> Counts:
        """Count borrowers by status."""
        with our_errors(_WHO):
            return messages.counts(await self._stub.CountCustomers(pb.CountCustomersRequest(), timeout=TIMEOUT_S))

    async def set_status(self, customer_id: int, status: CallStatus, *, version: int, requested_by: str) -> Customer:
        """Move a borrower; `WrongState` for a move that is not legal, or when `version` (0: any) is not the present."""
        request = pb.SetCallStatusRequest(
            customer_id=customer_id,
            call_status=messages.status_number(status),
            version=version,
            requested_by=requested_by,
        )
        with our_errors(_WHO):
            answer = await self._stub.SetCallStatus(request, timeout=TIMEOUT_S)
        return messages.customer(answer.customer)


class GrpcCalls:
    """The calls on record."""

    def __init__(self, to: grpc.aio.Channel) -> None:
        self._stub = pb.CallsServiceStub(to)

    async def get(self, call_id: str) -> CallRecord:
        """Return a call by our id or the carrier's; `NotFound`."""
        with our_errors(_WHO):
            answer = await self._stub.GetCall(pb.GetCallRequest(call_id=call_id), timeout=TIMEOUT_S)
        return messages.call_record(answer)

    async def list(self, which: CallFilter, page: Page) -> CallsPage:
        """Return calls, newest first; `InvalidInput`."""
        request = pb.ListCallsRequest(
            page_size=page.size,
            page_token=page.token,
            customer_id=which.customer_id,
            status=messages.status_number(which.status),
        )
        with our_errors(_WHO):
            answer = await self._stub.ListCalls(request, timeout=TIMEOUT_S)
        return CallsPage(calls=list(map(messages.call, answer.calls)), next_page_token=answer.next_page_token)

    async def watch(self, after: int) -> AsyncGenerator[Change, None]:
        """Tell every change above `after`; `Forgotten`, and `ProviderDown` when the stream breaks off."""
        call = self._stub.WatchChanges(pb.WatchChangesRequest(after=after))
        try:
            with our_errors(_WHO):
                async for message in call:
                    yield messages.change(message)
        finally:
            call.cancel()
