"""Borrowers: lists, counts, and moves by hand."""

from typing import Annotated, Final, Literal

import structlog
from pydantic import Field, StringConstraints

from services.dashboard.masking import for_role
from services.dashboard.model import CallStatus, Counts, Customer, CustomerFilter, CustomersPage, Order, Page, Sort
from services.dashboard.ports import Customers
from services.dashboard.web.endpoint import Asked, Input

log = structlog.get_logger(__name__)

SortName = Literal["id", "name", "amount", "due_date", "updated", "-id", "-name", "-amount", "-due_date", "-updated"]


_TYPED: Final = StringConstraints(strip_whitespace=True)
"""Blanks before and after what somebody typed or pasted mean nothing."""


class FilterQuery(Input):
    """Which borrowers; what is left out filters nothing."""

    status: CallStatus | None = None
    """What the line did in the latest attempt; `calling` is another name of `initiated`."""
    state: Annotated[str, _TYPED, Field(max_length=100)] = ""
    """State, in any spelling."""
    language: Annotated[str, _TYPED, Field(max_length=10)] = ""
    """Language code, such as ta-IN."""
    text: Annotated[str, _TYPED, Field(max_length=100)] = ""
    """Text in name, phone or loan number."""
    upload: Annotated[int, Field(ge=0)] = 0
    """Id of the upload."""

    def which(self) -> CustomerFilter:
        """Return the filter."""
        return CustomerFilter(
            call_status=self.status,
            state=self.state,
            language_code=self.language,
            text=self.text,
            upload_id=self.upload,
        )


class CustomersQuery(FilterQuery):
    """Which borrowers, and which page of them."""

    sort: SortName = "id"
    """By what; a minus before it for the largest first. A page token belongs to the filters and the order."""

    page_size: Annotated[int, Field(ge=1, le=1000)] = 50
    page_token: Annotated[str, Field(max_length=500)] = ""
    """`next_page_token` of the page before; empty for the first."""


def order(sort: SortName) -> Sort:
    """Return the order that a request names."""
    return Sort(by=Order(sort.removeprefix("-")), descending=sort.startswith("-"))


class CustomerPath(Input):
    """Names a borrower."""

    customer_id: Annotated[int, Field(ge=1, lt=2**63)]


class StatusBody(Input):
    """Where a borrower is moved."""

    status: CallStatus
    """`calling` is another name of `initiated`."""
    version: Annotated[int, Field(ge=0, lt=2**63)] = 0
    """The version that was looked at; 0 to move whatever it is."""


class CustomersApi:
    """Answers questions about borrowers."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers

    async def list(self, asked: Asked, query: CustomersQuery) -> CustomersPage:
        """List borrowers, page by page, in the order asked for."""
        page = Page(size=query.page_size, token=query.page_token)
        found = await self._customers.list(query.which(), page, order(query.sort))
        shown = [for_role(customer, asked.person.role) for customer in found.customers]
        return found.model_copy(update={"customers": shown})

    async def get(self, asked: Asked, path: CustomerPath) -> Customer:
        """Return one borrower."""
        return for_role(await self._customers.get(path.customer_id), asked.person.role)

    async def set_status(self, asked: Asked, path: CustomerPath, body: StatusBody) -> Customer:
        """Move a borrower to another status by hand. A move that the record's table does not name is refused."""
        name = asked.person.name
        moved = await self._customers.set_status(path.customer_id, body.status, version=body.version, requested_by=name)
        log.info("A borrower was moved by hand.", user=name, customer_id=path.customer_id, status=body.status)
        return for_role(moved, asked.person.role)

    async def count(self, _: Asked) -> Counts:
        """Count borrowers by status."""
        return await self._customers.count()
