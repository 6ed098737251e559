"""Words that give away that a call is about money owed, so that a test can hear them."""

import unicodedata
from collections.abc import Mapping
from functools import cache
from typing import Final

from services.dialog import data
from voicekit.languages import LANGUAGES, check_language


def _load() -> dict[str, frozenset[str]]:
    lists = data.load("debt_words")
    latin = {word for row in lists["latin"] for word in row}
    return {
        language: frozenset(_plain(word) for word in latin.union(*lists["words"][language])) for language in LANGUAGES
    }


def _plain(text: str) -> str:
    """Fold case and turn all that is no letter, mark, joiner or digit into one space."""
    folded = unicodedata.normalize("NFC", text).casefold()
    kept = (c if unicodedata.category(c)[0] in "LMN" or c in "\u200c\u200d" else " " for c in folded)
    return " ".join("".join(kept).split())


DEBT_WORDS: Final[Mapping[str, frozenset[str]]] = _load()
"""By language: beginnings of words in its own script, whole words in Latin letters. See the data file."""


def debt_words_in(text: str, language: str) -> frozenset[str]:
    """Return the entries of `DEBT_WORDS[language]` that a listener would hear in `text`."""
    padded = f" {_plain(text)} "
    return frozenset(word for word, sought in _needles(check_language(language)) if sought in padded)


@cache
def _needles(language: str) -> tuple[tuple[str, str], ...]:
    return tuple((word, f" {word} " if word.isascii() else f" {word}") for word in DEBT_WORDS[language])
