"""Knows the columns of a customer file by the names that lenders give them."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from services.customers.findings import BadFile

REQUIRED: Final = ("name", "phone_number", "state", "loan_id", "amount", "due_date")
_ALIASES: Final = {
    "name": (
        "name", "customer name", "cust name", "borrower", "borrower name", "applicant name", "client name", "customer",
        "ग्राहक का नाम",
    ),
    "phone_number": (
        "phone number", "phone", "mobile", "mobile no", "mobile number", "mob no", "mob", "contact", "contact no",
        "contact number", "phone no", "ph no", "cell", "cell no", "registered mobile", "registered mobile no",
        "primary number", "whatsapp no", "whatsapp number",
    ),
    "state": ("state", "state name", "st", "customer state", "residence state", "comm state"),
    "loan_id": (
        "loan id", "loan no", "loan number", "loan account", "loan account no", "loan account number", "lan",
        "loan a c no", "account no", "account number", "agreement no", "contract no", "app id",
    ),
    "amount": (
        "amount", "emi", "emi amount", "emi amt", "overdue", "overdue amount", "amt due", "amount due", "pos",
        "total due", "total overdue", "installment", "instalment", "installment amount", "instalment amount",
    ),
    "due_date": ("due date", "emi date", "due dt", "duedate", "next due date", "emi due date", "bounce date"),
    "language": ("language", "language code", "lang", "preferred language", "vernacular"),
    "lender": ("lender", "lender name"),
}  # fmt: skip
_ALTERNATE: Final = (
    "alternate phone", "alternate phone no", "alternate mobile", "alternate mobile no", "alternate no",
    "alternate number", "alternate contact", "alternate contact no", "alt phone", "alt mobile", "alt mobile no",
    "alt no", "secondary number", "secondary mobile", "other mobile", "mobile 2", "mobile no 2", "phone 2",
    "contact no 2",
)  # fmt: skip
_DETAILS: Final = {
    "customer_id": ("customer id", "cust id", "customer no", "client id", "ucic", "cif", "cif no"),
    "product": ("product", "product name", "product type", "loan type", "scheme"),
    "bucket": ("bucket", "dpd", "dpd bucket", "days past due", "bucket dpd"),
    "branch": ("branch", "branch name", "branch code"),
    "district": ("district", "district name"),
    "pincode": ("pincode", "pin code", "pin", "zip", "zip code", "postal code"),
    "outstanding": ("outstanding", "outstanding amount", "principal outstanding", "total outstanding"),
    "bounce_reason": ("bounce reason", "return reason", "nach return reason"),
    "agent_name": ("agent name", "agent", "collector", "collector name", "fos name"),
    "consent_ref": ("consent ref", "consent reference", "consent id"),
}
DETAILS: Final = tuple(_DETAILS)
"""Optional columns that are kept as they are."""
_UNITS: Final = re.compile(r"\s*[(\[](in )?(rs\.?|inr|₹|rupees)[)\]]\s*$")
_WORDS: Final = {
    "name": "the borrower's name",
    "phone_number": "the phone number",
    "state": "the state",
    "loan_id": "the loan number",
    "amount": "the amount due",
    "due_date": "the due date",
    "language": "the language",
    "lender": "the lender",
}
"""What people call each field."""
_SHOWN: Final = {
    "name": ("Customer Name", "Borrower Name"),
    "phone_number": ("Mobile No", "Phone Number"),
    "state": ("State", "State Name"),
    "loan_id": ("Loan No", "LAN"),
    "amount": ("EMI Amount", "Amount Due"),
    "due_date": ("Due Date", "EMI Date"),
}
"""Of the titles that are known, those that are told where none is found."""


def fields_in(header: Sequence[str]) -> set[str]:
    """Return the fields that a row names, were it the header."""
    return {field for title in header if (field := _field(title)) and field in _ALIASES}


def match_header(header: Sequence[str]) -> dict[str, int]:
    """Return each known field's column. Never guesses: a field named twice is for the user to settle.

    Of optional columns that mean the same, the first counts.
    """
    places: dict[str, list[int]] = defaultdict(list)
    for place, title in enumerate(header):
        if field := _field(title):
            places[field].append(place)
    for field, several in places.items():
        if len(several) > 1 and field not in _OPTIONAL:
            titles = " and ".join(f"“{header[place].strip()}”" for place in several)
            raise BadFile("COLUMN_TWICE", f"Columns {titles} both mean {_WORDS[field]}: keep one.")
    if missing := [field for field in REQUIRED if field not in places]:
        raise lacks(missing)
    return {field: several[0] for field, several in places.items()}


def lacks(fields: Sequence[str]) -> BadFile:
    """Return the refusal of a file without these fields, with titles that would be known."""
    words = ", ".join(_WORDS[field] for field in fields)
    titles = "; ".join(" or ".join(f"“{title}”" for title in _SHOWN[field]) for field in fields)
    return BadFile("COLUMN_MISSING", f"The file has no column for {words}. Titles that are known: {titles}.")


def _field(title: str) -> str | None:
    return _FIELDS.get(_normalise(title)) if title and len(title) <= _LONGEST else None


def _normalise(title: str) -> str:
    lower = _UNITS.sub("", unicodedata.normalize("NFKC", title).casefold())
    return " ".join(re.sub(r"[^\w\u0900-\u0dff]|_", " ", lower).split())


_OPTIONAL: Final = {"alternate_phone": _ALTERNATE, **_DETAILS}
_FIELDS: Final = {_normalise(alias): field for field, aliases in {**_OPTIONAL, **_ALIASES}.items() for alias in aliases}
_LONGEST: Final = 100
