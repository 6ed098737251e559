"""The earlier, simple page: borrowers in a table, a button that calls each, their status. It needs no script."""

import secrets
from collections.abc import Iterable
from html import escape
from typing import Annotated, Final
from urllib.parse import urlencode

from aiohttp import web
from pydantic import Field

from services.dashboard.masking import for_role
from services.dashboard.model import CallStatus, Customer, Page, Wanted
from services.dashboard.people import Person, Role
from services.dashboard.ports import Customers
from services.dashboard.web.calling import CallingApi, Triggered
from services.dashboard.web.customers import CustomersQuery, order
from services.dashboard.web.endpoint import Asked, Input
from services.dashboard.web.pages import HEAD
from voicekit.clock import INDIA
from voicekit.languages import LANGUAGES, NAMES

STATUS_WORDS: Final = {
    CallStatus.READY: "Ready",
    CallStatus.INITIATED: "Dialling",
    CallStatus.RINGING: "Ringing",
    CallStatus.IN_PROGRESS: "In progress",
    CallStatus.AGENT_TRANSFER: "With an agent",
    CallStatus.COMPLETED: "Completed",
    CallStatus.FAILED: "Failed",
    CallStatus.NOT_PICKED: "Not picked",
}
COLUMNS: Final = ("Id", "Name", "Phone", "State", "Loan", "Amount", "Due", "Status")


class CallForm(Input):
    """Whom to call."""

    customer_id: Annotated[int, Field(ge=1, lt=2**63)]
    key: Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[\x21-\x7e]*$")]
    """The same for a second click and for a page that is loaded again."""
    csrf_token: str


class OriginalPage:
    """Shows borrowers, and calls them."""

    def __init__(self, customers: Customers, calling: CallingApi) -> None:
        self._customers, self._calling = customers, calling

    async def show(self, asked: Asked, query: CustomersQuery) -> web.Response:
        """Show the simple page: a table of borrowers, made here."""
        return await self._page(asked.person, query, "")

    async def call(self, asked: Asked, query: CustomersQuery, form: CallForm) -> web.Response:
        """Queue a call to one borrower, and show the simple page with what came of it."""
        told = await self._calling.queue_one(
            Wanted(idempotency_key=form.key, customer_ids=[form.customer_id], requested_by=asked.person.name)
        )
        return await self._page(asked.person, query, _told(told))

    async def _page(self, person: Person, query: CustomersQuery, notice: str) -> web.Response:
        page = Page(size=query.page_size, token=query.page_token)
        found = await self._customers.list(query.which(), page, order(query.sort))
        shown = [for_role(customer, person.role) for customer in found.customers]
        here = query.model_dump(mode="json", exclude_defaults=True)
        following = urlencode(here | {"page_token": found.next_page_token}) if found.next_page_token else ""
        text = (
            HEAD.format(title="Borrowers")
            + '<body class="plain"><header><h1>Borrowers</h1><a href="/">Dashboard</a></header><main>'
            + (f'<p class="notice" role="status">{escape(notice)}</p>' if notice else "")
            + _filters(query)
            + _table(shown, person, urlencode(here))
            + (f'<nav><a class="button" href="/original?{escape(following)}">Next page</a></nav>' if following else "")
            + "</main></body></html>"
        )
        return web.Response(text=text, content_type="text/html")


def _told(told: Triggered) -> str:
    if not told.queued:
        return f"Borrower {told.customer_id} is not called: {told.message}."
    if told.not_before:
        when = told.not_before.astimezone(INDIA).strftime("%d %b %Y, %H:%M")
        return f"The call to borrower {told.customer_id} waits until {when}: {told.message}."
    return f"The call to borrower {told.customer_id} is queued."


def _table(customers: Iterable[Customer], person: Person, here: str) -> str:
    rows = "".join(_row(customer, person, here) for customer in customers)
    if not rows:
        return '<p class="empty">No borrower matches. Change the filters, or upload a file on the dashboard.</p>'
    head = "".join(f"<th>{name}</th>" for name in COLUMNS)
    button = "<th>Call</th>" if person.role.may(Role.OPERATOR) else ""
    table = f"<table><thead><tr>{head}{button}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="scroll">{table}</div>'


def _filters(query: CustomersQuery) -> str:
    statuses = [("", "Any status"), *((str(status), words) for status, words in STATUS_WORDS.items())]
    languages = [("", "Any language"), *((code, NAMES[code]) for code in LANGUAGES)]
    return f"""<form method="get" action="/original" class="filters">
<label>Search <input name="text" type="search" value="{escape(query.text)}" placeholder="Name, phone or loan"></label>
<label>Status {_select("status", statuses, query.status or "")}</label>
<label>Language {_select("language", languages, query.language)}</label>
<label>State <input name="state" value="{escape(query.state)}"></label>
<button>Show</button></form>"""


def _select(name: str, options: Iterable[tuple[str, str]], chosen: str) -> str:
    inside = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(words)}</option>'
        for value, words in options
    )
    return f'<select name="{name}">{inside}</select>'


def _row(customer: Customer, person: Person, here: str) -> str:
    cells = (
        str(customer.id),
        customer.name,
        customer.phone_number,
        customer.state,
        customer.loan_id,
        f"₹{customer.amount}",
        customer.due_date.isoformat(),
        STATUS_WORDS[customer.call_status],
    )
    button = f"<td>{_button(customer, person, here)}</td>" if person.role.may(Role.OPERATOR) else ""
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + button + "</tr>"


def _button(customer: Customer, person: Person, here: str) -> str:
    hidden = {"customer_id": str(customer.id), "key": secrets.token_urlsafe(12), "csrf_token": person.csrf_token}
    fields = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in hidden.items())
    label = escape(f"Call {customer.name}")
    action = escape(f"/original?{here}")
    return f'<form method="post" action="{action}">{fields}<button aria-label="{label}">Call</button></form>'
