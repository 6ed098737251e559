"""Finds the language of the greeting from the borrower's state, however the file spells it."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from rapidfuzz import fuzz, process

from services.dialog import data

STATE_FUZZY: Final = "STATE_FUZZY"
"""Read as the state that is spelled nearly like this."""
STATE_UNKNOWN: Final = "STATE_UNKNOWN"
"""No state is spelled like this: the default language greets."""
STATE_AMBIGUOUS: Final = "STATE_AMBIGUOUS"
"""Read by the letter of the standard, though some files mean another state by it ("CH")."""

_ALIKE: Final = 87.0
_AHEAD: Final = 10.0
_MIN_FUZZY_LETTERS: Final = 5
_AMBIGUOUS: Final = frozenset({"ch"})  # Chandigarh; written for Chhattisgarh too
_REFUSED: Final = frozenset({"ut"})  # once Uttarakhand, but people mean "union territory"


@dataclass(frozen=True, slots=True)
class Greeting:
    """The language in which to greet, and what was made of the state."""

    language: str
    fallback: str
    """Tried when speech in the first language fails, and offered to who does not react."""
    state: str | None = None
    """English name of the state; None when it is not known."""
    warning: str | None = None
    """One of this module's codes, for the report on the file; None when all is clear."""


def get_initial_language_from_state(state: str | None, *, overrides: bool = False) -> Greeting:
    """Return the greeting language for `state`: a name, an old name, a code, in Latin or in its own script.

    Args:
        state: as the file has it; empty or None means unknown.
        overrides: take the language that most people there speak where the standing table says Hindi.

    Source: the table of existing users (nine states have their own language, all others Hindi with English).
    """
    key = _key(state or "")
    entry = None if key in _REFUSED else _spellings().get(key) or _spellings().get(key.replace(" ", ""))
    if entry:
        return _greeting(entry, overrides, STATE_AMBIGUOUS if key in _AMBIGUOUS else None)
    entry = _nearly(key)
    if entry:
        return _greeting(entry, overrides, STATE_FUZZY)
    others = data.load("states")["others_default"]
    return Greeting(others["language"], others["fallback"], None, STATE_UNKNOWN)


def _greeting(entry: Mapping[str, Any], overrides: bool, warning: str | None) -> Greeting:
    chosen = entry["override"] if overrides and "override" in entry else entry["default"]
    return Greeting(chosen["language"], chosen["fallback"], entry["name"], warning)


def _nearly(key: str) -> Mapping[str, Any] | None:
    """Return the state that is spelled much like `key`, when no other state is nearly as near."""
    if len(key) < _MIN_FUZZY_LETTERS:
        return None
    spellings = [spelling for spelling in _spellings() if len(spelling) >= _MIN_FUZZY_LETTERS]
    matches = process.extract(key, spellings, scorer=fuzz.ratio, limit=None, score_cutoff=_ALIKE - _AHEAD)
    best: dict[str, float] = {}
    for spelling, score, _ in matches:  # best first
        best.setdefault(_spellings()[spelling]["name"], score)
    first, second = [*best.values(), 0.0, 0.0][:2]
    if first < _ALIKE or first - second < _AHEAD:
        return None
    name = next(iter(best))
    return next(entry for entry in _spellings().values() if entry["name"] == name)


def _key(text: str) -> str:
    text = unicodedata.normalize("NFC", unicodedata.normalize("NFKC", text).casefold()).replace("&", " and ")
    kept = "".join(letter if unicodedata.category(letter)[0] in "LMN" else " " for letter in text)
    return " ".join(kept.split())


@cache
def _spellings() -> dict[str, Mapping[str, Any]]:
    """Return every spelling, with and without its spaces."""
    table: dict[str, Mapping[str, Any]] = {}
    for entry in data.load("states")["states"]:
        codes = [entry["iso"], *entry["older_iso"]]
        vehicle = [
            word for word in str(entry["vehicle_code"]).replace("(", " ").replace(",", " ").split() if word.isupper()
        ]
        for spelling in (entry["name"], *entry["aliases"], *codes, *(code[3:] for code in codes), *vehicle):
            key = _key(spelling.rstrip(")"))
            for form in (key, key.replace(" ", "")):
                if form not in _REFUSED:
                    table.setdefault(form, entry)
    return table
