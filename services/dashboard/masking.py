"""Hides what not everybody may see."""

import re
from typing import Final

from services.dashboard.model import Customer
from services.dashboard.people import Role
from voicekit.logs import mask_phone

_WORD: Final = re.compile(r"\S+")


def hide_words(text: str) -> str:
    """Return a dot for each character of each word, at most 8 a word and 12 words: that somebody spoke, not what."""
    return " ".join("•" * min(8, len(word)) for word in _WORD.findall(text)[:12])


def for_role(customer: Customer, role: Role) -> Customer:
    """Return a borrower as `role` may see them: viewers see the last four digits of phones and loan, no details."""
    if role.may(Role.OPERATOR):
        return customer
    loan = "*" * max(0, len(customer.loan_id) - 4) + customer.loan_id[-4:]
    hidden = {
        "phone_number": mask_phone(customer.phone_number),
        "alternate_phone": mask_phone(customer.alternate_phone) if customer.alternate_phone else "",
        "loan_id": loan,
        "details": {},
    }
    return customer.model_copy(update=hidden)
