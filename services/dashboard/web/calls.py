"""Calls: lists, one call whole, and the end of one that lives."""

from typing import Annotated

import structlog
from pydantic import Field

from services.dashboard.model import CallFilter, CallRecord, CallsPage, CallStatus, Page, Value
from services.dashboard.names import Names
from services.dashboard.ports import Calls, Phone
from services.dashboard.web.endpoint import Asked, Input

log = structlog.get_logger(__name__)


class CallsQuery(Input):
    """Which calls, and which page of them."""

    customer: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """Only of this borrower; 0 for all."""
    status: CallStatus | None = None
    page_size: Annotated[int, Field(ge=1, le=200)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


class CallPath(Input):
    """Names a call, by our id or the carrier's."""

    call_id: Annotated[str, Field(pattern=r"^[\x21-\x7e]{1,64}$")]


class Ended(Value):
    """The call is being ended."""

    call_id: str


class CallsApi:
    """Answers questions about calls."""

    def __init__(self, calls: Calls, phone: Phone, names: Names) -> None:
        self._calls, self._phone, self._names = calls, phone, names

    async def list(self, _: Asked, query: CallsQuery) -> CallsPage:
        """List calls, newest first, page by page."""
        which = CallFilter(customer_id=query.customer, status=query.status)
        page = await self._calls.list(which, Page(size=query.page_size, token=query.page_token))
        return page.model_copy(update={"calls": await self._names.put_into(page.calls)})

    async def get(self, asked: Asked, path: CallPath) -> CallRecord:
        """Return one call with what was said and what the line did. Who opens a call is logged."""
        record = await self._calls.get(path.call_id)
        log.info("A call was opened.", user=asked.person.name, call_id=record.call.call_id)
        [call] = await self._names.put_into([record.call])
        return record.model_copy(update={"call": call})

    async def end(self, asked: Asked, path: CallPath) -> Ended:
        """End a call that lives. Our line is cut off, and what came of the call is told by its status."""
        await self._phone.end(path.call_id)
        log.info("A call was ended by hand.", user=asked.person.name, call_id=path.call_id)
        return Ended(call_id=path.call_id)
