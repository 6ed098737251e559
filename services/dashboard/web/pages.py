"""The pages: the dashboard, the simple one that works without scripts, and the form to sign in."""

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aiohttp import web

from services.dashboard.masking import for_role
from services.dashboard.model import CallStatus, Customer, Page
from services.dashboard.ports import Customers
from services.dashboard.web.customers import CustomersQuery
from services.dashboard.web.endpoint import Asked
from voicekit.languages import LANGUAGES, NAMES

STATIC: Final = Path(__file__).parent.parent / "static"
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
_HEAD: Final = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark">'
    '<link rel="icon" href="/static/icon.svg"><link rel="stylesheet" href="/static/css/base.css">'
    '<link rel="stylesheet" href="/static/css/plain.css"></head>'
)


class Pages:
    """Shows pages."""

    def __init__(self, customers: Customers) -> None:
        self._customers = customers
        self._dashboard = (STATIC / "index.html").read_text(encoding="utf-8")

    async def dashboard(self, _: Asked) -> web.Response:
        """Show the dashboard."""
        return web.Response(text=self._dashboard, content_type="text/html")

    async def original(self, asked: Asked, query: CustomersQuery) -> web.Response:
        """Show the simple page: a table of borrowers, made here."""
        page = await self._customers.list(query.which(), Page(size=query.page_size, token=query.page_token))
        shown = [for_role(customer, asked.person.role) for customer in page.customers]
        return web.Response(text=_original(query, shown, page.next_page_token), content_type="text/html")


def login_page(problem: str = "", status: int = 200) -> web.Response:
    """Make the form to sign in, with what was wrong the last time."""
    alert = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    text = (
        _HEAD.format(title="Sign in")
        + f"""<body class="signing-in"><main><h1>Asha Voice</h1><p class="lead">Calls to borrowers, as they happen.</p>
<form method="post" action="/login">{alert}
<label>Name <input name="name" autocomplete="username" required autofocus maxlength="100"></label>
<label>Password <input name="password" type="password" autocomplete="current-password" required maxlength="200"></label>
<button class="primary">Sign in</button></form></main></body></html>"""
    )
    return web.Response(text=text, content_type="text/html", status=status)


def _original(query: CustomersQuery, customers: Iterable[Customer], next_token: str) -> str:
    rows = "".join(map(_row, customers))
    head = "".join(f"<th>{name}</th>" for name in ("Id", "Name", "Phone", "State", "Loan", "Amount", "Due", "Status"))
    table = (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
        if rows
        else '<p class="empty">No borrower matches. Change the filters, or upload a file on the dashboard.</p>'
    )
    more = ""
    if next_token:
        asked = query.model_dump(mode="json", exclude_defaults=True) | {"page_token": next_token}
        more = f'<a class="button" href="/original?{escape(urlencode(asked))}">Next page</a>'
    return (
        _HEAD.format(title="Borrowers")
        + f"""<body class="plain"><header><h1>Borrowers</h1><a href="/">Dashboard</a></header><main>{_filters(query)}
{table}<nav>{more}</nav></main></body></html>"""
    )


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


def _row(customer: Customer) -> str:
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
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
