"""Whole numbers as people of a language say them."""

from dataclasses import replace
from typing import Final

from services.dialog.spoken.grammar import Numerals
from services.dialog.spoken.tables import WORDS
from voicekit.errors import InvalidInput
from voicekit.languages import check_language

LARGEST: Final = 99_99_99_999
"""Ninety-nine crore, and all below: more is a mistake in the data, not a loan."""


def cardinal(n: int, language: str) -> str:
    """Say a whole number, grouped the Indian way: 1_23_456 is "one lakh twenty three thousand ...".

    Args:
        n: 0 to `LARGEST`; `InvalidInput` outside.
        language: one of the eleven codes; `InvalidInput` otherwise.
    """
    return _say(n, WORDS[check_language(language)].numerals)


def counting(n: int, language: str) -> str:
    """Say `n` as it stands before the thing counted, where that differs: రెండు వేలు, but రెండు వేల రూపాయలు."""
    numerals = WORDS[check_language(language)].numerals
    *higher, last = _say(n, numerals).split(" ")
    return " ".join((*higher, numerals.before_noun.get(last, last)))


def year(n: int, language: str) -> str:
    """Say `n` as a year, without the "and" of a count: two thousand twenty six."""
    return _say(n, replace(WORDS[check_language(language)].numerals, before_rest=""))


def _say(n: int, numerals: Numerals) -> str:
    if not 0 <= n <= LARGEST:
        raise InvalidInput("the number is negative or a hundred crore and more", "n")
    crores, below = divmod(n, 1_00_00_000)
    lakhs, below = divmod(below, 1_00_000)
    thousands, below = divmod(below, 1_000)
    hundreds, rest = divmod(below, 100)
    places = (
        (crores, numerals.crore, n % 1_00_00_000),
        (lakhs, numerals.lakh, n % 1_00_000),
        (thousands, numerals.thousand, n % 1_000),
        (hundreds, numerals.hundred, rest),
    )
    said = [(scale.joined if lower else scale.alone)[count] for count, scale, lower in places if count]
    if rest and said and numerals.before_rest:
        said.append(numerals.before_rest)
    if rest or not said:
        said.append(numerals.below_hundred[rest])
    return " ".join(said)
