"""Lists as files, sent as they are read."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Annotated, Final, Literal

import structlog
from aiohttp import web
from pydantic import Field

from services.dashboard.model import Call, CallFilter, CallStatus, Customer, CustomerFilter, Page
from services.dashboard.names import Names
from services.dashboard.ports import Calls, Customers
from services.dashboard.sheets import Cell, CsvSheet, Sheet, XlsxSheet
from services.dashboard.web.customers import FilterQuery
from services.dashboard.web.endpoint import Asked, Input
from voicekit.errors import InvalidInput, Overloaded

log = structlog.get_logger(__name__)

Format = Literal["csv", "xlsx"]
Rows = AsyncGenerator[Sequence[Sequence[Cell]], None]

AT_ONCE: Final = 2
PAGE: Final = 1000
CALLS_PAGE: Final = 200
"""Smaller, since each call's borrower is looked up."""
CUSTOMER_COLUMNS: Final = (
    *("id", "name", "phone_number", "state", "loan_id", "lender", "amount", "due_date", "language"),
    *("call_status", "updated_at"),
)
CALL_COLUMNS: Final = (
    *("call_id", "call_sid", "customer_id", "customer_name", "direction", "status", "reason", "disposition"),
    *("language", "verified", "start_time", "answer_time", "end_time", "talked_seconds"),
)


class CustomersExportQuery(FilterQuery):
    """Which borrowers, and as what."""

    format: Format = "csv"


class CallsExportQuery(Input):
    """Which calls, and as what."""

    customer: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Only of this borrower; 0 for all."""
    status: CallStatus | None = None
    format: Format = "csv"


class ExportsApi:
    """Sends files."""

    def __init__(self, customers: Customers, calls: Calls, names: Names) -> None:
        self._customers, self._calls, self._names = customers, calls, names
        self._under_way = 0

    async def customers(self, asked: Asked, query: CustomersExportQuery) -> web.StreamResponse:
        """Export borrowers as a file, all that match."""
        return await self._send(asked, "borrowers", query.format, CUSTOMER_COLUMNS, self._customer_rows(query.which()))

    async def calls(self, asked: Asked, query: CallsExportQuery) -> web.StreamResponse:
        """Export calls as a file, newest first. Times are India's."""
        which = CallFilter(customer_id=query.customer, status=query.status)
        return await self._send(asked, "calls", query.format, CALL_COLUMNS, self._call_rows(which))

    async def _send(
        self, asked: Asked, what: str, kind: Format, columns: Sequence[str], rows: Rows
    ) -> web.StreamResponse:
        if self._under_way >= AT_ONCE:
            raise Overloaded("Other exports are under way. Try again in a minute.")
        self._under_way += 1
        try:
            async with aclosing(rows):
                first = await anext(rows)  # a bad filter is told before anything is sent
                sheet: Sheet = CsvSheet() if kind == "csv" else XlsxSheet()
                response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{what}.{kind}"'})
                response.content_type = sheet.media_type
                await response.prepare(asked.request)
                await response.write(sheet.add([columns, *first]))
                sent = len(first)
                async for batch in rows:
                    sent += len(batch)
                    if sent > sheet.max_rows:
                        raise InvalidInput("too many rows for this format", "format")
                    await response.write(await asyncio.to_thread(sheet.add, batch))
                await response.write(sheet.end())
                await response.write_eof()
        finally:
            self._under_way -= 1
        log.info("A list was exported.", user=asked.person.name, what=what, rows=sent)
        return response

    async def _customer_rows(self, which: CustomerFilter) -> Rows:
        token = ""
        while True:
            page = await self._customers.list(which, Page(size=PAGE, token=token))
            yield [_customer_row(customer) for customer in page.customers]
            token = page.next_page_token
            if not token:
                return

    async def _call_rows(self, which: CallFilter) -> Rows:
        token = ""
        while True:
            page = await self._calls.list(which, Page(size=CALLS_PAGE, token=token))
            yield [_call_row(call) for call in await self._names.put_into(page.calls)]
            token = page.next_page_token
            if not token:
                return


def _customer_row(customer: Customer) -> Sequence[Cell]:
    return (
        customer.id,
        customer.name,
        customer.phone_number,
        customer.state,
        customer.loan_id,
        customer.lender_name,
        customer.amount_paise / 100,
        customer.due_date.isoformat(),
        customer.language_code,
        customer.call_status,
        customer.updated_at,
    )


def _call_row(call: Call) -> Sequence[Cell]:
    talked = (call.end_time - call.answer_time).total_seconds() if call.end_time and call.answer_time else None
    return (
        call.call_id,
        call.call_sid,
        call.customer_id,
        call.customer_name,
        call.direction,
        call.status,
        call.reason,
        call.disposition,
        call.language_used,
        call.verified,
        call.start_time,
        call.answer_time,
        call.end_time,
        talked,
    )
