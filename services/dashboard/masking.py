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
    """Return a borrower as `role` may see them: viewers see the phone's and the loan's last four digits."""
    if role.may(Role.OPERATOR):
        return customer
    loan = "*" * max(0, len(customer.loan_id) - 4) + customer.loan_id[-4:]
    return customer.model_copy(update={"phone_number": mask_phone(customer.phone_number), "loan_id": loan})
