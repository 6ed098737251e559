"""Finds the listed phrase that a longer reply differs from by a slip of spelling."""

from typing import Final

from rapidfuzz import fuzz, process

from services.dialog.lexicon.scan import Scan
from services.dialog.lexicon.vocabulary import vocabulary

_MIN_WORDS: Final = 3
_MIN_LETTERS: Final = 12
_ALIKE: Final = 88


def closest(said: Scan, language: str) -> str | None:
    """Return the meaning of the listed phrase that is nearly the same; None when none is.

    Never yes or no: those lists are not searched, and both sides must hold a negation, or neither.
    """
    text = " ".join(said.words)
    if len(said.words) < _MIN_WORDS or len(text) < _MIN_LETTERS:
        return None
    forms = vocabulary(language).forms
    match = process.extractOne(text, forms.keys(), scorer=fuzz.ratio, score_cutoff=_ALIKE)
    return forms[match[0]] if match else None
