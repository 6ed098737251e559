"""Reads amounts of rupees, as Indian lenders write them."""

import re
from decimal import Decimal
from typing import Final

from services.customers.cells import Warn, clean, is_blank
from services.customers.findings import BadCell

MAX_AMOUNT_PAISE: Final = 1_00_00_000_00
"""One crore rupees: an instalment above it is a mistake of columns."""

_PLAIN: Final = re.compile(r"\d{1,9}(\.\d{1,2})?", re.ASCII)
_CURRENCY: Final = re.compile(r"^(₹|rs\.?|inr)|(/-|\bdr\.?|\brupees)$", re.IGNORECASE)
_CREDIT: Final = re.compile(r"\bcr\.?$|^(₹|rs\.?|inr)?\s*[-(]|-$", re.IGNORECASE)
_GROUPED: Final = re.compile(r"(\d+|\d{1,3}(,\d{3})+|\d{1,2}(,\d{2})*,\d{3})(\.\d+)?", re.ASCII)
_SPACE: Final = re.compile(r"(?<=\d) (?=\d)")


def read_amount(text: str, warn: Warn) -> int:
    """Return an amount of rupees in paise. Takes `₹1,23,456.00`, `Rs. 4,550/-`, `INR 4550`, `4550.5`, `4 550`."""
    bare = text if _PLAIN.fullmatch(text) else _bare(text)
    rupees = Decimal(bare)
    paise = rupees * 100
    if paise != int(paise):
        raise BadCell("AMOUNT_FORMAT", "The amount has more than two decimals.")
    if paise == 0:
        raise BadCell("AMOUNT_NOT_POSITIVE", "The amount is zero.")
    if paise > MAX_AMOUNT_PAISE:
        raise BadCell("AMOUNT_TOO_LARGE", "The amount is above one crore: perhaps another column slipped in.")
    if paise < 100_00:
        warn("AMOUNT_SMALL", "The amount is below 100 rupees: perhaps another column slipped in.")
    return int(paise)


def _bare(text: str) -> str:
    """Return an amount's digits and its point."""
    amount = clean(text).replace("−", "-")
    if is_blank(amount):
        raise BadCell("AMOUNT_MISSING", "The amount is missing.")
    unmarked = amount.removesuffix("/-").strip()
    if _CREDIT.search(unmarked):
        raise BadCell("AMOUNT_NOT_POSITIVE", "The amount is a credit, or below zero.")
    bare = _SPACE.sub("", _CURRENCY.sub("", _CURRENCY.sub("", amount).strip()).strip())
    if len(bare) > 40 or not _GROUPED.fullmatch(bare):
        raise BadCell("AMOUNT_FORMAT", "The amount is not written like 12,345.50.")
    return bare.replace(",", "")
