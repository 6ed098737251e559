"""Sums of money in words, with the currency."""

from typing import Final

from services.dialog.spoken.numbers import LARGEST, counting
from services.dialog.spoken.tables import WORDS
from voicekit.errors import InvalidInput
from voicekit.languages import check_language

LARGEST_PAISE: Final = LARGEST * 100 + 99


def rupees(paise: int, language: str) -> str:
    """Say a sum exactly, with its currency word; paise only when there are any.

    Args:
        paise: 1 to `LARGEST_PAISE`; `InvalidInput` outside, so that nobody is ever asked for nothing.
        language: one of the eleven codes; `InvalidInput` otherwise.
    """
    money = WORDS[check_language(language)].money
    if not 1 <= paise <= LARGEST_PAISE:
        raise InvalidInput("the sum is nothing, negative, or a hundred crore rupees and more", "paise")
    whole, part = divmod(paise, 100)
    whole_word = money.rupees_joined if part and money.rupees_joined else money.rupees
    said = []
    if whole:
        said.append(money.one_rupee if whole == 1 else f"{counting(whole, language)} {whole_word}")
    if whole and part and money.joiner:
        said.append(money.joiner)
    if part:
        said.append(money.one_paisa if part == 1 else f"{counting(part, language)} {money.paise}")
    return " ".join(said)
